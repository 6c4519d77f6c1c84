import { randomBytes } from 'node:crypto';

const NONCE_BYTES = 16;

/** Who met a nonce that it sent at most this long ago has applied all that could be known then, and may decide by itself. */
const CURRENT_MS = 5000;

/** The clocks of this process, in milliseconds: one that never jumps but stands still while the machine sleeps, and one that does not. */
export interface Clocks { readonly monotonic: () => number; readonly wall: () => number }
interface Moment { readonly monotonic: number; readonly wall: number }

/** Knows as of when the feed is complete: as of the moment at which the latest nonce that was met was sent. */
export class FeedCurrency {
  private readonly sent = new Map<string, Moment>();
  private asOf: Moment | undefined;

  constructor(private readonly clocks: Clocks = { monotonic: () => performance.now(), wall: () => Date.now() }) {}

  /** A nonce that is sent now. */
  nonce(): string {
    for (const [old, moment] of this.sent) if (this.age(moment) > CURRENT_MS) this.sent.delete(old);
    const nonce = randomBytes(NONCE_BYTES).toString('base64url');
    this.sent.set(nonce, { monotonic: this.clocks.monotonic(), wall: this.clocks.wall() });
    return nonce;
  }

  /** These nonces were met in the feed; everything before them is applied. */
  met(nonces: readonly string[]): void {
    for (const nonce of nonces) {
      const sent = this.sent.get(nonce);
      if (!sent) continue;
      this.sent.delete(nonce);
      if (!this.asOf || sent.monotonic > this.asOf.monotonic) this.asOf = sent;
    }
  }

  /** Whether the feed is complete as of at most 5 s ago. */
  isCurrent(): boolean { return this.asOf !== undefined && this.age(this.asOf) <= CURRENT_MS; }

  /** The longer of both clocks: a machine that slept knows less than its monotonic clock says. */
  private age({ monotonic, wall }: Moment): number { return Math.max(this.clocks.monotonic() - monotonic, this.clocks.wall() - wall); }
}
