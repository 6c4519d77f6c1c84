import { setTimeout as pause } from 'node:timers/promises';
import { rpc } from '@strowger/contracts/bus-users';
import { AnnouncedScope, AnnouncementReply, ScopeAnnouncement } from '@strowger/contracts/scope-announcement';
import { Bus } from '@strowger/messaging/bus';
import { MessagingLog } from '@strowger/messaging/messaging-log';
import { MessageTooLarge, rpcRequest } from '@strowger/messaging/rpc-request';

const EVERY_MS = 60_000;
const FIRST_PAUSE_MS = 500, LONGEST_PAUSE_MS = 30_000;

/**
 * Announces a service's scopes to the catalogue: at once when the bus is there and after every outage of it, then each
 * minute; while nobody answers again and again, with growing pauses. What the catalogue refuses is logged once, and so is an announcement
 * that is larger than a message of the bus may be.
 */
export class ScopeAnnouncer {
  private readonly ending = new AbortController();
  private readonly announcement: ScopeAnnouncement;
  private refusedBefore = '';
  private toldTooLarge = false;

  /**
   * `scopes`: all that the service has; what is missing is withdrawn.
   * @throws ZodError - they are not a valid announcement
   */
  constructor(private readonly bus: Bus, private readonly service: string, scopes: readonly AnnouncedScope[], private readonly log: MessagingLog) {
    this.announcement = ScopeAnnouncement.parse({ scopes });
  }

  /** Returns at once and announces from now on. */
  start(): void { void this.keepAnnouncing(); }

  /** Announces no more. */
  stop(): void { this.ending.abort(); }

  private async keepAnnouncing(): Promise<void> {
    let failures = 0;
    while (!this.isEnding()) {
      try {
        await this.bus.connection(this.ending.signal);
        this.heard(await rpcRequest(this.bus, rpc.announceScopes(this.service), this.announcement, AnnouncementReply));
        failures = 0;
        await this.restUntilNext();
      } catch (error) {
        if (this.isEnding()) return;
        if (error instanceof MessageTooLarge) {
          this.tooLarge(error);
          await this.restUntilNext();
          continue;
        }
        if (failures++ === 0) this.log.warn({ err: error }, 'the scopes could not be announced yet');
        await this.rest(Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS) * (0.75 + Math.random() / 2), this.ending.signal);
      }
    }
  }

  private heard({ accepted, refused }: AnnouncementReply): void {
    const now = JSON.stringify(refused);
    if (now === this.refusedBefore) return;
    this.refusedBefore = now;
    if (refused.length > 0) this.log.error({ accepted, refused }, 'the catalogue refused scopes of this service');
  }

  /** Trying sooner is of no use: what the bus takes changes when it does, and what is announced with another version of the service. */
  private tooLarge({ bytes, most }: MessageTooLarge): void {
    if (this.toldTooLarge) return;
    this.toldTooLarge = true;
    this.log.error({ scopes: this.announcement.scopes.length, bytes, most },
      'no scope of this service was announced, and those of an earlier announcement will be withdrawn: the announcement is larger than a message of the bus may be; shorten descriptions, name fewer openings, or let another service announce some of the modules');
  }

  /** A minute, or until the bus was lost: what was announced may not have been kept alive meanwhile. */
  private async restUntilNext(): Promise<void> {
    const lost = new AbortController();
    const forget = this.bus.onLoss(() => { lost.abort(); });
    await this.rest(EVERY_MS, AbortSignal.any([this.ending.signal, lost.signal]));
    forget();
  }

  private isEnding(): boolean { return this.ending.signal.aborted; }

  private async rest(milliseconds: number, signal: AbortSignal): Promise<void> {
    await pause(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
