import { createHash } from 'node:crypto';
import { decodeBatch, Envelope } from '@strowger/contracts/cloud-event';
import { eventCatalogue, EventType, isEventType, subjectOf } from '@strowger/contracts/event-catalogue';
import { StoredMessage } from '@strowger/messaging/jetstream-server';
import { AuditDeadLetterDocument, DeadLetterReason } from '@strowger/models/audit-dead-letters/audit-dead-letters.schema';
import { AuditEventDocument } from '@strowger/models/audit-events/audit-events.schema';
import { DEPLOYMENT } from '@strowger/oauth-core/facts';
import { shapeOf } from './json-shape';

/** Twice what a publisher may send: more is not even decoded. */
const MAX_DECODED_BYTES = 1024 * 1024;
const MAX_RAW_BYTES = 64 * 1024;
const JSON_CONTENT = 'application/json';
const KNOWN_ATTRIBUTES: ReadonlySet<string> = new Set(['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'data']);
/** What a reader of any age can put into an index or an answer. */
const PRINTABLE = /^[\x21-\x7e]+$/;
const TENANT_ID = /^[A-Za-z0-9_-]{1,64}$/;
const SOURCE = /^\/[a-z][a-z0-9-]{0,63}\//;

type Message = Pick<StoredMessage, 'subject' | 'body' | 'sequence'>;
/** An event that is fit for the trail, and how it is put away if the database refuses it. */
export interface JudgedEvent { readonly document: AuditEventDocument; letter(reason: DeadLetterReason): AuditDeadLetterDocument }
/** What a message holds: events, and what is none. */
export interface JudgedMessage { readonly events: readonly JudgedEvent[]; readonly letters: readonly AuditDeadLetterDocument[] }

/**
 * Judges a message of the stream, element by element (CloudEvents 1.0, JSON batch format); one bad element is a dead letter and its neighbours live.
 * An event needs a valid envelope and the subject and source of its type; data that the catalogue does not know is recorded `unparsed`,
 * for whoever sent it may be newer than this reader. Never throws, whatever the bytes.
 */
export function judgeMessage(message: Message, recordedAt: Date): JudgedMessage {
  const whole = (reason: DeadLetterReason): JudgedMessage => ({ events: [], letters: [letterOf(message, 'all', message.body, reason, recordedAt)] });
  if (message.body.length > MAX_DECODED_BYTES) return whole('too_large');
  let elements: unknown[];
  try {
    elements = decodeBatch(message.body);
  } catch {
    return whole('not_a_batch');
  }
  const events: JudgedEvent[] = [];
  const letters: AuditDeadLetterDocument[] = [];
  for (const [index, element] of elements.entries()) {
    const letter = (reason: DeadLetterReason) => letterOf(message, index, rawOf(element, message.body), reason, recordedAt);
    const judged = judgeElement(element, message.subject, recordedAt);
    if (typeof judged === 'string') letters.push(letter(judged));
    else events.push({ document: judged, letter });
  }
  return { events, letters };
}

function judgeElement(element: unknown, subject: string, recordedAt: Date): AuditEventDocument | DeadLetterReason {
  const shape = shapeOf(element);
  if (shape === 'too_deep') return 'too_deep';
  const envelope = Envelope.safeParse(element);
  if (!envelope.success || !PRINTABLE.test(envelope.data.id)) return 'no_envelope';
  const event = envelope.data;
  if (!isGenuine(event, subject)) return 'forged';
  const time = new Date(event.time);
  const data = isRecord(event['data']) ? event['data'] : undefined;
  const tenant = data?.['tenant_id'];
  const usual = shape === 'plain' && data !== undefined && event.time === time.toISOString()
    && (event['datacontenttype'] ?? JSON_CONTENT) === JSON_CONTENT && Object.keys(event).every(name => KNOWN_ATTRIBUTES.has(name));
  return {
    _id: event.id, tenant_id: typeof tenant === 'string' && TENANT_ID.test(tenant) ? tenant : DEPLOYMENT, version: 1,
    source: event.source, type: event.type, ...(event.subject !== undefined && { subject: event.subject }), time,
    ...(shape === 'plain' && data && { data }), ...(!usual && { json: JSON.stringify(element) }),
    ...(!(isEventType(event.type) && isOfType(event.type, data)) && { unparsed: true as const }), recorded_at: recordedAt,
  };
}

/** Whether the event came on the subject of its type and names its type's publisher as source: the bus lets no service write on another's subjects. */
function isGenuine({ type, source }: Envelope, subject: string): boolean {
  if (isEventType(type)) return subject === subjectOf(type) && source.startsWith(`/${eventCatalogue[type].service}/`);
  return ['strowger.events', 'strowger.feed.cache', 'strowger.feed.lowering'].some(root => subject === `${root}.${type}`) && SOURCE.test(source);
}

const isOfType = (type: EventType, data: unknown): boolean => eventCatalogue[type].data.safeParse(data).success;
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The bytes of one element; where it is nested too deeply to be written again, those of the whole message. */
function rawOf(element: unknown, body: Uint8Array): Uint8Array {
  try {
    return Buffer.from(JSON.stringify(element));
  } catch {
    return body;
  }
}

function letterOf({ subject, sequence }: Message, place: number | 'all', bytes: Uint8Array, reason: DeadLetterReason, recordedAt: Date): AuditDeadLetterDocument {
  const raw = Buffer.from(bytes.subarray(0, MAX_RAW_BYTES));
  const digest = createHash('sha256').update(raw).digest('hex').slice(0, 16);
  return { _id: `${String(sequence)}-${String(place)}-${digest}`, tenant_id: DEPLOYMENT, version: 1, subject, reason, raw, recorded_at: recordedAt };
}
