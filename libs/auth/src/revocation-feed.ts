import { Envelope } from '@strowger/contracts/cloud-event';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { Bus } from '@strowger/messaging/bus';
import { EventFeed } from '@strowger/messaging/event-feed';
import { askForMark, readMark } from '@strowger/messaging/feed-marks';
import { MessagingLog } from '@strowger/messaging/messaging-log';
import { FeedCurrency } from './feed-currency';
import { KnownRevocations } from './known-revocations';

const ASK_EVERY_MS = 1000, FORGET_EVERY_MS = 60_000;
/** Not current for so long: connection and consumer are made anew. */
const GIVEN_UP_AFTER_MS = 30_000;
/** Entries outlive the tokens they speak of by this, and by what the clocks of bus, issuer and guard may differ. */
const MARGIN_SECONDS = 600;

/** What a guard must know to decide by itself. */
export interface Revocations {
  /** Whether `covers` says all that was committed until at most 5 s ago. */
  isCurrent(): boolean;
  /** Whether a token with these claims has lost a right. True holds for ever; false only while current. */
  covers(claims: AccessTokenClaims): boolean;
  /** Whether a signing key was withdrawn: who has it may have made what looks like tokens. */
  isWithdrawn(kid: string): boolean;
  /** A token that was issued before (milliseconds since the epoch) cannot be judged here: what was said of it may have been in a stream that is gone. */
  judgesFrom(): number;
}

export interface RevocationFeedOptions {
  readonly bus: Bus;
  readonly log: MessagingLog;
  /** How long any access token of the deployment may live. */
  readonly longestTokenSeconds: number;
  /** By how much the clocks of issuer, bus and this process may differ: which was first, a token or the stream, is judged with it. */
  readonly skewSeconds: number;
}

/** Follows what lowers rights, and knows whether that is all there is: by nonces that come back through the same feed. */
export class RevocationFeed implements Revocations {
  private readonly known = new KnownRevocations();
  private readonly currency = new FeedCurrency();
  private readonly feed: EventFeed;
  private timer: NodeJS.Timeout | undefined;
  private streamFrom = Infinity;
  private understoodFrom = -Infinity;
  private lastGood = performance.now();
  private forgottenAt = performance.now();
  private readonly keptMs: number;
  private readonly skewMs: number;

  constructor(private readonly options: RevocationFeedOptions) {
    const { bus, log, longestTokenSeconds, skewSeconds } = options, startSeconds = longestTokenSeconds + MARGIN_SECONDS + skewSeconds;
    this.keptMs = startSeconds * 1000;
    this.skewMs = skewSeconds * 1000;
    this.feed = new EventFeed({
      bus, log, filter: 'strowger.feed.lowering.>', startSeconds,
      onEvents: events => { for (const event of events) this.apply(event); },
      onReset: streamCreatedAt => { this.streamFrom = streamCreatedAt.getTime() + this.skewMs; this.ask(); },
      onMark: body => { this.mark(body); },
    });
  }

  /** Follows from now on; current within about a second of the bus being there. */
  start(): void {
    this.feed.start();
    this.timer ??= setInterval(() => { this.tick(); }, ASK_EVERY_MS).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.feed.close();
  }

  isCurrent(): boolean { return this.currency.isCurrent(); }
  covers(claims: AccessTokenClaims): boolean { return this.known.covers(claims); }
  isWithdrawn(kid: string): boolean { return this.known.isWithdrawn(kid); }
  judgesFrom(): number { return Math.max(this.streamFrom, this.understoodFrom); }
  /** How many tokens, grants, tenants, applications and accounts something is known of. */
  get size(): number { return this.known.size; }

  private tick(): void {
    const now = performance.now();
    this.ask();
    if (this.isCurrent()) this.lastGood = now;
    else if (now - this.lastGood > GIVEN_UP_AFTER_MS) this.beginAnew(now);
    if (now - this.forgottenAt < FORGET_EVERY_MS) return;
    this.forgottenAt = now;
    this.known.forgetBefore(now - this.keptMs);
  }

  private beginAnew(now: number): void {
    this.lastGood = now;
    this.options.log.warn({}, 'the revocation feed has not been current for 30 s; connecting anew');
    this.feed.rebuild();
    void this.options.bus.reconnect();
  }

  /** A nonce that cannot be sent is none: another follows within a second. */
  private ask(): void {
    if (this.options.bus.connected) askForMark(this.options.bus, this.currency.nonce()).catch((error: unknown) => { this.options.log.warn({ err: error }, 'the feed could not be asked for a mark'); });
  }

  private mark(body: Uint8Array): void {
    const mark = readMark(body);
    if (!mark || 'too_many' in mark) return;
    for (const element of mark.owed) {
      const event = Envelope.safeParse(element);
      if (event.success) this.apply(event.data);
      // Something lowers a right, and nobody knows whose.
      else return;
    }
    this.currency.met(mark.nonces);
  }

  /** What a newer service says in a way that is not understood here makes every token that was issued before it a question for the issuer. */
  private apply(event: Envelope): void {
    if (this.known.apply(event, performance.now())) return;
    this.understoodFrom = Math.max(this.understoodFrom, Date.parse(event.time) + this.skewMs);
    this.options.log.warn({ type: event.type, id: event.id }, 'an event lowers a right in a way that is not understood; older tokens are introspected');
  }
}
