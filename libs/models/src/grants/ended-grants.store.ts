import { Database } from '../database';
import { GrantDocument, GRANTS } from './grants.schema';

/** Deletes grants that ended long ago. */
export class EndedGrantsStore {
  constructor(private readonly database: Database) {}

  /** Deletes at most `limit` grants whose end was before `before`, and says how many. Safe to run in several processes at once. */
  async delete(before: Date, limit: number): Promise<number> {
    const grants = this.database.collection<GrantDocument>(GRANTS), ended = { expires_at: { $lt: before } };
    const found = await grants.find(ended, { projection: { _id: 1 } }).limit(limit).toArray();
    if (found.length > 0) await grants.deleteMany({ _id: { $in: found.map(grant => grant._id) }, ...ended });
    return found.length;
  }
}
