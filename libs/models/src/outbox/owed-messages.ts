import { randomBytes } from 'node:crypto';
import { encodeBatch, MAX_EVENTS_PER_MESSAGE, MAX_MESSAGE_BYTES } from '@strowger/contracts/cloud-event';
import { EventType, lowersARight, StrowgerEvent, subjectOf } from '@strowger/contracts/event-catalogue';
import { OutboxDocument } from './outbox.schema';

/** A message on its way: its outbox document and the events in it. */
export interface OwedMessage { readonly document: OutboxDocument; readonly events: readonly StrowgerEvent[] }

/** Of an event made beside an insert: when the last moment is at which its document can still appear. */
export interface Owing { readonly event: StrowgerEvent; readonly until?: Date }

/** Packs events into messages: one type each, at most 256 events and 512 KiB, in the order given. */
export function owedMessages(service: string, at: Date, sure: boolean, owing: readonly Owing[]): OwedMessage[] {
  const byType = new Map<EventType, Owing[]>();
  for (const one of owing) {
    const list = byType.get(one.event.type);
    if (list) list.push(one); else byType.set(one.event.type, [one]);
  }
  const messages: OwedMessage[] = [];
  for (const [type, list] of byType) {
    for (let start = 0; start < list.length;) {
      let count = Math.min(MAX_EVENTS_PER_MESSAGE, list.length - start);
      let part = list.slice(start, start + count);
      let batch = encodeBatch(part.map(one => one.event));
      while (batch.length > MAX_MESSAGE_BYTES && count > 1) {
        count = Math.ceil(count / 2);
        part = list.slice(start, start + count);
        batch = encodeBatch(part.map(one => one.event));
      }
      const until = part.reduce<Date | undefined>((latest, one) => one.until && (!latest || one.until > latest) ? one.until : latest, undefined);
      messages.push({
        events: part.map(one => one.event),
        document: { _id: randomBytes(16), service, at, subject: subjectOf(type), sure, ...(lowersARight(type) && { lowers: true as const }), ...(until && { until }), batch },
      });
      start += count;
    }
  }
  return messages;
}
