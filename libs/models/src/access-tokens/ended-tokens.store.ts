import { AccountDocument, ACCOUNTS } from '../accounts/accounts.schema';
import { Database } from '../database';
import { ACCESS_TOKENS, AccessTokenDocument } from './access-tokens.schema';

const ACCOUNTS_AT_ONCE = 200;

/** Finds and deletes access tokens that ended long ago, account by account: so one index serves this and the lists of live tokens. */
export class EndedTokensStore {
  constructor(private readonly database: Database) {}

  /** The next accounts of the deployment by id, deleted ones too; none: that was the last. */
  async accounts(after: string | undefined): Promise<readonly string[]> {
    const found = await this.database.collection<AccountDocument>(ACCOUNTS)
      .find({ ...(after !== undefined && { _id: { $gt: after } }) }, { projection: { _id: 1 } }).sort({ _id: 1 }).limit(ACCOUNTS_AT_ONCE).toArray();
    return found.map(account => account._id);
  }

  /** Deletes at most `limit` tokens of these accounts that ended before `before`, and says how many. Safe to run in several processes at once. */
  async delete(accounts: readonly string[], before: Date, limit: number): Promise<number> {
    const tokens = this.database.collection<AccessTokenDocument>(ACCESS_TOKENS), ended = { exp: { $lt: Math.floor(before.getTime() / 1000) } };
    const found = await tokens.find({ sub: { $in: [...accounts] }, ...ended }, { projection: { _id: 1 } }).limit(limit).toArray();
    if (found.length > 0) await tokens.deleteMany({ _id: { $in: found.map(token => token._id) }, ...ended });
    return found.length;
  }
}
