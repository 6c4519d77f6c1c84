import { setTimeout as pause } from 'node:timers/promises';
import { EventPublisher } from '@strowger/contracts/outbox';
import { EventSource } from '@strowger/models/outbox/make-event';
import { owedMessages } from '@strowger/models/outbox/owed-messages';
import { PastEvent, PastEvents } from '@strowger/models/outbox/past-events';

/** How far a republishing has come: everything made before `at`. */
export interface Republished { readonly at: Date; readonly events: number; readonly ofAll: number }

const AT_ONCE = 256, DOCUMENTS_A_PAGE = 2000, MOST_IN_A_SECOND = 100_000, LONGEST_SPAN_SECONDS = 86_400;
const TRIES = 10, PAUSE_MS = 1000;
const plus = (moment: Date, seconds: number): Date => new Date(moment.getTime() + seconds * 1000);
const fullSecond = (moment: Date, round: (seconds: number) => number): Date => new Date(round(moment.getTime() / 1000) * 1000);

/** Tells events again out of the documents they were made with; their ids are the same, so what the trail has is no news to it. */
export class RepublishEvents {
  constructor(private readonly documents: readonly PastEvents[], private readonly publisher: EventPublisher, private readonly source: EventSource) {}

  /**
   * Of the documents made in [from, to), in the order of time. Each message is acknowledged before the next one goes out.
   * @returns how many events were told
   * @throws a database error, or that of the bus after ten tries: what was told is told, and running it again is safe
   */
  async run(from: Date, to: Date, progress: (come: Republished) => void): Promise<number> {
    const begin = fullSecond(from, Math.floor), end = fullSecond(to, Math.ceil);
    let events = 0, span = 1;
    for (let at = begin; at < end;) {
      const next = plus(at, span) < end ? plus(at, span) : end;
      const pages = await Promise.all(this.documents.map(async documents => ({ documents, page: await documents.between(at, next, span === 1 ? MOST_IN_A_SECOND : DOCUMENTS_A_PAGE) })));
      const most = Math.max(...pages.map(({ page }) => page.length));
      if (most >= DOCUMENTS_A_PAGE && span > 1) { span = Math.max(1, Math.floor(span / 4)); continue; }
      for (const { documents, page } of pages) events += await this.tell(documents, page);
      at = next;
      progress({ at, events, ofAll: (at.getTime() - begin.getTime()) / (end.getTime() - begin.getTime()) });
      if (most < DOCUMENTS_A_PAGE / 4) span = Math.min(span * 2, LONGEST_SPAN_SECONDS);
    }
    return events;
  }

  private async tell(documents: PastEvents, page: readonly PastEvent[]): Promise<number> {
    let told = 0;
    for (let start = 0; start < page.length; start += AT_ONCE) {
      const events = await documents.again(page.slice(start, start + AT_ONCE), this.source);
      for (const { document } of owedMessages(this.source.service, new Date(), true, events.map(event => ({ event })))) await this.published(document.subject, document.batch);
      told += events.length;
    }
    return told;
  }

  private async published(subject: string, batch: Uint8Array): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.publisher.publish(subject, batch);
        return;
      } catch (error) {
        if (tries >= TRIES) throw error;
        await pause(PAUSE_MS);
      }
    }
  }
}
