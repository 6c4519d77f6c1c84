import { mongo } from 'mongoose';
import { EventType, StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { Database } from '../database';
import { OUTBOX, OutboxDocument } from './outbox.schema';
import { OwedMessage, owedMessages } from './owed-messages';
import { EventSource } from './make-event';
import { Sender } from './sender';

/** A change and its events, as one transaction: both durable or neither. */
const DEADLINE_MS = 5000;

/** What a change came to: its result and the events it caused (none where nothing changed). */
export interface Changed<T> { readonly result: T; readonly events: readonly StrowgerEvent<EventType>[] }

/**
 * Makes updates, deletions and the inserts of everything that is not on the hot path. The change runs inside a
 * transaction, may run more than once, and must use compare-and-set on `version`; what it throws ends the transaction.
 */
export class ChangeRecorder {
  constructor(private readonly database: Database, private readonly sender: Sender, readonly source: EventSource) {}

  /**
   * @throws whatever `change` throws, with nothing changed; a database error where the outcome is unknown (the event
   * then follows from the outbox if the change happened)
   */
  async record<T>(change: (session: mongo.ClientSession) => Promise<Changed<T>>): Promise<T> {
    let messages: OwedMessage[] = [];
    const session = this.database.connection.getClient().startSession();
    try {
      const result = await session.withTransaction(async () => {
        const changed = await change(session);
        messages = owedMessages(this.source.service, new Date(), true, changed.events.map(event => ({ event })));
        if (messages.length > 0) await this.database.collection<OutboxDocument>(OUTBOX).insertMany(messages.map(m => m.document), { session });
        return changed.result;
      }, { timeoutMS: DEADLINE_MS });
      for (const message of messages) this.sender.send(message);
      return result;
    } finally {
      await session.endSession();
    }
  }
}
