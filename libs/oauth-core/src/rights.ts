import { AccessLevel, AccessTokenClaims, RightsVersions, Role } from './facts';
import { contains, covers } from './scope';

/** What a route or a GraphQL field needs. */
export interface Need {
  readonly scope: string;
  readonly write: boolean;
  /** The catalogue gives this write to level `call_api`; not read for `strowger` scopes. */
  readonly callApiWrite?: boolean;
  /** Of a REST request: its HTTP method. A read_only account's is GET or HEAD, whatever the scope says. Of GraphQL none, there `write` tells. */
  readonly method?: string;
  /** Any scope at or below `scope` will do: of a door that many scopes lead through, where what lies behind is judged on its own. */
  readonly below?: boolean;
}

/** A refusal in RFC 6750's words (`error`) and the PBX's (`status`); `scope` is the missing one; `description` is public ASCII. */
export interface Refusal {
  readonly allowed: false;
  readonly error: 'insufficient_scope' | 'access_denied';
  readonly status: 'access_denied' | 'user_access_type_deny' | 'app_access_type_deny';
  readonly scope?: string;
  readonly description: string;
}

const userReach = ['strowger:accounts', 'strowger:applications', 'strowger:tokens', 'strowger:scopes:read'];
/** Of the management APIs; a PBX's own are bounded by scope. Whose account or application it may be, the services check. */
const managementReach: Record<Role, readonly string[]> = {
  user: userReach,
  auditor: [...userReach, 'strowger:audit:read'],
  administrator: ['strowger'],
};
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);
/** What an API access without the impersonation flag reaches (seed 003). */
const apiAccessReach = ['rest:calllog', 'rest:switchboards'];
/** Revoking tokens only takes away, so every application may, and whoever acts for somebody else. */
const callApiManagementWrites = ['strowger:tokens:write'];

/** The level that a management scope `strowger:module:verb` needs, for its catalogue entry. */
export const managementAccessLevel = (scope: string): AccessLevel => (scope.split(':')[2] === 'read' || covers(callApiManagementWrites, scope) ? 'call_api' : 'all');

/**
 * Whether a token may do this: scope, and then the ceilings access level, role, read_only and account kind, of which
 * the first that says no is named (seeds 001, 003). The `role` of an API access that impersonates is its owner's.
 */
export function mayDo(claims: Pick<AccessTokenClaims, 'scope' | 'access_level' | 'role' | 'read_only' | 'account_kind' | 'impersonation' | 'act'>, need: Need): { readonly allowed: true } | Refusal {
  const granted = claims.scope.split(' ');
  if (!covers(granted, need.scope) && !(need.below === true && granted.some(scope => contains(need.scope, scope)))) {
    return { allowed: false, error: 'insufficient_scope', status: 'access_denied', scope: need.scope, description: `the token lacks the scope ${need.scope}` };
  }
  const management = need.scope === 'strowger' || need.scope.startsWith('strowger:');
  const callApi = !need.write || (management ? covers(callApiManagementWrites, need.scope) : need.callApiWrite === true);
  if (!callApi && claims.access_level !== 'all') {
    return denied('app_access_type_deny', 'the application has access level call_api, this needs level all, which an administrator can set');
  }
  if (management && !covers(managementReach[claims.role], need.scope)) {
    return denied('access_denied', `the role ${claims.role} does not reach ${need.scope}`);
  }
  if (claims.read_only && (need.write || (need.method !== undefined && !SAFE_METHODS.has(need.method)))) {
    return denied('user_access_type_deny', 'the account is read_only: GET, HEAD and GraphQL queries only');
  }
  // What was made with such a token (applications, API accesses) would outlive it.
  if (claims.act && management && need.write && !covers(callApiManagementWrites, need.scope)) {
    return denied('access_denied', 'a token that acts for somebody else changes nothing in the management APIs; it only reads, and revokes tokens');
  }
  if (claims.account_kind === 'api_access' && !claims.impersonation && !covers(apiAccessReach, need.scope) && !(need.below === true && apiAccessReach.some(scope => contains(need.scope, scope)))) {
    return denied('access_denied', `an API access without impersonation reaches ${apiAccessReach.join(' and ')} only`);
  }
  return { allowed: true };
}

/** Whether a token may see or control this switchboard: one of those chosen for its API access, or any where none were chosen (seed 003). */
export const reachesSwitchboard = ({ switchboards }: Pick<AccessTokenClaims, 'switchboards'>, id: string): boolean => switchboards === undefined || switchboards.includes(id);

const denied = (status: Refusal['status'], description: string): Refusal => ({ allowed: false, error: 'access_denied', status, description });

/**
 * Whether the versions a token carries still hold against the known ones. `older`: a right was lowered since, refuse.
 * `newer`: what is known is older than the token (or lacks a version it carries), read again and judge then. A known
 * version that the token does not carry is `older`: it vouches for nothing there. One older version outweighs any newer.
 */
export function rightsHold(carried: RightsVersions, known: RightsVersions): 'holds' | 'older' | 'newer' {
  const pairs: [number | undefined, number | undefined][] = [[carried.tenant, known.tenant], [carried.application, known.application], [carried.account, known.account], [carried.owner, known.owner]];
  pairs.push(...each(carried.actors, known.actors), ...each(carried.actor_owners, known.actor_owners));
  const order = pairs.map(([ours = -1, theirs = -1]) => ours - theirs);
  if (order.some(difference => difference < 0)) return 'older';
  return order.some(difference => difference > 0) ? 'newer' : 'holds';
}

const each = (ours: readonly number[] = [], theirs: readonly number[] = []): [number | undefined, number | undefined][] =>
  Array.from({ length: Math.max(ours.length, theirs.length) }, (_, index) => [ours[index], theirs[index]]);
