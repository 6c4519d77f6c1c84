import { ApiError } from '@strowger/auth/api-error';
import { Account, AccountsReader } from '@strowger/models/accounts/accounts.reader';
import { AccountsWriter, UsernameTaken } from '@strowger/models/accounts/accounts.writer';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Origin } from '../change-log';
import { isAdministrator } from '../applications/may-set';
import { newId } from '../new-id';
import { settleTenant } from '../tenant/tenant.events';
import { created } from './account.events';
import { NewAccountRequest } from './account.request';
import { AccountPasswords } from './account-passwords';
import { withAdministrator } from './administrators';

const MAX_API_ACCESSES = 100;

/** A new account; `password` is the generated one, shown this once. */
export interface Created { readonly account: Account; readonly password?: string }

/** Creates users (administrators may) and API accesses (users may, of their own). */
export class CreateAccount {
  constructor(private readonly reader: AccountsReader, private readonly writer: AccountsWriter, private readonly passwords: AccountPasswords) {}

  /**
   * @throws OAuthError access_denied - an administrator's to create or to set
   * @throws OAuthError invalid_request - the owner is none, or has 100 API accesses, or a bad password
   * @throws ApiError 409 - the username is taken
   */
  async run(wanted: NewAccountRequest, caller: AccessTokenClaims, origin: Origin): Promise<Created> {
    if (!isAdministrator(caller)) assertOwnApiAccess(wanted, caller);
    const owner = wanted.kind === 'api_access' ? await this.ownerOf(wanted, caller) : undefined;
    const { hash, shown } = await this.passwords.hash(wanted.password);
    const account = newAccount(wanted, { tenantId: caller.tenant_id, passwordHash: hash, ...(owner && { owner }) }, origin.time);
    try {
      await this.writer.create(account, before => {
        const tenant = withAdministrator(before, account);
        const settled = tenant && settleTenant(before, tenant, origin);
        return { events: [...created(account, origin), ...(settled?.events ?? [])], ...(settled && { tenant: settled.after }) };
      });
    } catch (cause) {
      if (cause instanceof UsernameTaken) throw new ApiError(409, 'invalid_request', `${wanted.kind === 'user' ? 'username' : 'email'}: taken, choose another`);
      throw cause;
    }
    return { account, ...(shown !== undefined && { password: shown }) };
  }

  private async ownerOf(wanted: NewAccountRequest, caller: AccessTokenClaims): Promise<Account> {
    const [owner] = await this.reader.byIds([wanted.owner ?? caller.sub]);
    if (!owner || owner.tenant_id !== caller.tenant_id || owner.kind !== 'user' || owner.status === 'deleted') {
      throw new OAuthError('invalid_request', 'owner: an API access belongs to a user of the tenant');
    }
    const { next } = await this.reader.page({ tenantId: owner.tenant_id, self: owner.id, limit: MAX_API_ACCESSES });
    if (next !== undefined) throw new OAuthError('invalid_request', `the owner has ${String(MAX_API_ACCESSES)} API accesses already`);
    return owner;
  }
}

/** An account that is not stored yet. An API access reaches no more switchboards than its owner, and all of those unless told otherwise. */
export function newAccount(
  { kind, username, email, role = 'user', access = 'full', impersonation = false, switchboards, extension_id }: Omit<NewAccountRequest, 'password' | 'owner'>,
  { tenantId, passwordHash, owner }: { tenantId: string; passwordHash: string; owner?: Account }, now: Date,
): Account {
  const reach = switchboards ?? owner?.switchboards;
  assertWithinOwner(reach, owner);
  return {
    id: newId(now), tenant_id: tenantId, kind, username, ...(email !== undefined && { email }), ...(owner && { owner: owner.id }),
    ...(extension_id !== undefined && { extension_id }), password_hash: passwordHash, role, access, impersonation, ...(reach && { switchboards: reach }),
    status: 'active', version: 1, rights_version: 1, sign_out_version: 1, created_at: now,
  };
}

/** @throws OAuthError access_denied - an API access cannot reach a switchboard that its owner cannot */
export function assertWithinOwner(switchboards: readonly string[] | undefined, owner: Account | undefined): void {
  if (!owner?.switchboards) return;
  const beyond = switchboards ? switchboards.find(one => !owner.switchboards?.includes(one)) : 'all';
  if (beyond !== undefined) throw new OAuthError('access_denied', `switchboards: the owner of this API access does not reach ${beyond}`);
}

function assertOwnApiAccess(wanted: NewAccountRequest, caller: AccessTokenClaims): void {
  const administrators = (what: string): OAuthError => new OAuthError('access_denied', `${what} an administrator`);
  if (wanted.kind !== 'api_access') throw administrators('users are created by');
  if (caller.account_kind !== 'user') throw new OAuthError('access_denied', 'an API access cannot create another one');
  if (wanted.owner !== undefined && wanted.owner !== caller.sub) throw administrators('owner is set by');
  if (wanted.impersonation === true) throw administrators('impersonation is set by');
  if (wanted.extension_id !== undefined) throw administrators('extension_id is set by');
  if (wanted.access !== undefined) throw administrators('access is set by');
}
