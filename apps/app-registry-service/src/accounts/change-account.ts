import { ApiError, notFound } from '@strowger/auth/api-error';
import { Account, AccountsReader } from '@strowger/models/accounts/accounts.reader';
import { AccountsWriter, DecidedAccount, FoundAccount } from '@strowger/models/accounts/accounts.writer';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { isAdministrator } from '../applications/may-set';
import { Origin } from '../change-log';
import { settleTenant } from '../tenant/tenant.events';
import { settleAccount } from './account.events';
import { AccountChange } from './account.request';
import { AccountPasswords, HashedPassword } from './account-passwords';
import { withAdministrator } from './administrators';
import { assertWithinOwner } from './create-account';

const noSuch = (): ApiError => notFound('account');
/** What a user may change of the own account, and of an API access of the own. */
const ofItself: ReadonlySet<string> = new Set(['password', 'currentPassword']);
const ofItsAccess: ReadonlySet<string> = new Set(['password', 'switchboards']);

/** Who wants to change which account, and from where. */
export interface AccountWish { readonly id: string; readonly caller: AccessTokenClaims; readonly origin: Origin }
/** An account after a change; `password` is a generated one, shown this once; `signedOut` where the change ended its tokens and sessions. */
export interface ChangedAccount { readonly account: Account; readonly password?: string; readonly signedOut: boolean }

/**
 * Everything that changes an account: administrators of its tenant may, a user the own and its API accesses in part; to
 * others it is not there.
 * @throws ApiError 404 - in every method; 409 - the last administrator of the tenant would be gone
 */
export class ChangeAccount {
  constructor(private readonly reader: AccountsReader, private readonly writer: AccountsWriter, private readonly passwords: AccountPasswords) {}

  /** The account, if the caller may see it. */
  async find(id: string, caller: AccessTokenClaims): Promise<Account> {
    const [found] = /^[A-Za-z0-9_-]{1,64}$/.test(id) ? await this.reader.byIds([id]) : [];
    if (!found || found.tenant_id !== caller.tenant_id || found.status === 'deleted') throw noSuch();
    if (found.id !== caller.sub && found.owner !== caller.sub && !isAdministrator(caller)) throw noSuch();
    return found;
  }

  /** @throws OAuthError access_denied - an administrator's to set, or the current password is wrong; invalid_request - what the account cannot have */
  async change(wish: AccountWish, change: AccountChange): Promise<ChangedAccount> {
    const found = await this.find(wish.id, wish.caller);
    assertMayChange(found, change, wish.caller);
    assertFits(found, change);
    const [owner] = found.owner !== undefined && change.switchboards !== undefined ? await this.reader.byIds([found.owner]) : [];
    if (change.switchboards !== undefined) assertWithinOwner(change.switchboards ?? undefined, owner);
    const password = await this.newPassword(found, change, wish.caller);
    const changed = await this.settle(wish, before => {
      if (password && before.password_hash !== found.password_hash) throw new OAuthError('temporarily_unavailable', 'the password was changed meanwhile; try again', { retryAfterSeconds: 1 });
      return changedAccount(before, change, password);
    });
    return { ...changed, ...(password?.shown !== undefined && { password: password.shown }) };
  }

  /** Ends every token, grant and session of the account. */
  async signOut(wish: AccountWish): Promise<ChangedAccount> {
    await this.find(wish.id, wish.caller);
    return this.settle(wish, before => before, 'sign_out');
  }

  /**
   * Deletes an account and the API accesses it owns: they act for it, and cannot outlive it. Its applications stay, and
   * get no token any more.
   * @throws OAuthError access_denied - administrators delete accounts, users only the API accesses they own
   */
  async delete(wish: AccountWish): Promise<void> {
    const { id, kind } = await this.find(wish.id, wish.caller);
    if (!isAdministrator(wish.caller) && (kind !== 'api_access' || id === wish.caller.sub)) throw new OAuthError('access_denied', 'this account is deleted by an administrator');
    await this.settle(wish, before => ({ ...before, status: 'deleted' as const }));
  }

  private async newPassword(account: Account, { password, currentPassword }: AccountChange, caller: AccessTokenClaims): Promise<HashedPassword | undefined> {
    if (!password) return undefined;
    if (account.id === caller.sub) {
      if (currentPassword === undefined) throw new OAuthError('invalid_request', 'current_password: needed to change the own password');
      await this.passwords.assertCurrent(account, currentPassword);
    } else if (currentPassword !== undefined) throw new OAuthError('invalid_request', 'current_password: only for the own account');
    return this.passwords.hash(password);
  }

  private async settle(wish: AccountWish, decide: (before: Account) => Account, act?: 'sign_out'): Promise<ChangedAccount> {
    return this.writer.change(wish.id, found => {
      if (found.account.status === 'deleted') throw noSuch();
      return settleAll(found, decide(found.account), wish.origin, act);
    });
  }
}

/** What a change of an account comes to, for itself, the API accesses it owns, and its tenant's list of administrators. */
export function settleAll({ account, tenant, accesses }: FoundAccount, wanted: Account, origin: Origin, act?: 'sign_out'): DecidedAccount<ChangedAccount> {
  const own = settleAccount(account, wanted, origin, act);
  const follow = accesses.map(access => settleAccount(access, following(access, own.after), origin)).filter(one => one.events.length > 0);
  const wantedTenant = withAdministrator(tenant, own.after);
  const settledTenant = wantedTenant && settleTenant(tenant, wantedTenant, origin);
  return {
    account: own.after, accesses: follow.map(one => one.after), ...(settledTenant && { tenant: settledTenant.after }),
    events: [own, ...follow, ...(settledTenant ? [settledTenant] : [])].flatMap(settled => settled.events),
    result: { account: own.after, signedOut: own.after.sign_out_version > account.sign_out_version },
  };
}

/** An API access as its owner leaves it: deleted with it, and at no switchboard that the owner does not reach. */
function following(access: Account, { status, switchboards: reach }: Account): Account {
  if (status === 'deleted') return { ...access, status };
  if (!reach || access.switchboards?.every(one => reach.includes(one))) return access;
  return { ...access, switchboards: access.switchboards?.filter(one => reach.includes(one)) ?? reach };
}

function changedAccount(before: Account, { status, role, access, impersonation, switchboards, extension_id }: AccountChange, password: HashedPassword | undefined): Account {
  const { switchboards: reached, extension_id: extension, ...rest } = before;
  const reach = switchboards === undefined ? reached : switchboards ?? undefined;
  const phone = extension_id === undefined ? extension : extension_id ?? undefined;
  return {
    ...rest, ...(status && { status }), ...(role && { role }), ...(access && { access }), ...(impersonation !== undefined && { impersonation }),
    ...(reach && { switchboards: reach }), ...(phone !== undefined && { extension_id: phone }), ...(password && { password_hash: password.hash }),
  };
}

function assertMayChange(account: Account, change: AccountChange, caller: AccessTokenClaims): void {
  if (isAdministrator(caller)) return;
  const mine = account.id === caller.sub ? ofItself : ofItsAccess;
  const beyond = Object.keys(change).find(field => !mine.has(field) && field !== 'currentPassword');
  if (beyond !== undefined) throw new OAuthError('access_denied', `${beyond} is set by an administrator`);
}

function assertFits({ kind }: Account, { role, impersonation }: AccountChange): void {
  if (kind === 'api_access' && role !== undefined) throw new OAuthError('invalid_request', 'role: an API access has none of its own; with impersonation it acts with its owner\'s');
  if (kind === 'user' && impersonation === true) throw new OAuthError('invalid_request', 'impersonation: only an API access has it');
}
