import { AuditPostingsDocument, Place } from './audit-postings.schema';

/** Moments from and to which postings are looked for, both inclusive, in milliseconds since the epoch; infinite: from the beginning, to the end. */
export interface Span { readonly from: number; readonly to: number }

/** Keeps postings. Every read may take as long as it says, in milliseconds. */
export abstract class PostingStore {
  /**
   * Keeps them, each once however often it comes; resolves when all are durable.
   * @throws a database error - not all of them are known to be kept; keep them again
   */
  abstract put(documents: readonly AuditPostingsDocument[]): Promise<void>;

  /** At most `limit` of a tenant's place whose moments reach into the span, the one with the newest posting first, after the one with the id `after`. */
  abstract read(tenantId: string, place: Place, span: Span, limit: number, ms: number, after?: string): Promise<AuditPostingsDocument[]>;

  /** Removes those with these ids. */
  abstract remove(ids: readonly string[]): Promise<void>;

  /** As of which moment (milliseconds since the epoch; -Infinity: ever) all events have postings; undefined: they have none yet. */
  abstract begin(): Promise<number | undefined>;
}
