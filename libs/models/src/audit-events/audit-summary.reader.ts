import { Database } from '../database';
import { AUDIT_EVENTS, AuditEventDocument } from './audit-events.schema';
import { AuditFilter, auditQuery } from './audit-query';

const LONGEST_QUERY_MS = 4000;
/** Events that may stand for several of one second; in others `count` means something else. */
const FLOODS = ['token.rejected', 'login.failed'];
const NUMBERS = ['int', 'long', 'double'];

/** What a summary counts by, and where an event has it. */
const SUMMARY_FIELDS = { type: '$type', client_id: '$data.client_id', grant_type: '$data.grant_type' } as const;
export type SummaryField = keyof typeof SUMMARY_FIELDS;

/** How many events there are in the time that begins at `at` and has the length asked for; `key` is null where an event has no such field. */
export interface SummaryCell { readonly at: Date; readonly key: string | null; readonly count: number }

/** Counts the trail, one tenant's events at a time. */
export class AuditSummaryReader {
  constructor(private readonly database: Database) {}

  /**
   * Counts the tenant's events that the filter holds for, by times of `seconds` (since the epoch) and by a field, in no order. An event that
   * stands for a flood counts as many as it says.
   */
  async cells(tenantId: string, filter: AuditFilter, seconds: number, by: SummaryField): Promise<SummaryCell[]> {
    const milliseconds = { $toLong: '$time' };
    const many = { $cond: [{ $and: [{ $in: ['$type', FLOODS] }, { $in: [{ $type: '$data.count' }, NUMBERS] }, { $gt: ['$data.count', 0] }] }, '$data.count', 1] };
    const found = await this.database.collection<AuditEventDocument>(AUDIT_EVENTS).aggregate<{ _id: { at: unknown; key?: unknown }; count: number }>([
      { $match: auditQuery(tenantId, filter) },
      { $group: { _id: { at: { $subtract: [milliseconds, { $mod: [milliseconds, seconds * 1000] }] }, key: SUMMARY_FIELDS[by] }, count: { $sum: many } } },
    ], { maxTimeMS: LONGEST_QUERY_MS }).toArray();
    return found.map(({ _id: { at, key }, count }) => ({ at: new Date(Number(at)), key: typeof key === 'string' ? key : null, count }));
  }
}
