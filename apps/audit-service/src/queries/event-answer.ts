import { AuditEventDocument } from '@strowger/models/audit-events/audit-events.schema';

/** An event as it is answered: its CloudEvents attributes and data as they were told, when it was recorded, and its place among the tenant's events (null: it has none yet). */
export interface EventAnswer extends Record<string, unknown> { readonly id: string; readonly recorded_at: Date; readonly seq: null }

/** `unparsed` is there, and true, where the recording process did not know the event's type or form. */
export function answerOf({ _id, source, type, subject, time, data, json, unparsed, recorded_at }: AuditEventDocument): EventAnswer {
  const told: object = json === undefined
    ? { specversion: '1.0', id: _id, source, type, ...(subject !== undefined && { subject }), time, datacontenttype: 'application/json', data }
    : attributesOf(json);
  return { ...told, id: _id, unparsed, recorded_at, seq: null };
}

function attributesOf(json: string): object {
  const event: unknown = JSON.parse(json);
  return typeof event === 'object' && event !== null ? event : {};
}
