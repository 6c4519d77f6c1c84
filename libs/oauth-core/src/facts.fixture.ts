import { AccountFacts, ApplicationFacts, TenantFacts } from './facts';

/** Tests only: a tenant where everything is on. */
export const tenant = (fields: Partial<TenantFacts> = {}): TenantFacts => ({
  id: 'tenant', name: 'Tenant', password_grant: true, implicit_grant: false, api_application: true, access_token_ttl_seconds: 3600, refresh_token_ttl_seconds: 30 * 24 * 3600, rights_version: 1, sign_out_version: 1, ...fields,
});
/** Tests only: a person's account. */
export const account = (fields: Partial<AccountFacts> = {}): AccountFacts => ({
  id: 'alice', tenant_id: 'tenant', kind: 'user', username: 'alice', password_hash: '', role: 'user', access: 'full', impersonation: false, status: 'active', rights_version: 1, sign_out_version: 1, ...fields,
});
/** Tests only: a machine-to-machine application of alice's. */
export const application = (fields: Partial<ApplicationFacts> = {}): ApplicationFacts => ({
  id: 'application', tenant_id: 'tenant', client_id: 'client', name: 'an application', type: 'machine_to_machine', access_level: 'call_api', scope: 'gql rest', redirect_uris: [], owner: 'alice', password_grant: false,
  token_format: 'jwt', secrets: [], status: 'active', rights_version: 1, sign_out_version: 1, ...fields,
});
/** Tests only: a native application that may use the password grant. */
export const native = (fields: Partial<ApplicationFacts> = {}): ApplicationFacts => application({ id: 'native', client_id: 'native', type: 'native', password_grant: true, ...fields });
