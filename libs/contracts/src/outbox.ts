import { StrowgerEvent } from './event-catalogue';

/** One message that is owed to the bus: the bytes to publish, and what the relay must know of them. */
export interface OutboxEntry {
  readonly id: string;
  /** Subject of all its events, which share one type. */
  readonly subject: string;
  readonly batch: Uint8Array;
  /** False where the events' own documents were inserted beside this entry and may have failed. */
  readonly sure: boolean;
  /** When the change was made. */
  readonly at: Date;
  /** After this moment the events that are still without a document were never answered and are dropped. */
  readonly until?: Date;
}

/** What the relay needs of a service's outbox. The adapter stands in `libs/models`. */
export abstract class Outbox {
  /** The service's own entries, oldest first, at most `limit`, after the entry `after`; without those whose next look is later than now. */
  abstract owed(limit: number, after?: OutboxEntry): Promise<OutboxEntry[]>;
  /** Which of these events have their document. Read from the primary with majority concern. */
  abstract existing(events: readonly StrowgerEvent[]): Promise<ReadonlySet<string>>;
  abstract delete(ids: readonly string[]): Promise<void>;
  /** Leaves only `events` in the entry, marks it `absent` and looks again later, with growing pauses up to a minute. */
  abstract keepAbsent(entry: OutboxEntry, events: readonly StrowgerEvent[]): Promise<void>;
}

/** Publishes one message and resolves when the stream has acknowledged it. One attempt: the relay is the retry. */
export abstract class EventPublisher {
  abstract publish(subject: string, batch: Uint8Array): Promise<void>;
}
