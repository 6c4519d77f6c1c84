import { mongo } from 'mongoose';
import { Database } from '../database';
import { refusalsOf } from '../refusals';
import { AUDIT_POSTINGS, AuditPostingsDocument, endOfIds, firstId, Place, POSTINGS_BEGIN, PostingsBeginDocument } from './audit-postings.schema';
import { PostingStore, Span } from './posting-store';

const AT_ONCE = 500, DUPLICATE_KEY = 11000;

/** Postings in the database. */
export class AuditPostingsStore extends PostingStore {
  private known: number | undefined;

  constructor(private readonly database: Database) { super(); }

  override async put(documents: readonly AuditPostingsDocument[]): Promise<void> {
    for (let start = 0; start < documents.length; start += AT_ONCE) await this.insert(documents.slice(start, start + AT_ONCE));
  }

  override async read(tenantId: string, place: Place, { from, to }: Span, limit: number, ms: number, after?: string): Promise<AuditPostingsDocument[]> {
    return this.documents().find({ _id: { $gte: firstId(tenantId, place, from), $lt: after ?? endOfIds(tenantId, place) }, ...(to !== Infinity && { oldest: { $lte: new Date(to) } }) })
      .sort({ _id: -1 }).limit(limit).batchSize(limit).maxTimeMS(ms).toArray();
  }

  override async remove(ids: readonly string[]): Promise<void> { await this.documents().deleteMany({ _id: { $in: [...ids] } }); }

  override async begin(): Promise<number | undefined> {
    if (this.known === undefined) {
      const begin = await this.begins().findOne({ _id: POSTINGS_BEGIN });
      if (begin) this.known = begin.begin?.getTime() ?? -Infinity;
    }
    return this.known;
  }

  /** Says, once for ever, that every event of this moment or later has postings; without a moment, that every event has. */
  async beginAt(moment?: Date): Promise<void> {
    await this.begins().updateOne({ _id: POSTINGS_BEGIN }, { $setOnInsert: { ...(moment && { begin: moment }) } }, { upsert: true });
  }

  private async insert(documents: readonly AuditPostingsDocument[]): Promise<void> {
    try {
      await this.documents().insertMany([...documents], { ordered: false });
    } catch (error) {
      if (refusalsOf(error, documents.length)?.every(({ code }) => code === DUPLICATE_KEY) !== true) throw error;
    }
  }

  private documents(): mongo.Collection<AuditPostingsDocument> { return this.database.collection(AUDIT_POSTINGS); }
  private begins(): mongo.Collection<PostingsBeginDocument> { return this.database.collection(AUDIT_POSTINGS); }
}
