import { AuditPostingsDocument, drawerOf, newestOf, Place, shelfOf } from './audit-postings.schema';
import { readPostings } from './posting-list';
import { PostingStore, Span } from './posting-store';

/** Documents that are read at once at first, where nothing tells how many are needed: what a page of a rare term needs of its drawer, of a frequent one of its shelf. A read costs as much as 50 of a drawer. */
const FIRST_OF_DRAWER = 128, FIRST_OF_SHELF = 4, MOST_AT_FIRST = 256;
/** So many documents of a term that every event has are some 64 KiB: more are not read at first. */
const FULL_AT_FIRST = 8;
/** Events of a filing, about: rather less, so that rather too many documents are read than too few. */
const FILED_EVENTS = 2000;
/** Then as many as make so many bytes of postings, more and more, unless so many moments are in them. */
const FIRST_BYTES = 65_536, GROWTH = 4, LONGEST_READ = 512, SHORTEST_READ = 4, MANY_MOMENTS = 20_000;
/** Of these events at least it can be told how frequent a term is. */
const TELLING = 256, FREQUENT = 1 / 24;
/** How many more documents are read than a goal seems to need. */
const SPARE = 1.25;

/** How far a place was read: all of its postings that are newer than `reached` are known. `newest`: of all that was read. */
interface Progress { readonly place: Place; reached: number; after?: string; atOnce: number; read: number; newest: number }
/** Some events of the trail, whatever their terms: how many, and their time. */
interface Stretch { readonly from: number; readonly to: number; readonly events: number }

/** The moments within a span at which the trail has an event with one of some terms, read newest first and only as far as is asked for. */
export class TermMoments {
  private readonly places: readonly Progress[];
  /** What was read, each list in ascending order. */
  private lists: Float64Array[] = [];
  private bytes = FIRST_BYTES;
  /** What share of the events has one of the terms, going by those in the tray or by what was given; undefined where neither tells. */
  readonly guess: number | undefined;
  private readonly filings: { readonly drawer: Stretch[]; readonly shelf: Stretch[] } = { drawer: [], shelf: [] };

  /** `tray`: what is not in the drawers yet, `also`: moments beside all of these. `left`: for how long reads may take, in milliseconds. `guess`: what `share` may be, where the tray has too little to tell. */
  constructor(
    private readonly store: PostingStore, private readonly tenantId: string, private readonly terms: ReadonlySet<number>, private readonly span: Span, tray: readonly AuditPostingsDocument[], also: readonly number[],
    private readonly left: () => number, guess?: number,
  ) {
    this.lists.push(...also.map(moment => Float64Array.of(moment)));
    const events = this.take(tray, this.filings.drawer);
    this.guess = events >= TELLING && (this.known > 0 || guess === undefined) ? Math.min(1, this.known / events) : guess;
    const place = (one: Place, atOnce: number): Progress => ({ place: one, reached: Infinity, atOnce, read: 0, newest: -Infinity });
    this.places = [...[...new Set([...terms].map(drawerOf))].map(drawer => place(drawer, FIRST_OF_DRAWER)), ...[...terms].map(term => place(shelfOf(term), FIRST_OF_SHELF))];
  }

  /** Lets the first reads be as long as so many moments need, where there is a guess how frequent they are. */
  expect(enough: number): void {
    const share = this.guess;
    if (share === undefined) return;
    const needed = share === 0 ? MOST_AT_FIRST : Math.max(SHORTEST_READ, Math.min(Math.ceil(enough / share / FILED_EVENTS * SPARE), MOST_AT_FIRST, Math.ceil(FULL_AT_FIRST / share)));
    for (const place of this.places) place.atOnce = typeof place.place === 'number' || share >= FREQUENT ? needed : FIRST_OF_SHELF;
  }

  /** All moments that are newer than this are known. */
  get reached(): number { return this.places.reduce((newest, { reached }) => Math.max(newest, reached), -Infinity); }
  /** How many moments are known so far, about. */
  get known(): number { return this.lists.reduce((sum, list) => sum + list.length, 0); }
  /** What share of the events that were looked at has one of the terms, about: 0 to 1. */
  get share(): number {
    const { reached } = this, from = Math.max(reached, this.span.from), events = this.eventsWithin({ from, to: this.span.to });
    let known = 0;
    for (const list of this.lists) known += list.length - firstAbove(list, from);
    return known === 0 ? 0 : Math.min(1, known / Math.max(events, 1));
  }

  /** How many events, whatever their terms, the trail has in a time that was looked at, about. */
  eventsWithin({ from, to }: Span): number {
    const within = (stretches: readonly Stretch[]) => stretches.reduce((sum, one) => sum + one.events * Math.max(0, Math.min(to, one.to) - Math.max(from, one.from) + 1) / (one.to - one.from + 1), 0);
    return Math.max(within(this.filings.drawer), within(this.filings.shelf));
  }

  /** Reads further. With a goal, down to `oldest` if that is not too much at once; nobody will ask for moments that are newer than `newest` and not known yet. */
  async advance(goal?: { readonly newest: number; readonly oldest: number }): Promise<void> {
    const { reached } = this, to = Math.min(this.span.to, goal?.newest ?? Infinity);
    if (reached === -Infinity) return;
    const due = this.places.filter(place => goal ? place.reached >= goal.oldest : place.reached === reached);
    const read = await Promise.all(due.map(async place => {
      const limit = goal && place.read > 0 ? neededOf(place, Math.min(to, place.reached) - goal.oldest) : place.atOnce;
      const found = await this.store.read(this.tenantId, place.place, { from: this.span.from, to }, limit, this.left(), place.after), [first] = found, last = found.at(-1);
      place.reached = last && found.length === limit ? newestOf(last) : -Infinity;
      if (last) place.after = last._id;
      place.read += found.length;
      if (first) place.newest = Math.max(place.newest, newestOf(first));
      return { place, found, size: found.reduce((sum, { postings }) => sum + postings.length, 0) };
    }));
    const known = this.known, [drawer] = this.places;
    for (const { place, found, size } of read) {
      if (place === drawer || typeof place.place === 'string') this.take(found, place === drawer ? this.filings.drawer : this.filings.shelf);
      else this.take(found, []);
      place.atOnce = Math.min(Math.max(Math.floor(this.bytes * found.length / Math.max(size, 1)), SHORTEST_READ), LONGEST_READ);
    }
    if (this.known - known < MANY_MOMENTS) this.bytes *= GROWTH;
  }

  /** All moments, newest first, in parts. `beside`: what is done while more is read. */
  async *newestFirst(beside: () => Promise<unknown> = () => Promise.resolve()): AsyncGenerator<readonly number[], void> {
    for (let above = Infinity; ;) {
      const { reached } = this, certain = this.lists.map(list => list.subarray(firstAbove(list, Math.max(reached, this.span.from - 1)), firstAbove(list, Math.min(above, this.span.to))));
      const moments = new Float64Array(certain.reduce((sum, list) => sum + list.length, 0));
      let end = 0;
      for (const list of certain) { moments.set(list, end); end += list.length; }
      this.lists = this.lists.filter(list => (list[0] ?? 0) <= reached);
      above = reached;
      if (moments.length > 0) yield Array.from(moments.sort()).reverse().filter((moment, n, all) => moment !== all[n - 1]);
      if (reached === -Infinity) return;
      await Promise.all([this.advance(), beside()]);
    }
  }

  /** Reads as far as some moments, newest first, go. */
  async reach(moments: readonly number[]): Promise<void> {
    const oldest = moments.at(-1);
    while (oldest !== undefined && this.reached >= oldest) {
      const { reached } = this;
      await this.advance({ newest: moments.find(moment => moment <= reached) ?? oldest, oldest });
    }
  }

  /** Those of some moments that are among these; asked for newest first, each moment once. */
  async among(moments: readonly number[]): Promise<number[]> {
    await this.reach(moments);
    return this.knownAmong(moments);
  }

  /** As `among`, where all of them are newer than what was reached. */
  knownAmong(moments: readonly number[]): number[] {
    const found = new Uint8Array(moments.length), newest = moments[0] ?? -Infinity, oldest = moments.at(-1) ?? Infinity;
    for (const list of this.lists) {
      if ((list[0] ?? Infinity) > newest) continue;
      for (let n = moments.length - 1, at = firstAbove(list, oldest - 1); n >= 0 && at < list.length;) {
        const moment = moments[n] ?? 0, one = list[at] ?? 0;
        if (one === moment) found[n] = 1;
        if (one <= moment) at++;
        if (one >= moment) n--;
      }
    }
    this.lists = this.lists.filter(list => (list[0] ?? oldest) < oldest);
    return moments.filter((_, n) => found[n] === 1);
  }

  /** Takes what documents have of the terms, and returns how many events they were made of. */
  private take(documents: readonly AuditPostingsDocument[], stretches: Stretch[]): number {
    let all = 0;
    for (const document of documents) {
      const from = document.oldest.getTime();
      readPostings(document.postings, from, this.terms, (_, moments) => { this.lists.push(moments); });
      stretches.push({ from, to: newestOf(document), events: document.events });
      all += document.events;
    }
    return all;
  }
}

/** How many documents of a place, at least, reach over a time of so many milliseconds, going by those that were read. */
function neededOf({ read, newest, reached }: Progress, ms: number): number {
  const each = (newest - reached) / read;
  return Math.min(Math.max(Math.ceil(ms / Math.max(each, 1) * SPARE), SHORTEST_READ), LONGEST_READ);
}

/** Where, in an ascending list, what is greater than a moment begins. */
function firstAbove(list: Float64Array, moment: number): number {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = low + high >>> 1;
    if ((list[middle] ?? Infinity) <= moment) low = middle + 1;
    else high = middle;
  }
  return low;
}
