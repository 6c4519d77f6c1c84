import type { AccessTokenClaims, AccountFacts } from '@strowger/oauth-core/facts';
import { ApiError } from '@strowger/auth/api-error';

/** What of a tenant's PBX a caller reaches, whatever its scopes. A list that is absent means all. */
export interface Reach {
  readonly tenantId: string;
  readonly accountId: string;
  readonly username: string;
  /** The caller's own extension, or (of an API access) its owner's. */
  readonly own?: string;
  readonly extensions?: readonly string[];
  /** The only ones an API access may see, and whose calls (seed 003). */
  readonly switchboards?: readonly string[];
  /** Whether it may change what belongs to nobody. */
  readonly administrator: boolean;
}

/** What the reach is made of. `owner`: of an API access. */
export interface ReachOf {
  readonly claims: Pick<AccessTokenClaims, 'tenant_id' | 'sub' | 'role' | 'account_kind' | 'switchboards'>;
  readonly username: string;
  readonly account?: Pick<AccountFacts, 'extension_id'>;
  readonly owner?: Pick<AccountFacts, 'extension_id' | 'role'>;
}

/**
 * An administrator reaches the whole PBX, anybody else the own extension. An API access reaches what its owner does: with the impersonation flag it
 * acts with the owner's role, without it the rights leave it the call log and the switchboards, of as much of the PBX as is its owner's.
 */
export function reachOf({ claims, username, account, owner }: ReachOf): Reach {
  const { tenant_id, sub, role, account_kind, switchboards } = claims;
  const access = account_kind === 'api_access', own = access ? owner?.extension_id : account?.extension_id;
  const everything = role === 'administrator' || (access && owner?.role === 'administrator');
  return {
    tenantId: tenant_id, accountId: sub, username, administrator: role === 'administrator', ...(own !== undefined && { own }),
    ...(!everything && { extensions: own === undefined ? [] : [own] }), ...(switchboards && { switchboards }),
  };
}

/** Whether something of this extension is within reach. */
export const reaches = ({ extensions }: Reach, extension: string): boolean => extensions === undefined || extensions.includes(extension);

/** The extensions asked for, as far as they are within reach; absent: all. */
export function reachedExtensions({ extensions }: Reach, asked: string | undefined): readonly string[] | undefined {
  if (asked === undefined) return extensions;
  return extensions === undefined || extensions.includes(asked) ? [asked] : [];
}

/** @throws ApiError access_denied - the caller is no administrator */
export function assertAdministrator({ administrator }: Reach, what: string): void {
  if (!administrator) throw new ApiError(403, 'access_denied', `${what} is an administrator's`, { status: 'access_denied' });
}
