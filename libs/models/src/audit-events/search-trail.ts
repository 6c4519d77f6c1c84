import { AuditPostingsReader } from '../audit-postings/audit-postings.reader';
import { conditionsOf } from '../audit-postings/audit-terms';
import { AuditEventDocument } from './audit-events.schema';
import { AuditFilter, AuditPosition, auditSpan } from './audit-query';

const LONGEST_SEARCH_MS = 4000;
/** Where at least this share of the events is wanted, it is cheaper to look at all of them than to go to each moment. */
const DENSE = 1 / 8;
/** Moments gone to at once: as many as are wanted, then more and more while they have few of the events. */
const MOST_AT_ONCE = 256;

/** What is asked of a tenant's trail: at most `limit` events that the filter holds for, after a position. */
export interface AuditSearch { readonly tenantId: string; readonly filter: AuditFilter; readonly limit: number; readonly after?: AuditPosition | undefined }

/** The events of the trail themselves. Both reads answer newest first by time and then by id, and may take as long as they say, in milliseconds. */
export interface TrailEvents {
  /** The events of a search, found by looking at all events of its time. */
  scan(search: AuditSearch, ms: number): Promise<AuditEventDocument[]>;
  /** Those of them that stand at some moments (milliseconds since the epoch). */
  at(moments: readonly number[], search: AuditSearch, ms: number): Promise<AuditEventDocument[]>;
  byId(tenantId: string, id: string): Promise<AuditEventDocument | undefined>;
}

/**
 * The events of a search, newest first by time and then by id: by postings where they are complete and can say anything, else by looking.
 * @throws a database error - also where it would take longer than 4 s
 */
export async function searchTrail(events: TrailEvents, postings: AuditPostingsReader, search: AuditSearch): Promise<AuditEventDocument[]> {
  const { tenantId, filter, limit, after } = search, end = performance.now() + LONGEST_SEARCH_MS;
  const left = (): number => Math.max(1, Math.ceil(end - performance.now()));
  const conditions = conditionsOf(filter), begin = conditions.length > 0 ? await postings.begin() : undefined;
  if (begin === undefined) return events.scan(search, left());
  const { from, to } = auditSpan(filter, after), found: AuditEventDocument[] = [];
  const own = filter.subject === undefined ? [] : events.byId(tenantId, filter.subject).then(event => event ? [event.time.getTime()] : []);
  const wanted = conditions.map((condition, n) => ({ condition, also: Promise.resolve(n === 0 ? own : []) }));
  for await (const { moments, share, hits } of postings.moments(tenantId, wanted, { from: Math.max(from, begin), to }, limit, left)) {
    let atOnce = Math.min(Math.ceil(limit / Math.max(hits, limit / MOST_AT_ONCE)), Math.max(limit, MOST_AT_ONCE));
    for (let start = 0, end = 0; start < moments.length; start = end, atOnce = Math.min(atOnce * 2, Math.max(limit, MOST_AT_ONCE))) {
      end = start + atOnce;
      const some = moments.slice(start, end), rest = { ...search, limit: limit - found.length };
      found.push(...await (share < DENSE ? events.at(some, rest, left()) : events.scan({ ...rest, filter: within(filter, some) }, left())));
      if (found.length >= limit) return found;
    }
  }
  if (from >= begin) return found;
  const older = { ...filter, to: new Date(Math.min(begin, to + 1)) };
  return [...found, ...await events.scan({ tenantId, filter: older, limit: limit - found.length, after }, left())];
}

/** The filter, within the time of some moments; these lie within the filter's. */
function within(filter: AuditFilter, moments: readonly number[]): AuditFilter {
  return { ...filter, from: new Date(moments.at(-1) ?? 0), to: new Date((moments[0] ?? 0) + 1) };
}
