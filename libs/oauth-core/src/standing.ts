import { AccessTokenClaims, AccountFacts, ApplicationFacts, Ceilings, RightsVersions, TenantFacts } from './facts';

/** Who acts for somebody else: an API access, and the account that made it. */
export interface ActingAccount { readonly account: AccountFacts; readonly owner: AccountFacts }

/** Everything that a token's rights depend on, as it is known now. `owner`: of an API access, the account that made it; `actors`: outermost first. */
export interface Standing {
  readonly tenant: TenantFacts;
  readonly application: ApplicationFacts;
  readonly account: AccountFacts;
  readonly owner?: AccountFacts;
  readonly actors?: readonly ActingAccount[];
}

/** Whether application, account and (of an API access) its owner are active, and each actor may act for others. */
export const isActive = ({ application, account, owner, actors = [] }: Standing): boolean =>
  application.status === 'active' && account.status === 'active' && (owner ?? account).status === 'active' && actors.every(mayActForOthers);

/** Whether this is an API access with the impersonation flag (seed 003), and it and its owner are active. */
export const mayActForOthers = ({ account, owner }: Pick<Standing, 'account' | 'owner'>): boolean =>
  account.kind === 'api_access' && account.impersonation && account.status === 'active' && owner?.status === 'active';

/** The versions a token is issued under (protocol: rights). */
export const rightsOf = ({ tenant, application, account, owner, actors }: Standing): RightsVersions => ({
  tenant: tenant.rights_version, application: application.rights_version, account: account.rights_version, ...(owner && { owner: owner.rights_version }),
  ...(actors && { actors: actors.map(one => one.account.rights_version), actor_owners: actors.map(one => one.owner.rights_version) }),
});

/** The versions a grant begins under; with an older one it is dead. */
export const signOutVersionsOf = ({ tenant, application, account, owner }: Standing): RightsVersions => ({
  tenant: tenant.sign_out_version, application: application.sign_out_version, account: account.sign_out_version, ...(owner && { owner: owner.sign_out_version }),
});

/** An API access acts with its owner's role only with the impersonation flag (seed 003), and is never freer than its owner. */
export function ceilingsOf({ application, account, owner }: Standing): Ceilings {
  return {
    account_kind: account.kind,
    role: owner ? (account.impersonation ? owner.role : 'user') : account.role,
    access_level: application.access_level,
    read_only: account.access === 'read_only' || owner?.access === 'read_only',
    impersonation: account.impersonation,
    ...(account.switchboards && { switchboards: account.switchboards }),
  };
}

/** What bounds a token that an actor asks for: the ceilings of the token that it presented of itself. */
export type ActorCeilings = Pick<AccessTokenClaims, 'access_level' | 'read_only' | 'switchboards'>;

/** The ceilings of an account that somebody acts for: never freer than either of both. Nobody's role is taken on but a user's. */
export function ceilingsBoundBy(own: Ceilings, { access_level, read_only, switchboards }: ActorCeilings): Ceilings {
  const both = own.switchboards && switchboards ? own.switchboards.filter(one => switchboards.includes(one)) : own.switchboards ?? switchboards;
  return { ...own, access_level: access_level === 'all' ? own.access_level : access_level, read_only: own.read_only || read_only, ...(both && { switchboards: both }) };
}
