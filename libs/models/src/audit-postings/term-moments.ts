import { AuditPostingsDocument, newestOf } from './audit-postings.schema';
import { readPostings } from './posting-list';
import { PostingStore, Span } from './posting-store';

/**
 * Documents of a drawer that are read at once: few at first, since a page needs few, and then as many as make so many bytes of postings, more and
 * more, unless so many moments are in them. A frequent term's document is forty times a rare one's, and a read costs as much as 50 rare ones.
 */
const FIRST_READ = 4, LONGEST_READ = 512, FIRST_BYTES = 65_536, GROWTH = 4, MANY_MOMENTS = 20_000;
const REMEMBERED = 20_000;
const DRAWER_SHIFT = 24;

/** How far a drawer was read: all of its postings that are newer than `reached` are known. */
interface Progress { readonly drawer: number; reached: number; after?: string }

/** The drawer in which a term's postings are filed. */
export const drawerOf = (term: number): number => term >>> DRAWER_SHIFT;

/** The moments within a span at which the trail has an event with one of some terms, read newest first and only as far as is asked for. */
export class TermMoments {
  private readonly drawers: readonly Progress[];
  private moments = new Set<number>();
  private atOnce = FIRST_READ;
  private bytes = FIRST_BYTES;
  /** What share of the events that were read of last has one of the terms, about: 0 to 1. */
  share = 0;

  /** `tray`: what is not in the drawers yet, `also`: moments beside all of these. `left`: for how long reads may take, in milliseconds. */
  constructor(
    private readonly store: PostingStore, private readonly tenantId: string, private readonly terms: ReadonlySet<number>, private readonly span: Span, tray: readonly AuditPostingsDocument[], also: readonly number[],
    private readonly left: () => number,
  ) {
    this.drawers = [...new Set([...terms].map(drawerOf))].map(drawer => ({ drawer, reached: Infinity }));
    for (const moment of also) this.add(moment);
    this.read(tray);
  }

  /** All moments that are newer than this are known. */
  get reached(): number { return this.drawers.reduce((newest, { reached }) => Math.max(newest, reached), -Infinity); }
  /** How many moments are known so far. */
  get known(): number { return this.moments.size; }

  /** Reads further; nobody will ask for moments that are newer than `newest` and not known yet. */
  async advance(newest = Infinity): Promise<void> {
    const reached = this.reached, limit = this.atOnce, to = Math.min(this.span.to, newest), known = this.known;
    if (reached === -Infinity) return;
    const read = await Promise.all(this.drawers.filter(drawer => drawer.reached === reached).map(async progress => {
      const found = await this.store.read(this.tenantId, progress.drawer, { from: this.span.from, to }, limit, this.left(), progress.after), last = found.at(-1);
      progress.reached = last && found.length === limit ? newestOf(last) : -Infinity;
      if (last) progress.after = last._id;
      return found;
    }));
    const documents = read.flat(), size = documents.reduce((sum, { postings }) => sum + postings.length, 0);
    this.read(documents);
    this.atOnce = Math.min(Math.max(Math.floor(this.bytes * documents.length / Math.max(size, 1)), FIRST_READ), LONGEST_READ);
    if (this.known - known < MANY_MOMENTS) this.bytes *= GROWTH;
  }

  /** All moments, newest first, in parts. */
  async *newestFirst(): AsyncGenerator<readonly number[], void> {
    for (;;) {
      const reached = this.reached, certain = [...this.moments].filter(moment => moment > reached);
      for (const moment of certain) this.moments.delete(moment);
      if (certain.length > 0) yield certain.sort((a, b) => b - a);
      if (reached === -Infinity) return;
      await this.advance();
    }
  }

  /** Those of some moments that are among these; asked for newest first, each moment once. */
  async among(moments: readonly number[]): Promise<number[]> {
    const oldest = moments.at(-1);
    if (oldest === undefined) return [];
    while (this.reached >= oldest) {
      const reached = this.reached;
      await this.advance(moments.find(moment => moment <= reached));
    }
    const found = moments.filter(moment => this.moments.has(moment));
    if (this.moments.size > REMEMBERED) this.moments = new Set([...this.moments].filter(moment => moment < oldest));
    return found;
  }

  private read(documents: readonly AuditPostingsDocument[]): void {
    let all = 0, having = 0;
    for (const { oldest, events, postings } of documents) {
      readPostings(postings, oldest.getTime(), this.terms, (_, moment) => { this.add(moment); having++; });
      all += events;
    }
    if (all > 0) this.share = Math.min(1, having / all);
  }

  private add(moment: number): void { if (moment >= this.span.from && moment <= this.span.to) this.moments.add(moment); }
}
