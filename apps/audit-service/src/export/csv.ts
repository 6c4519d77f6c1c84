import { AuditEventDocument } from '@strowger/models/audit-events/audit-events.schema';
import { csvLine as lineOf } from '@strowger/service/csv-cell';
import { answerOf } from '../queries/event-answer';

/** Fields of an event's data that have a column of their own; all of it stands in the last column, as JSON. */
const DATA_COLUMNS = ['account_id', 'username', 'client_id', 'client_name', 'application_id', 'grant_type', 'scope', 'ip', 'user_agent', 'reason', 'count', 'request_id'] as const;
const COLUMNS = ['id', 'time', 'type', 'subject', ...DATA_COLUMNS, 'source', 'recorded_at', 'data'] as const;
/** The names of the columns, as the first line. */
export const CSV_HEAD = lineOf(COLUMNS);

/** One event as a line. */
export function csvLine(event: AuditEventDocument): string {
  const { id, time, type, subject, source, recorded_at, data } = answerOf(event);
  const fields: Record<string, unknown> = event.data ?? {};
  return lineOf([id, time, type, subject, ...DATA_COLUMNS.map(name => Object.hasOwn(fields, name) ? fields[name] : undefined), source, recorded_at, data]);
}
