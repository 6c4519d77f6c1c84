import { AccessLevel, AccountFacts, AccountKind, ApplicationFacts, RightsVersions, Role, TenantFacts } from './facts';

/** Everything that a token's rights depend on, as it is known now. `owner`: of an API access, the account that made it. */
export interface Standing {
  readonly tenant: TenantFacts;
  readonly application: ApplicationFacts;
  readonly account: AccountFacts;
  readonly owner?: AccountFacts;
}

/** Whether application, account and (of an API access) its owner are active. */
export const isActive = ({ application, account, owner }: Standing): boolean =>
  application.status === 'active' && account.status === 'active' && (owner ?? account).status === 'active';

/** The versions a token is issued under (protocol: rights). */
export const rightsOf = ({ tenant, application, account, owner }: Standing): RightsVersions => ({
  tenant: tenant.rights_version, application: application.rights_version, account: account.rights_version, ...(owner && { owner: owner.rights_version }),
});

/** The versions a grant begins under; with an older one it is dead. */
export const signOutVersionsOf = ({ tenant, application, account, owner }: Standing): RightsVersions => ({
  tenant: tenant.sign_out_version, application: application.sign_out_version, account: account.sign_out_version, ...(owner && { owner: owner.sign_out_version }),
});

/** The ceilings that come as claims. */
export interface Ceilings {
  readonly account_kind: AccountKind;
  readonly role: Role;
  readonly access_level: AccessLevel;
  readonly read_only: boolean;
  readonly impersonation: boolean;
  readonly switchboards?: readonly string[];
}

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
