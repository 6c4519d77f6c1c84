import { setTimeout as pause } from 'node:timers/promises';
import { mongo } from 'mongoose';
import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { Database } from '../database';
import { OUTBOX, OutboxDocument } from './outbox.schema';
import { OwedMessage, owedMessages } from './owed-messages';
import { EventSource } from './make-event';
import { Sender } from './sender';

/** No attempt at a transaction begins later than this; the driver's own `withTransaction` would go on for two minutes. */
const DEADLINE_MS = 5000;
const LONGEST_PAUSE_MS = 100;
const WRITE_CONFLICT = 112;

/** What a change came to: its result and the events it caused (none where nothing changed). */
export interface Changed<T> { readonly result: T; readonly events: readonly StrowgerEvent[] }

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
      const result = await inTransaction(session, async () => {
        const changed = await change(session);
        messages = owedMessages(this.source.service, new Date(), true, changed.events.map(event => ({ event })));
        if (messages.length > 0) await this.database.collection<OutboxDocument>(OUTBOX).insertMany(messages.map(m => m.document), { session });
        return changed.result;
      });
      for (const message of messages) this.sender.send(message);
      return result;
    } finally {
      await session.endSession();
    }
  }
}

/** Runs `work` and commits; again where the server says that nothing happened, or that it does not know whether it committed, until the deadline. */
async function inTransaction<T>(session: mongo.ClientSession, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      session.startTransaction();
      const result = await work();
      await commit(session, deadline);
      return result;
    } catch (error) {
      if (session.inTransaction()) await session.abortTransaction().catch(() => undefined);
      if (!isConflict(error) || performance.now() > deadline) throw error;
      await pause(Math.random() * Math.min(LONGEST_PAUSE_MS, 5 * 2 ** attempt));
    }
  }
}

async function commit(session: mongo.ClientSession, deadline: number): Promise<void> {
  for (;;) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      if (!hasLabel(error, 'UnknownTransactionCommitResult') || performance.now() > deadline) throw error;
    }
  }
}

/** Whether somebody else's change was in the way of a transaction, which certainly did not happen. One inside a write's reply comes without the label. */
export const isConflict = (error: unknown): boolean => hasLabel(error, 'TransientTransactionError') || (error instanceof mongo.MongoError && error.code === WRITE_CONFLICT);
const hasLabel = (error: unknown, label: string): boolean => error instanceof mongo.MongoError && error.hasErrorLabel(label);
