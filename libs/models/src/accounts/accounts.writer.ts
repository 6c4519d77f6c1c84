import { mongo } from 'mongoose';
import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Database } from '../database';
import { ChangeRecorder } from '../outbox/change-recorder';
import { outrun, recordAttempt } from '../outbox/record-attempt';
import { Tenant } from '../tenants/tenants.reader';
import { replaceTenant, tenantInSession } from '../tenants/tenants.writer';
import { Account, accountOf } from './accounts.reader';
import { AccountDocument, ACCOUNTS, accountSchema } from './accounts.schema';

const DUPLICATE_KEY = 11000;

/** Another account of the deployment has the username, and is not deleted. */
export class UsernameTaken extends Error {
  override readonly name = 'UsernameTaken';
}

/** `live_username` holds the name for as long as the account is not deleted, and only so long. */
function documentOf({ id, switchboards, ...rest }: Account, attempt: string): AccountDocument {
  const document: AccountDocument = { ...rest, _id: id, attempt, ...(switchboards && { switchboards: [...switchboards] }) };
  if (document.status === 'deleted') delete document.live_username;
  else document.live_username = document.username;
  return document;
}

/** Inserts one as part of a transaction. @throws UsernameTaken */
export async function insertAccount(database: Database, account: Account, attempt: string, session: mongo.ClientSession): Promise<void> {
  try {
    await database.model(ACCOUNTS, accountSchema).create([documentOf(account, attempt)], { session });
  } catch (error) {
    if (error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY) throw new UsernameTaken('the username is taken', { cause: error });
    throw error;
  }
}

/** An account with what a change of it may touch: its tenant, and of a user the API accesses it owns that are not deleted. */
export interface FoundAccount { readonly account: Account; readonly tenant: Tenant; readonly accesses: readonly Account[] }
/** How they are to stand; what is not changed is left out. No events: nothing is written. */
export interface DecidedAccount<R> {
  readonly account: Account;
  readonly accesses?: readonly Account[];
  readonly tenant?: Tenant;
  readonly events: readonly StrowgerEvent[];
  readonly result: R;
}

/** Writes accounts, and with them their tenant's list of administrators; only app-registry-service does. */
export class AccountsWriter {
  constructor(private readonly database: Database, private readonly recorder: ChangeRecorder) {}

  /**
   * Creates one; `decide` sees the tenant as it stands and may change it with it.
   * @throws UsernameTaken
   * @throws OAuthError temporarily_unavailable - see `recordAttempt`
   */
  async create(account: Account, decide: (tenant: Tenant) => { readonly tenant?: Tenant; readonly events: readonly StrowgerEvent[] }): Promise<void> {
    await recordAttempt(this.database, this.recorder, ACCOUNTS, account.id, async (session, mark) => {
      const before = await tenantInSession(this.database, account.tenant_id, session);
      const { tenant, events } = decide(before);
      await insertAccount(this.database, account, mark, session);
      if (tenant) await replaceTenant(this.database, before, tenant, mark, session);
      return { result: undefined, events };
    });
  }

  /**
   * Changes one by compare-and-set on `version`. `decide` sees it as it stands, may run more than once, and must have no other effect.
   * @throws whatever `decide` throws, with nothing changed
   * @throws OAuthError not_found; temporarily_unavailable - see `recordAttempt`
   */
  async change<R>(id: string, decide: (found: FoundAccount) => DecidedAccount<R>): Promise<R> {
    return recordAttempt(this.database, this.recorder, ACCOUNTS, id, async (session, mark) => {
      const document = await this.collection().findOne({ _id: id }, { session });
      if (!document) throw new OAuthError('not_found', 'there is no such account');
      const account = accountOf(document);
      const tenant = await tenantInSession(this.database, account.tenant_id, session);
      const owned = account.kind === 'user' ? await this.collection().find({ owner: id, status: { $ne: 'deleted' } }, { session }).toArray() : [];
      const accesses = owned.map(accountOf);
      const decided = decide({ account, tenant, accesses });
      if (decided.events.length > 0) {
        await this.replace(account, decided.account, mark, session);
        for (const after of decided.accesses ?? []) {
          const before = accesses.find(one => one.id === after.id);
          if (before) await this.replace(before, after, mark, session);
        }
        if (decided.tenant) await replaceTenant(this.database, tenant, decided.tenant, mark, session);
      }
      return { result: decided.result, events: decided.events };
    });
  }

  private async replace(before: Account, after: Account, attempt: string, session: mongo.ClientSession): Promise<void> {
    const { matchedCount } = await this.database.model(ACCOUNTS, accountSchema)
      .replaceOne({ _id: before.id, version: before.version }, documentOf(after, attempt), { session, runValidators: true });
    if (matchedCount !== 1) throw outrun();
  }

  private collection() { return this.database.collection<AccountDocument>(ACCOUNTS); }
}
