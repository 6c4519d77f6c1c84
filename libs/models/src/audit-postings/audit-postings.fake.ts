import { AuditPostingsDocument, endOfIds, firstId, newestOf, Place } from './audit-postings.schema';
import { PostingStore, Span } from './posting-store';

/** Postings in memory, of one process. */
export class InMemoryPostings extends PostingStore {
  readonly documents = new Map<string, AuditPostingsDocument>();
  beginsAt: number | undefined = -Infinity;

  override put(documents: readonly AuditPostingsDocument[]): Promise<void> {
    for (const document of documents) this.documents.set(document._id, document);
    return Promise.resolve();
  }

  override read(tenantId: string, place: Place, { from, to }: Span, limit: number, _ms: number, after?: string): Promise<AuditPostingsDocument[]> {
    const first = firstId(tenantId, place, from), end = after ?? endOfIds(tenantId, place);
    const found = [...this.documents.values()].filter(one => one._id >= first && one._id < end && newestOf(one) >= from && one.oldest.getTime() <= to);
    return Promise.resolve(found.sort((a, b) => a._id < b._id ? 1 : -1).slice(0, limit));
  }

  override remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.documents.delete(id);
    return Promise.resolve();
  }

  override begin(): Promise<number | undefined> { return Promise.resolve(this.beginsAt); }
}
