import { Database } from '../database';
import { ACCESS_TOKENS, AccessTokenDocument } from './access-tokens.schema';

const LONGEST_QUERY_MS = 4000;

/** Where a list of an account's tokens stands: after the token with this end (seconds since the epoch) and id (16 bytes). */
export interface TokenPosition { readonly exp: number; readonly id: Buffer }

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
}
