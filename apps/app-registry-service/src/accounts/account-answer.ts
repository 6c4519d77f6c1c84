import { Account } from '@strowger/models/accounts/accounts.reader';

/** An account as people see it: nothing of its password. */
export function accountAnswer({ id, kind, username, email, owner, role, access, impersonation, switchboards, extension_id, status, created_at }: Account) {
  return {
    id, kind, username, ...(email !== undefined && { email }), ...(owner !== undefined && { owner }), role, access, impersonation,
    ...(switchboards && { switchboards }), ...(extension_id !== undefined && { extension_id }), status, created_at,
  };
}
