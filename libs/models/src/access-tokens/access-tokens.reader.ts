import { Database } from '../database';
import { TurnReads } from '../turns/turn-reads';
import { ACCESS_TOKENS, AccessTokenDocument } from './access-tokens.schema';

/** Tokens that are asked for again and again are parsed once. */
const REMEMBERED = 5000;

/**
 * Reads stored access tokens by `_id`; the reads of one event-loop turn are one query. A token's document says the same for as long as
 * its `version` does, so of one that was read before only that is asked, each time; the answer is then the very object of before.
 */
export class AccessTokensReader {
  private readonly reads: TurnReads<AccessTokenDocument>;
  private readonly known = new Map<string, AccessTokenDocument>();

  constructor(private readonly database: Database) { this.reads = new TurnReads(keys => this.load(keys)); }

  /** `id`: 16 bytes. */
  async byId(id: Buffer): Promise<AccessTokenDocument | undefined> { return this.reads.read(id.toString('base64url')); }

  private async load(keys: readonly string[]): Promise<ReadonlyMap<string, AccessTokenDocument>> {
    const before = new Map<string, AccessTokenDocument>(), others: string[] = [], found = new Map<string, AccessTokenDocument>();
    for (const key of keys) {
      const token = this.known.get(key);
      if (token) before.set(key, token); else others.push(key);
    }
    const [versions, tokens] = await Promise.all([this.versions([...before.keys()]), this.whole(others)]);
    const changed: string[] = [];
    for (const { _id, version } of versions) {
      const key = _id.toString('base64url'), token = before.get(key);
      if (token?.version === version) found.set(key, token); else changed.push(key);
    }
    for (const token of [...tokens, ...await this.whole(changed)]) {
      const key = token._id.toString('base64url');
      this.remember(key, token);
      found.set(key, token);
    }
    return found;
  }

  private remember(key: string, token: AccessTokenDocument): void {
    if (this.known.size >= REMEMBERED) for (const oldest of this.known.keys()) { this.known.delete(oldest); break; }
    this.known.set(key, token);
  }

  private async versions(keys: readonly string[]): Promise<readonly Pick<AccessTokenDocument, '_id' | 'version'>[]> {
    return keys.length === 0 ? [] : this.collection().find(idIn(keys), { projection: { version: 1 } }).toArray();
  }

  private async whole(keys: readonly string[]): Promise<readonly AccessTokenDocument[]> {
    return keys.length === 0 ? [] : this.collection().find(idIn(keys)).toArray();
  }

  private collection() { return this.database.collection<AccessTokenDocument>(ACCESS_TOKENS); }
}

const idIn = (keys: readonly string[]) => ({ _id: { $in: keys.map(key => Buffer.from(key, 'base64url')) } });
