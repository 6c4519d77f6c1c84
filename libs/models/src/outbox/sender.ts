import { EventPublisher } from '@strowger/contracts/outbox';
import { Database } from '../database';
import { OUTBOX, OutboxDocument } from './outbox.schema';
import { OwedMessage } from './owed-messages';

/** Acknowledged entries are deleted this many at a time, or after the pause. */
const DELETE_AT_A_TIME = 8;
const DELETE_PAUSE_MS = 20;

/**
 * Publishes at once what its writer knows to be durable, and deletes the outbox entries that the stream has acknowledged.
 * One attempt each: what fails stays in the outbox, and the relay finishes it.
 */
export class Sender {
  private readonly acknowledged: Buffer[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly database: Database, private readonly publisher: EventPublisher) {}

  /** Never rejects and need not be awaited. `batch` replaces the document's own bytes where only a part of it is durable. */
  send(message: OwedMessage, batch: Uint8Array = message.document.batch): void {
    this.track(this.publisher.publish(message.document.subject, batch).then(() => { this.done(message.document); }, () => undefined));
  }

  /** Deletes an entry that owes nothing. */
  done(document: OutboxDocument): void {
    this.acknowledged.push(document._id);
    if (this.acknowledged.length >= DELETE_AT_A_TIME) this.deleteAcknowledged();
    else this.timer ??= setTimeout(() => { this.deleteAcknowledged(); }, DELETE_PAUSE_MS);
  }

  /** Resolves when nothing is under way any more: every message acknowledged and deleted, or left to the relay. */
  async drain(): Promise<void> {
    do {
      await Promise.all(this.underWay);
      this.deleteAcknowledged();
    } while (this.underWay.size > 0);
  }

  private deleteAcknowledged(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const ids = this.acknowledged.splice(0);
    if (ids.length === 0) return;
    // Synchronous throws (not connected) and rejections alike: the entry is published again by the relay, which is harmless.
    this.track((async () => { await this.database.collection<OutboxDocument>(OUTBOX).deleteMany({ _id: { $in: ids } }); })().catch(() => undefined));
  }

  private track(work: Promise<void>): void {
    this.underWay.add(work);
    void work.finally(() => this.underWay.delete(work));
  }
}
