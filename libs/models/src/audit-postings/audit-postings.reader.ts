import { Condition } from './audit-terms';
import { PostingStore, Span } from './posting-store';
import { TermMoments } from './term-moments';

/** More than ever lie in the tray: what is not filed is little, and read whole. */
const MOST_UNFILED = 20_000;

/** So many moments are judged by all conditions at once: a page seldom needs more. */
const JUDGED_AT_ONCE = 512;
/** A condition that holds for a larger share of the events is left to the filter as long as no more moments than this were found: reading its postings costs more. */
const FREQUENT = 1 / 8, LEFT_TO_FILTER = 256;

/** A condition, and moments at which an event fulfils it in a way that postings do not tell. */
export interface Wanted { readonly condition: Condition; readonly also: readonly number[] }

/** Moments, newest first; there is an event that fulfils all conditions in about `share` (0 to 1) of the events of their time. */
export interface Moments { readonly moments: readonly number[]; readonly share: number }

/** Finds by postings when the trail may have events that fulfil conditions. */
export class AuditPostingsReader {
  constructor(private readonly store: PostingStore) {}

  /** As of which moment (milliseconds since the epoch; -Infinity: ever) every event has postings; undefined: no event can be found by them yet. */
  async begin(): Promise<number | undefined> { return this.store.begin(); }

  /**
   * The moments within the span at which a tenant's trail has for each condition an event that fulfils it, newest first, in parts: every event
   * that fulfils all stands at one of them, but not each of them has such an event. `left`: for how long reads may take, in milliseconds.
   */
  async *moments(tenantId: string, wanted: readonly Wanted[], span: Span, left: () => number): AsyncGenerator<Moments, void> {
    // The tray before the drawers: what is being filed meanwhile is in one of them, or in both.
    const tray = await this.store.read(tenantId, 'tray', span, MOST_UNFILED, left());
    const all = wanted.map(({ condition, also }) => new TermMoments(this.store, tenantId, condition, span, tray, also, left));
    await Promise.all(all.map(one => one.advance()));
    // The rarest leads: the others are read only where it has something.
    const [rarest, ...others] = all.sort((a, b) => a.known - b.known);
    let found = 0;
    for await (const part of rarest?.newestFirst() ?? []) {
      for (let start = 0; start < part.length; start += JUDGED_AT_ONCE) {
        const some = part.slice(start, start + JUDGED_AT_ONCE);
        let moments: readonly number[] = some;
        for (const one of others) if (one.share < FREQUENT || found >= LEFT_TO_FILTER) moments = await one.among(moments);
        found += moments.length;
        if (moments.length > 0) yield { moments, share: (rarest?.share ?? 0) * moments.length / some.length };
      }
    }
  }
}
