import type { AnnouncedScope } from '@strowger/contracts/scope-announcement';
import { DescribedRoute } from '../rest/described-routes';
import { pbxScopes } from './pbx-scopes';

/** A field of the GraphQL API and the scope it needs, as `Query.calls`. */
export interface ScopedField { readonly field: string; readonly scope: string }

/** All scopes of the PBX's APIs with the routes and fields that each opens. */
export const announcedScopes = (routes: readonly DescribedRoute[], fields: readonly ScopedField[]): AnnouncedScope[] => pbxScopes.map(({ scope, description, access_level }) => ({
  scope, description, access_level,
  opens: [
    ...routes.filter(({ operation }) => operation.scope === scope).map(({ method, path }) => ({ method, path })),
    ...fields.filter(one => one.scope === scope).map(({ field }) => ({ field })),
  ],
}));
