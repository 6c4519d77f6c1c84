import { createHash, randomBytes } from 'node:crypto';
import { EventData, EventType, ServiceName, StrowgerEvent } from '@strowger/contracts/event-catalogue';

/** Which process speaks: `service` and its instance, the event's `source`. */
export interface EventSource { readonly service: ServiceName; readonly instance: string }

const EVENT_ID_BYTES = 16;
const MAX_USER_AGENT = 256, MAX_SCOPE = 4096, MAX_REASON = 256;
const cut = (text: unknown, length: number): unknown => typeof text === 'string' && text.length > length ? text.slice(0, length) : text;

/** Id of the event of a change: the same for the same document, version and type, whoever makes it, however often. */
export const eventIdOf = (collection: string, documentId: string, version: number, type: EventType): string =>
  createHash('sha256').update(JSON.stringify([collection, documentId, version, type])).digest().subarray(0, EVENT_ID_BYTES).toString('base64url');

/** Id of an event that stands for no document (`token.rejected`, `login.failed`). */
export const randomEventId = (): string => randomBytes(EVENT_ID_BYTES).toString('base64url');

/** Makes an event, cut to size (user agent 256, scope 4096, reason 256 characters). */
export function makeEvent<T extends EventType>(source: EventSource, type: T, id: string, subject: string, time: Date, data: EventData<T>): StrowgerEvent<T> {
  const sized: Record<string, unknown> = { ...data };
  for (const [field, length] of [['user_agent', MAX_USER_AGENT], ['scope', MAX_SCOPE], ['reason', MAX_REASON]] as const) {
    if (field in sized) sized[field] = cut(sized[field], length);
  }
  return {
    specversion: '1.0', id, source: `/${source.service}/${source.instance}`, type, subject, time: time.toISOString(),
    datacontenttype: 'application/json', data: sized as EventData<T>,
  };
}
