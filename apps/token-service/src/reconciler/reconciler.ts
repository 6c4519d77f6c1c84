import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { EventPublisher } from '@strowger/contracts/outbox';
import { AuditEventsReader } from '@strowger/models/audit-events/audit-events.reader';
import { EventSource } from '@strowger/models/outbox/make-event';
import { OwedEventsReader } from '@strowger/models/outbox/owed-events.reader';
import { owedMessages } from '@strowger/models/outbox/owed-messages';
import { PastEvent, PastEvents } from '@strowger/models/outbox/past-events';
import { ReconciliationsStore } from '@strowger/models/reconciliations/reconciliations.store';
import { ServiceLog } from '@strowger/service/service-log';

/** What the reconciler stands on. */
export interface ReconcilerParts {
  readonly documents: readonly PastEvents[];
  readonly trail: Pick<AuditEventsReader, 'sourcesOf'>;
  readonly owed: Pick<OwedEventsReader, 'among'>;
  readonly progress: Pick<ReconciliationsStore, 'claim' | 'compared' | 'found'>;
  readonly publisher: EventPublisher;
}
/** `everySeconds`: from round to round. `confirmMs`: how long a round waits for the trail to have what it told. */
export interface ReconcilerSettings { readonly everySeconds: number; readonly confirmMs: number; readonly now: () => Date; readonly counts: { missing(events: number): void; compared(events: number): void } }

/** Told by this source first, an event was missing: so the trail itself says what the reconciler found, whoever counts. */
export const RECONCILER: EventSource = { service: 'token-service', instance: 'reconciler' };
/** Documents are looked at when they are a minute old, and once more at an hour, for those that came late. */
const AGES_SECONDS = [60, 3600] as const;
const OLDEST_SECONDS = 86_400;
const DOCUMENTS_A_PAGE = 2000, MOST_IN_A_SECOND = 100_000, LONGEST_SPAN_SECONDS = 3600, AT_ONCE = 256;
/** An outbox entry is made within this time of its document. */
const ENTRY_WITHIN_MS = 60_000;
const CONFIRM_PAUSE_MS = 200, TOLD_AGAIN_MS = 600_000;

const plus = (moment: Date, seconds: number): Date => new Date(moment.getTime() + seconds * 1000);
const fullSecond = (moment: Date): Date => new Date(Math.floor(moment.getTime() / 1000) * 1000);

/**
 * Compares documents with the trail: one whose event stands neither there nor in the outbox has it told again, and is
 * counted. Never more than 256 events are told before the trail has them: a trail that is only late is not flooded, and
 * what it knew already is not counted.
 */
export class Reconciler {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;
  /** Told, and not seen in the trail yet. */
  private told: readonly PastEvent[] = [];
  private toldAt = new Date(0);

  constructor(private readonly parts: ReconcilerParts, private readonly settings: ReconcilerSettings, private readonly log: Pick<ServiceLog, 'warn'>) {}

  start(): void { this.timer ??= setTimeout(() => { this.run(); }, Math.random() * this.settings.everySeconds * 1000).unref(); }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  /** One round; another instance's turn: nothing. @throws what the database or the bus throws */
  async compare(): Promise<void> {
    const begun = this.settings.now();
    const come = await this.claimed(begun);
    if (!come) return;
    if (!await this.confirmed()) {
      if (begun.getTime() - this.toldAt.getTime() < TOLD_AGAIN_MS) return;
      this.told = [];      // lost once more, it may be: they are found again below
    }
    for (const age of AGES_SECONDS) {
      const until = fullSecond(plus(begun, -age)), oldest = fullSecond(plus(begun, -OLDEST_SECONDS)), known = come[String(age)];
      const from = known && known > oldest ? known : oldest;
      const reached = await this.walk(from, until);
      if (reached > from) await this.parts.progress.compared(age, reached);
      if (reached < until) return;
    }
  }

  /** Compares what was made in [from, until); gives the moment it came to. */
  private async walk(from: Date, until: Date): Promise<Date> {
    let at = from, span = 1;
    while (at < until && !this.stopped) {
      const end = plus(at, span) < until ? plus(at, span) : until;
      const limit = span === 1 ? MOST_IN_A_SECOND : DOCUMENTS_A_PAGE;
      let most = 0;
      for (const documents of this.parts.documents) {
        const page = await documents.between(at, end, limit);
        most = Math.max(most, page.length);
        if (page.length >= limit && span > 1) break;
        if (!await this.seeTo(documents, page, at, end)) return at;
        this.settings.counts.compared(page.length);
      }
      if (most >= limit && span > 1) { span = Math.max(1, Math.floor(span / 4)); continue; }
      at = end;
      if (most < DOCUMENTS_A_PAGE / 4) span = Math.min(span * 2, LONGEST_SPAN_SECONDS);
      if (!await this.claimed(this.settings.now())) return at;
    }
    return at;
  }

  /** Tells what is missing, a message at a time; false: the trail has not got it yet, and nothing more may be told. */
  private async seeTo(documents: PastEvents, page: readonly PastEvent[], from: Date, to: Date): Promise<boolean> {
    for (let start = 0; start < page.length; start += DOCUMENTS_A_PAGE) {
      const missing = await this.missing(page.slice(start, start + DOCUMENTS_A_PAGE), from, to);
      for (let first = 0; first < missing.length; first += AT_ONCE) {
        const some = missing.slice(first, first + AT_ONCE);
        await this.tell(await documents.again(some, RECONCILER));
        this.told = some;
        this.toldAt = this.settings.now();
        if (!await this.confirmed()) return false;
      }
    }
    return true;
  }

  private async missing(page: readonly PastEvent[], from: Date, to: Date): Promise<PastEvent[]> {
    const absent = await this.absent(page);
    if (absent.length === 0) return [];
    const owed = await this.parts.owed.among(new Set(absent.map(({ id }) => id)), new Date(from.getTime() - ENTRY_WITHIN_MS), new Date(to.getTime() + ENTRY_WITHIN_MS));
    // What left the outbox between the two reads may be in the trail by now.
    return this.absent(absent.filter(({ id }) => !owed.has(id)));
  }

  private async absent(events: readonly PastEvent[]): Promise<PastEvent[]> {
    const present = await this.parts.trail.sourcesOf(events.map(({ id }) => id));
    return events.filter(({ id }) => !present.has(id));
  }

  private async tell(events: readonly StrowgerEvent[]): Promise<void> {
    const messages = owedMessages(RECONCILER.service, this.settings.now(), true, events.map(event => ({ event })));
    for (const { document } of messages) await this.parts.publisher.publish(document.subject, document.batch);
  }

  /** Whether the trail has all that was told; counts what it had not known. */
  private async confirmed(): Promise<boolean> {
    const end = performance.now() + this.settings.confirmMs, ours = `/${RECONCILER.service}/${RECONCILER.instance}`;
    while (this.told.length > 0) {
      const sources = await this.parts.trail.sourcesOf(this.told.map(({ id }) => id));
      const missing = [...sources.values()].filter(source => source === ours).length;
      this.told = this.told.filter(({ id }) => !sources.has(id));
      if (missing > 0) {
        this.settings.counts.missing(missing);
        this.log.warn({ events: missing }, 'documents had no event in the trail; it was told again');
        await this.parts.progress.found(missing, this.settings.now());
      }
      if (this.told.length === 0) break;
      if (this.stopped || performance.now() > end) return false;
      await new Promise(resolve => setTimeout(resolve, CONFIRM_PAUSE_MS));
    }
    return true;
  }

  private claimed(now: Date): Promise<Readonly<Record<string, Date>> | undefined> { return this.parts.progress.claim(now, 2 * this.settings.everySeconds); }

  private run(): void {
    this.round = this.compare().catch((error: unknown) => { this.log.warn({ err: error }, 'documents could not be compared with the trail; the next round goes on'); }).then(() => {
      if (!this.stopped) this.timer = setTimeout(() => { this.run(); }, this.settings.everySeconds * 1000).unref();
    });
  }
}
