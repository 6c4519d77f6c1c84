import { createHash } from 'node:crypto';
import { AuditEventDocument } from '../audit-events/audit-events.schema';
import { AuditPostingsDocument, drawerOf, Place, postingsId, shelfOf } from './audit-postings.schema';
import { termsOf } from './audit-terms';
import { addPosting, encodePostings, Postings, readPostings } from './posting-list';
import { PostingStore } from './posting-store';

/** So many postings of a tenant at once go into their drawers at once: then each drawer gets some. */
const FILED_AT_ONCE = 16_384;
/** What lies in a tenant's tray is filed when there is about so much of it: queries read it whole. */
const POSTINGS_IN_TRAY = 32_768, DOCUMENTS_IN_TRAY = 512;
/** What has so many postings of a filing, and this share of its events, goes onto a shelf of its own. */
const FEWEST_ON_SHELF = 32, SHARE_ON_SHELF = 1 / 32;
/** How much is taken out of the tray at once. */
const TAKEN_AT_ONCE = 1024;
const FILING_MS = 4000;
const DIGEST_LETTERS = 16;

/** Postings of some events, by term, and how many they are. */
class Collected {
  readonly moments = new Map<number, number[]>();
  events = 0;
  size = 0;

  add(terms: Iterable<number>, moment: number): void { for (const term of terms) { addPosting(this.moments, term, moment); this.size++; } }
  addAll(term: number, moments: Float64Array): void { for (const moment of moments) this.add([term], moment); }
}
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
    const tenants = new Map<string, Collected>();
    for (const event of events) {
      const collected = tenants.get(event.tenant_id) ?? new Collected();
      tenants.set(event.tenant_id, collected);
      collected.add(termsOf(event), event.time.getTime());
      collected.events++;
    }
    await this.store.put([...tenants].flatMap(([tenantId, collected]) => {
      if (collected.size >= FILED_AT_ONCE) return filed(tenantId, collected.moments, collected.events);
      const tray = this.trays.get(tenantId) ?? { postings: 0, documents: 0, share: 0.5 + this.random() };
      this.trays.set(tenantId, tray);
      tray.postings += collected.size;
      tray.documents++;
      return [documentOf(tenantId, 'tray', collected.moments, collected.events)];
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
      const collected = new Collected();
      for (const { oldest, events, postings } of documents) {
        readPostings(postings, oldest.getTime(), 'all', (term, moments) => { collected.addAll(term, moments); });
        collected.events += events;
      }
      await this.store.put(filed(tenantId, collected.moments, collected.events));
      if (taken > 0) await this.store.remove(documents.map(({ _id }) => _id));      // only now: queries read the tray first
    }
  }
}

/** What a filing leaves: a document for each drawer, and one on its shelf for each term that many of the events have, so that drawers stay small and either is read with what it needs. */
export function filed(tenantId: string, moments: Postings, events: number): AuditPostingsDocument[] {
  const places = new Map<Place, Map<number, readonly number[]>>(), frequent = Math.max(FEWEST_ON_SHELF, events * SHARE_ON_SHELF);
  for (const [term, its] of moments) {
    const place = its.length < frequent ? drawerOf(term) : shelfOf(term), those = places.get(place) ?? new Map<number, readonly number[]>();
    places.set(place, those.set(term, its));
  }
  return [...places].map(([place, those]) => documentOf(tenantId, place, those, events));
}

/** Postings of `events` events as a document. */
export function documentOf(tenantId: string, place: Place, postings: Postings, events: number): AuditPostingsDocument {
  let oldest = Infinity, newest = -Infinity;
  for (const moments of postings.values()) for (const moment of moments) {
    if (moment < oldest) oldest = moment;
    if (moment > newest) newest = moment;
  }
  const bytes = encodePostings(postings, oldest);
  const digest = createHash('sha256').update(String(oldest)).update(bytes).digest('base64url').slice(0, DIGEST_LETTERS);
  return { _id: postingsId(tenantId, place, newest, digest), tenant_id: tenantId, oldest: new Date(oldest), events, postings: bytes };
}
