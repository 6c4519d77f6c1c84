import { Bus } from '@strowger/messaging/bus';
import { trailProgress } from '@strowger/messaging/trail-progress';
import { OwedReader } from '@strowger/models/outbox/owed.reader';
import { TrailMetrics } from '../recording/trail-metrics';
import { Freshness } from './freshness';

const LOOK_EVERY_MS = 1000;
interface Owed { readonly asked: number; readonly oldest: Date | undefined }

/** Follows how far the trail has come: looks at the bus each second, and at the outbox when asked, at most once a second. */
export class TrailWatch {
  private readonly freshness = new Freshness();
  private readonly started = new Date();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private waiting: number | undefined;
  private owed: Owed | undefined;
  private askingOwed: Promise<Owed> | undefined;

  constructor(private readonly bus: Bus, private readonly owing: OwedReader, private readonly metrics: TrailMetrics) {}

  start(): void {
    this.timer ??= setInterval(() => { void this.look(); }, LOOK_EVERY_MS);
    void this.look();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Messages on the stream that are not recorded yet, as of now; undefined where the bus cannot be asked. */
  async behind(): Promise<number | undefined> {
    await this.look();
    return this.waiting;
  }

  /**
   * When the oldest change was made whose event has not reached the stream; undefined: there is none. Known for a second; for another
   * one the last answer serves while it is asked again, so that no query of a busy auditor waits for it.
   */
  async oldestOwed(): Promise<Date | undefined> {
    const age = this.owed ? performance.now() - this.owed.asked : Infinity;
    if (this.owed && age <= LOOK_EVERY_MS) return this.owed.oldest;
    const asking = this.askOwed();
    if (!this.owed || age > 2 * LOOK_EVERY_MS) return (await asking).oldest;
    asking.catch(() => undefined);                       // whoever asks when it is older still is told
    return this.owed.oldest;
  }

  private askOwed(): Promise<Owed> {
    const asked = performance.now();
    this.askingOwed ??= this.owing.oldest()
      .then(oldest => this.owed = { asked, oldest })
      .finally(() => { this.askingOwed = undefined; });
    return this.askingOwed;
  }

  /**
   * Since when the trail may lack something; undefined while it is current. `lastRecorded` is asked only as long as this
   * process never saw it whole.
   * @throws a database error
   */
  async staleSince(lastRecorded: () => Promise<Date | undefined>): Promise<Date | undefined> {
    const oldestOwed = await this.oldestOwed();
    return this.freshness.staleSince(new Date(), { oldestOwed, otherwise: this.freshness.known ? undefined : await lastRecorded() ?? this.started });
  }

  /** One look at the bus. Never two at once, never rejects: what cannot be asked makes the trail stale, and says so. */
  private look(): Promise<void> {
    const at = new Date();
    this.looking ??= trailProgress(this.bus)
      .then(progress => {
        this.freshness.observe(at, progress);
        this.waiting = progress.waiting;
        this.metrics.behind(progress.waiting);
      }, () => { this.waiting = undefined; })
      .finally(() => { this.looking = undefined; });
    return this.looking;
  }
}
