import { ApiError } from '@strowger/auth/api-error';
import { Account } from '@strowger/models/accounts/accounts.reader';
import { Tenant } from '@strowger/models/tenants/tenants.reader';

/** Whether an account can administer its tenant: not a blocked one, nor one that may only read. */
const administers = ({ kind, role, status, access }: Account): boolean => kind === 'user' && role === 'administrator' && status === 'active' && access === 'full';

/**
 * The tenant with its list of administrators as it is once the account stands so; undefined where the list stays.
 * @throws ApiError 409 - the last administrator would be gone
 */
export function withAdministrator(tenant: Tenant, account: Account): Tenant | undefined {
  const listed = tenant.administrators.includes(account.id);
  if (administers(account) === listed) return undefined;
  if (!listed) return { ...tenant, administrators: [...tenant.administrators, account.id] };
  const others = tenant.administrators.filter(id => id !== account.id);
  if (others.length === 0) throw new ApiError(409, 'invalid_request', 'this is the last administrator of the tenant: make another one first');
  return { ...tenant, administrators: others };
}
