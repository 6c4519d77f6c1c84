import { decodeBatch, encodeBatch, Envelope } from '@strowger/contracts/cloud-event';
import { isEventType, StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { EventPublisher, Outbox, OutboxEntry } from '@strowger/contracts/outbox';
import { MessagingLog } from './messaging-log';

const LOOK_EVERY_MS = 1000;
const PAGE_ENTRIES = 50;
/** An entry this old was there at the previous look as well; so the ids that a look must remember are few, however much is owed. */
const SURELY_SEEN_BEFORE_MS = 10_000;

/** The relay's surroundings; the clock and the pace are replaced in tests. */
export interface RelayOptions {
  readonly outbox: Outbox;
  readonly publisher: EventPublisher;
  readonly log: MessagingLog;
  readonly now?: () => Date;
  readonly lookEveryMs?: number;
}

/** An entry, the message to publish of it now (undefined: none), and its events whose document is not there. */
interface Judged { readonly entry: OutboxEntry; readonly batch: Uint8Array | undefined; readonly absent: readonly StrowgerEvent[] }

/**
 * Finishes what a dead process began: publishes what stands in a service's outbox for longer than a look, and deletes
 * it there. Of an entry that is not `sure` it publishes the events whose own document exists; the others wait, and are
 * dropped when `until` has passed and they are still without one. Any number of relays may work on one outbox.
 */
export class Relay {
  /** Messages published, events dropped for want of a document, entries that failed; since the process began. */
  readonly counters = { published: 0, dropped: 0, failed: 0 };
  private seen: ReadonlySet<string> = new Set();
  private looking: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly options: RelayOptions) {}

  /** Looks each second from now on. */
  start(): void {
    this.stopped = false;
    this.timer ??= setInterval(() => { void this.look(); }, this.options.lookEveryMs ?? LOOK_EVERY_MS);
  }

  /** Ends the look in progress after its page and resolves when it has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    this.timer = undefined;
    await this.looking;
  }

  /** One look through all that is owed. Never two at once: a call during a look gives that look. Never rejects. */
  look(): Promise<void> {
    this.looking ??= this.lookThrough()
      .catch((error: unknown) => { this.options.log.warn({ err: error }, 'the outbox could not be looked through; the next look tries again'); })
      .finally(() => { this.looking = undefined; });
    return this.looking;
  }

  private async lookThrough(): Promise<void> {
    const seenBefore = this.seen;
    const seen = new Set<string>();
    this.seen = seen;
    let after: OutboxEntry | undefined;
    do {
      const now = this.now();
      const page = await this.options.outbox.owed(PAGE_ENTRIES, after);
      const due = page.filter(entry => {
        if (seenBefore.has(entry.id) || now.getTime() - entry.at.getTime() > SURELY_SEEN_BEFORE_MS) return true;
        seen.add(entry.id);
        return false;
      });
      const busIsAway = due.length > 0 && await this.settle(due, now) === 'nothing went out';
      for (const { id } of due) seen.add(id);
      if (busIsAway) return;
      after = page.length === PAGE_ENTRIES ? page.at(-1) : undefined;
    } while (after && !this.isStopped());
  }

  /** Publishes, deletes what is finished, and leaves waiting what waits for its document. */
  private async settle(due: readonly OutboxEntry[], now: Date): Promise<'settled' | 'nothing went out'> {
    const judged = await this.judge(due);
    const outcomes = await Promise.allSettled(judged.map(async ({ entry, batch }) => {
      if (!batch) return;
      await this.options.publisher.publish(entry.subject, batch);
      this.counters.published++;
    }));
    const failures = outcomes.filter(outcome => outcome.status === 'rejected');
    this.failed(failures.map((outcome): unknown => outcome.reason), 'not published; the next look tries again');
    const sent = judged.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    const waiting = sent.filter(({ entry, absent }) => absent.length > 0 && !(entry.until && entry.until <= now));
    const finished = sent.filter(one => !waiting.includes(one));
    if (finished.length > 0) await this.options.outbox.delete(finished.map(({ entry }) => entry.id));
    for (const { entry, absent } of waiting) await this.options.outbox.keepAbsent(entry, absent);
    const dropped = finished.reduce((sum, { absent }) => sum + absent.length, 0);
    this.counters.dropped += dropped;
    if (dropped > 0) this.options.log.warn({ events: dropped }, 'dropped events whose document never came');
    return failures.length > 0 && failures.length === judged.length ? 'nothing went out' : 'settled';
  }

  /**
   * Which of the events have their document. The clock was read before this read: what has no document here, after
   * `until`, had none at `until`, and whoever made it was never answered.
   */
  private async judge(due: readonly OutboxEntry[]): Promise<Judged[]> {
    const judged: Judged[] = due.filter(entry => entry.sure).map(entry => ({ entry, batch: entry.batch, absent: [] }));
    const doubted: { entry: OutboxEntry; events: StrowgerEvent[] }[] = [];
    const unreadable: unknown[] = [];
    for (const entry of due) {
      if (entry.sure) continue;
      try {
        doubted.push({ entry, events: decodeBatch(entry.batch).map(knownEvent) });
      } catch (error) { unreadable.push(error); }
    }
    this.failed(unreadable, 'an entry of the outbox cannot be read here; it stays for a newer instance');
    if (doubted.length === 0) return judged;
    const existing = await this.options.outbox.existing(doubted.flatMap(({ events }) => events));
    return judged.concat(doubted.map(({ entry, events }) => {
      const present = events.filter(event => existing.has(event.id));
      const batch = present.length === events.length ? entry.batch : present.length > 0 ? encodeBatch(present) : undefined;
      return { entry, batch, absent: events.filter(event => !existing.has(event.id)) };
    }));
  }

  private failed(reasons: readonly unknown[], message: string): void {
    this.counters.failed += reasons.length;
    if (reasons.length > 0) this.options.log.warn({ err: reasons[0], entries: reasons.length }, message);
  }

  private now(): Date { return this.options.now?.() ?? new Date(); }
  private isStopped(): boolean { return this.stopped; }
}

/** @throws TypeError - not an event of this catalogue */
function knownEvent(element: unknown): StrowgerEvent {
  if (!isKnownEvent(element)) throw new TypeError('an event of an unknown type or shape');
  return element;
}

function isKnownEvent(element: unknown): element is StrowgerEvent {
  const envelope = Envelope.safeParse(element);
  return envelope.success && isEventType(envelope.data.type) && typeof envelope.data.subject === 'string' && typeof envelope.data['data'] === 'object';
}
