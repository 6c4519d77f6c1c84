import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { EventSource } from './make-event';

/** The event that a stored document stands for: its id, and the document's key. */
export interface PastEvent { readonly id: string; readonly document: Buffer | string }

/** Documents of one kind as the events they were inserted with: which there should be, and what each said. */
export interface PastEvents {
  /** The events of the documents made in [from, to), both on a full second, in no order; of at most `limit` documents, of which each has at least one. */
  between(from: Date, to: Date, limit: number): Promise<PastEvent[]>;
  /** These events made again: the same ids, the same time, what the documents say. Of a document that is gone, none. */
  again(events: readonly PastEvent[], source: EventSource): Promise<StrowgerEvent[]>;
}
