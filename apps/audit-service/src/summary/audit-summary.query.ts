import { z } from 'zod';
import { AuditFilter } from '@strowger/models/audit-events/audit-query';
import { SummaryField } from '@strowger/models/audit-events/audit-summary.reader';
import { filterOf, filterParameters, inOrder, LATER, parsedOr400 } from '../queries/audit-events.query';

const HOUR_SECONDS = 3600, DAY_SECONDS = 24 * HOUR_SECONDS;
/** Of each interval: its length, how much time is summed up where nothing is said, and at most. */
const intervals = {
  hour: { seconds: HOUR_SECONDS, usual: DAY_SECONDS, longest: 31 * DAY_SECONDS },
  day: { seconds: DAY_SECONDS, usual: 30 * DAY_SECONDS, longest: 366 * DAY_SECONDS },
} as const;
type Interval = keyof typeof intervals;
const fields = ['type', 'client_id', 'grant_type'] as const satisfies readonly SummaryField[];

/** What is to be counted: intervals of `seconds` within [from, to), by a field. */
export interface AuditSummary { readonly interval: Interval; readonly seconds: number; readonly by: SummaryField; readonly from: Date; readonly to: Date; readonly filter: AuditFilter }

const Parameters = z.strictObject({
  ...filterParameters,
  interval: z.string().pipe(z.enum(['hour', 'day'], 'must be one of hour, day')),
  by: z.string().pipe(z.enum(fields, `must be one of ${fields.join(', ')}`)),
}).refine(inOrder, LATER).refine(
  ({ interval, from, to }) => !from || !to || to.getTime() - from.getTime() <= intervals[interval].longest * 1000,
  { path: ['from'], message: `must be at most ${String(intervals.hour.longest / DAY_SECONDS)} days before to by the hour, ${String(intervals.day.longest / DAY_SECONDS)} days by the day` },
);

/**
 * Parses the query string of `GET /api/audit/summary`: an interval, a field, and the filters of `GET /api/audit/events`. Without `from` the last day
 * before `to` is counted by the hour, the last 30 days by the day; without `to`, from `from` on as long; never past `now`.
 * @throws OAuthError invalid_request - naming the parameter that is missing, unknown, given twice, or not of its form
 */
export function parseAuditSummary(parameters: unknown, now: Date): AuditSummary {
  const { interval, by, ...rest } = parsedOr400(Parameters, parameters);
  const { seconds, usual } = intervals[interval];
  const to = rest.to ?? (rest.from ? new Date(Math.max(rest.from.getTime() + 1, Math.min(rest.from.getTime() + intervals[interval].longest * 1000, now.getTime()))) : now);
  return { interval, seconds, by, from: rest.from ?? new Date(to.getTime() - usual * 1000), to, filter: filterOf(rest) };
}
