import type { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { mayDo, Need, Refusal } from '@strowger/oauth-core/rights';
import { PbxScope, pbxScopes } from '../scopes/pbx-scopes';

export type Rights = Pick<AccessTokenClaims, 'scope' | 'access_level' | 'role' | 'read_only' | 'account_kind' | 'impersonation' | 'act'>;
const needOf = ({ scope, access_level }: PbxScope): Need => ({ scope, write: scope.split(':')[2] === 'write', callApiWrite: access_level === 'call_api' });
const needs: ReadonlyMap<string, Need> = new Map(pbxScopes.filter(({ scope }) => scope.startsWith('gql:')).map(one => [one.scope, needOf(one)]));
const moduleOf = (scope: string): string => scope.split(':', 2).join(':');

/** What of the GraphQL API a token has, after every bound. */
export class EffectiveScopes {
  readonly scopes: ReadonlySet<string>;
  private readonly modules: ReadonlySet<string>;

  constructor(private readonly rights: Rights) {
    this.scopes = new Set([...needs].filter(([, need]) => mayDo(rights, need).allowed).map(([scope]) => scope));
    this.modules = new Set([...this.scopes].map(moduleOf));
  }

  /** Tokens with the same key see the same schema. */
  get key(): string { return [...this.scopes].join(' '); }
  readonly has = (scope: string): boolean => this.scopes.has(scope);

  /** What is said of a scope that is missing, to a token that may know of it: one that has another scope of its module. */
  refusal(scope: string): Refusal | undefined {
    const need = needs.get(scope), decision = need && this.modules.has(moduleOf(scope)) ? mayDo(this.rights, need) : undefined;
    return decision?.allowed === false ? decision : undefined;
  }
}
