import { MAX_MARK_BYTES, MAX_MARK_NONCES } from '@strowger/contracts/feed-mark';

/** Nonces that came within this time get one mark together. */
const GATHER_MS = 200;
/** Nonces that wait at once, at most; guards send a new one each second anyway. */
const MOST_WAITING = 10 * MAX_MARK_NONCES;

/** What marks are made of: `owed` reads, after a majority write, what every service still owes of events that lower a right; `publish` puts the mark into the feed. */
export interface MarkParts {
  readonly owed: (mostBytes: number) => Promise<readonly unknown[] | 'too many'>;
  readonly publish: (mark: string) => Promise<void>;
  readonly log: { warn(fields: object, line: string): void };
}

/**
 * Answers the guards' nonces with marks in the feed. The order is what the guards' promise rests on: the nonces are taken first, then
 * the outbox is read, then the mark is published; a nonce that comes after the first step waits for the next mark.
 */
export class FeedMarks {
  /** Marks published, and those that failed, since the process began. */
  readonly counters = { published: 0, failed: 0 };
  private readonly waiting: string[] = [];
  private timer: NodeJS.Timeout | undefined;
  private making: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly parts: MarkParts, private readonly gatherMs = GATHER_MS) {}

  /** Takes a nonce into the next mark. What cannot be marked is dropped: its guard will ask again. */
  ask(nonce: string): void {
    if (this.stopped || this.waiting.length >= MOST_WAITING) return;
    this.waiting.push(nonce);
    if (!this.making) this.timer ??= setTimeout(() => { this.begin(); }, this.gatherMs);
  }

  /** Makes no further mark, and resolves when the one under way is done. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.making;
  }

  private begin(): void {
    this.timer = undefined;
    const nonces = this.waiting.splice(0, MAX_MARK_NONCES);
    this.making = this.make(nonces).finally(() => {
      this.making = undefined;
      if (this.waiting.length > 0 && !this.stopped) this.timer ??= setTimeout(() => { this.begin(); }, this.gatherMs);
    });
  }

  private async make(nonces: readonly string[]): Promise<void> {
    try {
      const owed = await this.parts.owed(MAX_MARK_BYTES), mark = owed === 'too many' ? undefined : JSON.stringify({ nonces, owed });
      const isTooLong = mark === undefined || Buffer.byteLength(mark) > MAX_MARK_BYTES;
      await this.parts.publish(isTooLong ? JSON.stringify({ nonces, too_many: true }) : mark);
      this.counters.published++;
    } catch (error) {
      this.counters.failed++;
      this.parts.log.warn({ err: error, nonces: nonces.length }, 'no mark for the feed; guards ask again');
    }
  }
}
