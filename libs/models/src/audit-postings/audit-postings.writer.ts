import { createHash } from 'node:crypto';
import { AuditEventDocument } from '../audit-events/audit-events.schema';
import { AuditPostingsDocument, Place, postingsId } from './audit-postings.schema';
import { termsOf } from './audit-terms';
import { addPosting, encodePostings, readPostings } from './posting-list';
import { PostingStore } from './posting-store';
import { drawerOf } from './term-moments';

/** So many postings of a tenant at once go into their drawers at once: then each drawer gets some. */
const FILED_AT_ONCE = 16_384;
/** What lies in a tenant's tray is filed when there is about so much of it: queries read it whole. */
const POSTINGS_IN_TRAY = 32_768, DOCUMENTS_IN_TRAY = 512;
/** How much is taken out of the tray at once. */
const TAKEN_AT_ONCE = 1024;
const FILING_MS = 4000;
const DIGEST_LETTERS = 16;

type Collected = Map<number, number[]>;
interface Tray { postings: number; documents: number; readonly share: number }

/**
 * Writes postings; only audit-service does. Those of a few events lie together in their tenant's tray, one small document whatever their
 * terms; from time to time they are filed, so that a term is found without reading the others. Every step may be repeated, by several processes
 * at once, and left in the middle: postings that stand twice say the same.
 */
export class AuditPostingsWriter {
  /** What this process has put into trays since they were last filed. */
  private readonly trays = new Map<string, Tray>();

  /** `random`: in [0, 1); so that two processes that record alike do not file at the same moment. */
  constructor(private readonly store: PostingStore, private readonly random: () => number = Math.random) {}

  /**
   * Makes events findable that are about to be recorded.
   * @throws a database error - not all of them are; do not record them before all are
   */
  async add(events: readonly AuditEventDocument[]): Promise<void> {
    const tenants = new Map<string, Collected>(), sizes = new Map<string, number>();
    for (const event of events) {
      const postings = tenants.get(event.tenant_id) ?? new Map<number, number[]>(), terms = termsOf(event);
      tenants.set(event.tenant_id, postings);
      sizes.set(event.tenant_id, (sizes.get(event.tenant_id) ?? 0) + terms.length);
      for (const term of terms) addPosting(postings, term, event.time.getTime());
    }
    await this.store.put([...tenants].flatMap(([tenantId, postings]) => {
      const size = sizes.get(tenantId) ?? 0;
      if (size >= FILED_AT_ONCE) return inDrawers(tenantId, postings);
      const tray = this.trays.get(tenantId) ?? { postings: 0, documents: 0, share: 0.5 + this.random() };
      this.trays.set(tenantId, tray);
      tray.postings += size;
      tray.documents++;
      return [documentOf(tenantId, 'tray', postings)];
    }));
  }

  /**
   * Files what lies in the trays that this process has made full.
   * @throws a database error - some of it is not filed; a later call files it
   */
  async file(): Promise<void> {
    for (const [tenantId, { postings, documents, share }] of this.trays) {
      if (postings < POSTINGS_IN_TRAY * share && documents < DOCUMENTS_IN_TRAY * share) continue;
      this.trays.delete(tenantId);
      await this.empty(tenantId);
    }
  }

  /**
   * Files all that lies in a tenant's tray.
   * @throws a database error - as `file`
   */
  async empty(tenantId: string): Promise<void> {
    for (let taken = TAKEN_AT_ONCE; taken === TAKEN_AT_ONCE;) {
      const documents = await this.store.read(tenantId, 'tray', { from: -Infinity, to: Infinity }, TAKEN_AT_ONCE, FILING_MS);
      taken = documents.length;
      const postings: Collected = new Map();
      for (const { oldest, postings: bytes } of documents) readPostings(bytes, oldest.getTime(), 'all', (term, moment) => { addPosting(postings, term, moment); });
      if (postings.size > 0) await this.store.put(inDrawers(tenantId, postings));
      if (taken > 0) await this.store.remove(documents.map(({ _id }) => _id));      // only now: queries read the tray first
    }
  }
}

function inDrawers(tenantId: string, postings: Collected): AuditPostingsDocument[] {
  const drawers = new Map<number, Collected>();
  for (const [term, moments] of postings) {
    const drawer = drawers.get(drawerOf(term)) ?? new Map<number, number[]>();
    drawers.set(drawerOf(term), drawer.set(term, moments));
  }
  return [...drawers].map(([drawer, those]) => documentOf(tenantId, drawer, those));
}

function documentOf(tenantId: string, place: Place, collected: Collected): AuditPostingsDocument {
  let oldest = Infinity, newest = -Infinity;
  for (const moments of collected.values()) for (const moment of moments) {
    if (moment < oldest) oldest = moment;
    if (moment > newest) newest = moment;
  }
  const postings = encodePostings(collected, oldest);
  const digest = createHash('sha256').update(String(oldest)).update(postings).digest('base64url').slice(0, DIGEST_LETTERS);
  return { _id: postingsId(tenantId, place, newest, digest), tenant_id: tenantId, oldest: new Date(oldest), postings };
}
