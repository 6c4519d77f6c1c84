import type { Need } from '@strowger/oauth-core/rights';

/** What a scope alone does not say of a route. */
export interface NeedOptions {
  /** Without it, a scope whose verb is `write` is a write. False, said aloud: the route only reads, whatever its method, like a GraphQL query by POST. */
  readonly write?: boolean;
  /** Level `call_api` may do this write (seed 001). */
  readonly callApiWrite?: boolean;
  /** Any scope at or below this one will do, because what lies behind is judged on its own: GraphQL's one route with scope `gql`. */
  readonly below?: boolean;
}
/** A need of which the request's method is judged as well, unless `anyMethod`. */
export interface RouteNeed extends Need { readonly anyMethod: boolean }

/** What a route needs. */
export const needOf = (scope: string, { write, callApiWrite, below }: NeedOptions = {}): RouteNeed => ({
  scope, write: write ?? scope.split(':')[2] === 'write', anyMethod: write === false,
  ...(callApiWrite !== undefined && { callApiWrite }), ...(below !== undefined && { below }),
});

/** What one request to the route needs. */
export const needOfRequest = (need: RouteNeed, method: string | undefined): Need => (need.anyMethod || method === undefined ? need : { ...need, method });
