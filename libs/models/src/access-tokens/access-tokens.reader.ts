import { Database } from '../database';
import { TurnReads } from '../turns/turn-reads';
import { ACCESS_TOKENS, AccessTokenDocument } from './access-tokens.schema';

/** Reads stored access tokens by `_id`; the reads of one event-loop turn are one query. */
export class AccessTokensReader {
  private readonly reads: TurnReads<AccessTokenDocument>;

  constructor(database: Database) {
    this.reads = new TurnReads(async keys => {
      const found = await database.collection<AccessTokenDocument>(ACCESS_TOKENS).find({ _id: { $in: keys.map(key => Buffer.from(key, 'base64url')) } }).toArray();
      return new Map(found.map(token => [token._id.toString('base64url'), token]));
    });
  }

  /** `id`: 16 bytes. */
  async byId(id: Buffer): Promise<AccessTokenDocument | undefined> { return this.reads.read(id.toString('base64url')); }
}
