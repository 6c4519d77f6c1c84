import { Database } from '../database';
import { ACCESS_TOKENS, AccessTokenDocument } from './access-tokens.schema';

const LONGEST_QUERY_MS = 4000;

/** Where a list of an account's tokens stands: after the token with this end (seconds since the epoch) and id (16 bytes). */
export interface TokenPosition { readonly exp: number; readonly id: Buffer }

/** The same in a list over many accounts, in order of account, end and id. */
export interface TenantTokenPosition extends TokenPosition { readonly account: string }

/** Lists stored tokens that have not ended, account by account. */
export class LiveTokensReader {
  constructor(private readonly database: Database) {}

  /** An account's tokens that were not revoked and end after `now`: those that end last come first, then by id; at most `limit`, after the position. */
  async ofAccount(accountId: string, now: Date, limit: number, after?: TokenPosition): Promise<AccessTokenDocument[]> {
    return this.database.collection<AccessTokenDocument>(ACCESS_TOKENS).find({
      sub: accountId, revoked_at: { $exists: false }, exp: { $gt: Math.floor(now.getTime() / 1000), ...(after && { $lte: after.exp }) },
      ...(after && { $or: [{ exp: { $lt: after.exp } }, { exp: after.exp, _id: { $lt: after.id } }] }),
    }).sort({ exp: -1, _id: -1 }).limit(limit).maxTimeMS(LONGEST_QUERY_MS).toArray();
  }

  /**
   * Tokens of these accounts, all of one tenant, that were not revoked and end after `now`, in order of account, end and id; at most `limit`.
   * Those of the account `after` names begin after it; the accounts before that one are not to be among `accounts`.
   */
  async ofAccounts(accounts: readonly string[], now: Date, limit: number, after?: TenantTokenPosition): Promise<AccessTokenDocument[]> {
    const begun = after && accounts.includes(after.account) ? await this.rest(after, now, limit) : [];
    const others = accounts.filter(account => account !== after?.account);
    if (begun.length === limit || others.length === 0) return begun;
    const found = await this.tokens().find({ ...liveAfter(now), sub: { $in: others } }).sort({ sub: 1, exp: 1, _id: 1 }).limit(limit - begun.length).maxTimeMS(LONGEST_QUERY_MS).toArray();
    return [...begun, ...found];
  }

  private async rest({ account, exp, id }: TenantTokenPosition, now: Date, limit: number): Promise<AccessTokenDocument[]> {
    const from = Math.max(exp, seconds(now) + 1);
    return this.tokens().find({ ...liveAfter(now), sub: account, exp: { $gte: from }, $or: [{ exp: { $gt: exp } }, { exp, _id: { $gt: id } }] })
      .sort({ exp: 1, _id: 1 }).limit(limit).maxTimeMS(LONGEST_QUERY_MS).toArray();
  }

  private tokens() { return this.database.collection<AccessTokenDocument>(ACCESS_TOKENS); }
}

const seconds = (moment: Date): number => Math.floor(moment.getTime() / 1000);
const liveAfter = (now: Date) => ({ revoked_at: { $exists: false }, exp: { $gt: seconds(now) } });
