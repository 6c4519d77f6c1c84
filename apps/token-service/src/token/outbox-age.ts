import { OutboxStore } from '@strowger/models/outbox/outbox.store';
import { OAuthError } from '@strowger/oauth-core/oauth-error';

const LOOK_EVERY_MS = 5000;

/** How old the oldest event is that this service still owes; past the allowed age nothing is issued any more. */
export class OutboxAge {
  private oldest: Date | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly outbox: Pick<OutboxStore, 'oldest'>, private readonly maxAgeSeconds: number, private readonly now: () => Date) {}

  start(): void { this.timer ??= setInterval(() => { void this.look(); }, LOOK_EVERY_MS); void this.look(); }
  stop(): void { clearInterval(this.timer); }

  /** Age in seconds, 0 where nothing is owed. */
  seconds(): number { return this.oldest ? Math.max(0, (this.now().getTime() - this.oldest.getTime()) / 1000) : 0; }

  /** @throws OAuthError temporarily_unavailable - events have not been published for too long */
  assertYoung(): void {
    if (this.seconds() > this.maxAgeSeconds) throw new OAuthError('temporarily_unavailable', 'events are not being published; no token is issued until they are', { retryAfterSeconds: 60 });
  }

  /** A database that does not answer leaves the last known age, which grows by itself. */
  async look(): Promise<void> { await this.outbox.oldest().then(oldest => { this.oldest = oldest; }, () => undefined); }
}
