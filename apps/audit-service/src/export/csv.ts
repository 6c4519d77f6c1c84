import { AuditEventDocument } from '@strowger/models/audit-events/audit-events.schema';
import { answerOf } from '../queries/event-answer';

/** Fields of an event's data that have a column of their own; all of it stands in the last column, as JSON. */
const DATA_COLUMNS = ['account_id', 'username', 'client_id', 'client_name', 'application_id', 'grant_type', 'scope', 'ip', 'user_agent', 'reason', 'count', 'request_id'] as const;
const COLUMNS = ['id', 'time', 'type', 'subject', ...DATA_COLUMNS, 'source', 'recorded_at', 'data'] as const;
/** How a spreadsheet tells a formula, after what it takes for white space; full-width signs as well. */
const FORMULA = /^[\s\p{Z}\p{Cf}]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]/u;
/** A line break in a cell is legal, but half of all readers take it for a new row. */
const BREAKS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/**
 * One value as a cell of CSV (RFC 4180): always quoted, on one line, and never a formula: what a spreadsheet would
 * calculate gets an apostrophe in front.
 */
export function csvCell(value: unknown): string {
  if (value === undefined || value === null) return '""';
  const text = (value instanceof Date ? value.toISOString() : typeof value === 'string' ? value : JSON.stringify(value)).replace(BREAKS, ' ');
  return `"${(FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}

/** The names of the columns, as the first line. */
export const CSV_HEAD = `${COLUMNS.map(csvCell).join(',')}\r\n`;

/** One event as a line. */
export function csvLine(event: AuditEventDocument): string {
  const { id, time, type, subject, source, recorded_at, data } = answerOf(event);
  const fields: Record<string, unknown> = event.data ?? {};
  return `${[id, time, type, subject, ...DATA_COLUMNS.map(name => Object.hasOwn(fields, name) ? fields[name] : undefined), source, recorded_at, data].map(csvCell).join(',')}\r\n`;
}
