import { Condition } from './audit-terms';
import { PostingStore, Span } from './posting-store';
import { TermMoments } from './term-moments';

/** More than ever lie in the tray: what is not filed is little, and read whole. */
const MOST_UNFILED = 20_000;

/** So many moments are judged by all conditions at once: a page seldom needs more. Then more and more, where few of them fulfil all. */
const JUDGED_AT_ONCE = 512, GROWTH = 4;
/** Conditions that this share of the moments fulfils, all together, are left to the filter, as long as no more moments than this were found: reading their postings costs more. */
const FREQUENT = 1 / 4, LEFT_TO_FILTER = 256;
/** What a condition's share of all events says of the moments of the leading one weighs as much as so many judged moments. */
const PRIOR = 8;
const MOST_GUESSES = 10_000;

/** A condition, and moments at which an event fulfils it in a way that postings do not tell. */
export interface Wanted { readonly condition: Condition; readonly also: Promise<readonly number[]> }

/** Moments, newest first; about `share` (0 to 1) of the events of their time fulfil all conditions, and at about `hits` (0 to 1) of the moments there is such an event. */
export interface Moments { readonly moments: readonly number[]; readonly share: number; readonly hits: number }

/** A condition beside the one that leads: what it says of the moments it was asked for. */
class Other {
  private asked = 0;
  private held = 0;
  private readonly share: number;

  constructor(readonly moments: TermMoments) { this.share = moments.share; }

  /** What share of the moments fulfils it, about. */
  get rate(): number { return (this.held + this.share * PRIOR) / (this.asked + PRIOR); }
  knows(oldest: number): boolean { return this.moments.reached < oldest; }

  judge(moments: readonly number[]): readonly number[] {
    const among = this.moments.knownAmong(moments);
    this.asked += moments.length;
    this.held += among.length;
    return among;
  }
}

/** Finds by postings when the trail may have events that fulfil conditions. */
export class AuditPostingsReader {
  /** What share of the events each condition had when it was last asked for: only a guess, by which the first reads are as long as need be. */
  private readonly shares = new Map<string, number>();

  constructor(private readonly store: PostingStore) {}

  /** As of which moment (milliseconds since the epoch; -Infinity: ever) every event has postings; undefined: no event can be found by them yet. */
  async begin(): Promise<number | undefined> { return this.store.begin(); }

  /**
   * The moments within the span at which a tenant's trail has for each condition an event that fulfils it, newest first, in parts of about `enough`: every event
   * that fulfils all stands at one of them, but not each of them has such an event. `left`: for how long reads may take, in milliseconds.
   */
  async *moments(tenantId: string, wanted: readonly Wanted[], span: Span, enough: number, left: () => number): AsyncGenerator<Moments, void> {
    // The tray before the drawers: what is being filed meanwhile is in one of them, or in both.
    const [tray, ...also] = await Promise.all([this.store.read(tenantId, 'tray', span, MOST_UNFILED, left()), ...wanted.map(one => one.also)]);
    const all = wanted.map(({ condition }, n) => {
      const name = `${tenantId}/${[...condition].join()}`;
      return { name, one: new TermMoments(this.store, tenantId, condition, span, tray, also[n] ?? [], left, this.shares.get(name)) };
    });
    const together = all.reduce((share, { one }) => share * (one.guess ?? 1), 1);
    await Promise.all(all.map(async ({ name, one }) => {
      one.expect(enough * (one.guess ?? 1) / together);
      await one.advance();
      if (this.shares.size >= MOST_GUESSES) this.shares.clear();
      this.shares.set(name, one.share);
    }));
    // The rarest leads: the others are read only where it has something.
    const [lead, ...rest] = all.map(({ one }) => one).sort((a, b) => a.share - b.share);
    if (!lead) return;
    const others = rest.map(one => new Other(one));
    let gathered: number[] = [], found = 0, seen = 0, atOnce = JUDGED_AT_ONCE, hits = 1;
    const part = (): Moments => ({ moments: gathered, hits, share: Math.min(1, gathered.length * hits / Math.max(1, lead.eventsWithin({ from: gathered.at(-1) ?? 0, to: gathered[0] ?? 0 }))) });
    // What will be asked again is read beside it, unless the lead is so rare that its events are looked at in the end.
    const beside = () => Promise.all(seen > 2 * enough ? others.filter(one => one.rate < FREQUENT).map(one => one.moments.advance()) : []);
    for await (const some of lead.newestFirst(beside)) {
      for (let start = 0, end = 0; start < some.length; start = end) {
        end = Math.min(start + atOnce, some.length);
        // First as far as all of them are known: that costs nothing, and tells what to do with the others.
        const known = seen > 0 ? 0 : some.findLastIndex(moment => others.every(one => one.knows(moment))) + 1, last = lead.reached === -Infinity && some.length - start <= 2 * enough;
        if (last) end = some.length;
        else if (known > 0) end = Math.min(end, known);
        const judged = await this.judged(some.slice(start, end), others, last ? 'all' : found < LEFT_TO_FILTER ? 'frequent' : 'none');
        ({ hits } = judged);
        gathered.push(...judged.moments);
        found += judged.moments.length;
        seen += end - start;
        if (judged.moments.length * hits < enough && end - start === atOnce) atOnce *= GROWTH;
        if (gathered.length * hits >= enough) { yield part(); gathered = []; }
      }
    }
    if (gathered.length > 0) yield part();
  }

  /** Those of some moments that fulfil the others, as far as these are not left to the filter; about the share `hits` of them fulfils these, too. */
  private async judged(some: readonly number[], others: readonly Other[], leave: 'all' | 'frequent' | 'none'): Promise<{ readonly moments: readonly number[]; readonly hits: number }> {
    const oldest = some.at(-1) ?? Infinity, toRead: Other[] = [];
    let moments = some, hits = 1;
    for (const one of others) if (one.knows(oldest)) moments = one.judge(moments);
    for (const one of others.filter(other => !other.knows(oldest)).sort((a, b) => b.rate - a.rate)) {
      if (leave === 'all' || (leave === 'frequent' && hits * one.rate >= FREQUENT)) hits *= one.rate;
      else toRead.push(one);
    }
    await Promise.all(toRead.map(one => one.moments.reach(moments)));
    return { moments: toRead.reduce((these, one) => one.judge(these), moments), hits };
  }
}
