import { Envelope } from '@strowger/contracts/cloud-event';
import { ServiceLog } from '@strowger/service/service-log';
import { RotateKeys } from './rotate-keys';
import { SigningKeys } from './signing-keys';

const LONGEST_PAUSE_SECONDS = 5;

/** Reads the signing keys every few seconds and when an event tells of a change, and rotates them when it is time. Every instance has one; they rotate once. */
export class KeyUpkeep {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;
  private failed = false;

  /** `publishedSeconds`: how long a key is published before it signs; the keys are read at least four times meanwhile. */
  constructor(private readonly keys: SigningKeys, private readonly rotation: RotateKeys, private readonly publishedSeconds: number, private readonly log: Pick<ServiceLog, 'warn'>) {}

  start(): void { this.later(); }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  /** Reads the keys anew where these events tell of them. */
  heard(events: readonly Envelope[]): void {
    if (this.stopped || !events.some(({ type }) => type.startsWith('key.'))) return;
    this.keys.load().catch((error: unknown) => { this.log.warn({ err: error }, 'the signing keys could not be read on hearing that they changed'); });
  }

  private later(): void {
    if (!this.stopped) this.timer = setTimeout(() => { this.run(); }, Math.min(LONGEST_PAUSE_SECONDS, this.publishedSeconds / 4) * 1000).unref();
  }

  private run(): void {
    this.round = this.once().then(() => { this.failed = false; }, (error: unknown) => {
      if (!this.failed) this.log.warn({ err: error }, 'the signing keys could not be read or rotated; trying again');
      this.failed = true;
    }).then(() => { this.later(); });
  }

  private async once(): Promise<void> { await this.rotation.upkeep(await this.keys.load()); }
}
