import { unavailable } from '@strowger/auth/api-error';
import { AuditSummaryReader, SummaryCell } from '@strowger/models/audit-events/audit-summary.reader';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { isTooLong } from '../queries/too-long';
import { AuditSummary } from './audit-summary.query';

const HOUR_MS = 3_600_000, DAY_MS = 24 * HOUR_MS;
/** The keys that a chart can show; what the others have in common is that they are others. */
const MOST_KEYS = 50;
const MOST_CELLS = 100_000;
const LONGEST_MS = 20_000;

/** Counts of one interval, the most frequent first; `others`: what is not among the keys of this answer. */
export interface SummaryItem { readonly at: Date; readonly counts: readonly { readonly key: string | null; readonly count: number }[]; readonly others: number }

/** Counts the trail day by day, so that no query is long, and gives the 50 most frequent values of the field. */
export class SummarizeTrail {
  constructor(private readonly reader: Pick<AuditSummaryReader, 'cells'>, private readonly clock: () => number = () => performance.now()) {}

  /**
   * Intervals without an event are left out.
   * @throws OAuthError invalid_request - the field has too many values; ApiError temporarily_unavailable - it took too long
   */
  async run(tenantId: string, { filter, seconds, by, from, to }: AuditSummary): Promise<{ items: SummaryItem[]; total: number }> {
    const end = this.clock() + LONGEST_MS;
    const counts = new Map<number, Map<string | null, number>>();
    let cells = 0;
    const take = (found: readonly SummaryCell[]): void => {
      for (const { at, key, count } of found) {
        const ofInterval = counts.get(at.getTime()) ?? new Map<string | null, number>();
        if (!ofInterval.has(key) && ++cells > MOST_CELLS) throw new OAuthError('invalid_request', 'that is more than can be summed up: narrow it with from, to or a filter');
        counts.set(at.getTime(), ofInterval.set(key, (ofInterval.get(key) ?? 0) + count));
      }
    };
    for (let begin = from.getTime(); begin < to.getTime();) {
      const next = Math.min(begin - begin % DAY_MS + DAY_MS, to.getTime());
      for (const found of await this.parts(tenantId, filter, [begin, next], seconds, by)) take(found);
      if (this.clock() > end) throw unavailable('the summary took too long: narrow it with from, to or a filter');
      begin = next;
    }
    return summed(counts);
  }

  /** A day at once, or hour by hour where that takes too long. */
  private async parts(tenantId: string, filter: AuditSummary['filter'], [begin, end]: readonly [number, number], seconds: number, by: AuditSummary['by']): Promise<SummaryCell[][]> {
    const between = (from: number, to: number) => this.reader.cells(tenantId, { ...filter, from: new Date(from), to: new Date(to) }, seconds, by);
    try {
      return [await between(begin, end)];
    } catch (error) {
      if (!isTooLong(error) || end - begin <= HOUR_MS) throw error;
      const parts: SummaryCell[][] = [];
      for (let at = begin; at < end; at += HOUR_MS) parts.push(await between(at, Math.min(at + HOUR_MS, end)));
      return parts;
    }
  }
}

function summed(counts: ReadonlyMap<number, ReadonlyMap<string | null, number>>): { items: SummaryItem[]; total: number } {
  const totals = new Map<string | null, number>();
  for (const ofInterval of counts.values()) for (const [key, count] of ofInterval) totals.set(key, (totals.get(key) ?? 0) + count);
  const most = (a: readonly [string | null, number], b: readonly [string | null, number]): number => b[1] - a[1] || String(a[0]).localeCompare(String(b[0]));
  const shown = new Set([...totals].sort(most).slice(0, MOST_KEYS).map(([key]) => key));
  const items = [...counts].sort(([a], [b]) => a - b).map(([at, ofInterval]) => ({
    at: new Date(at), counts: [...ofInterval].filter(([key]) => shown.has(key)).sort(most).map(([key, count]) => ({ key, count })),
    others: [...ofInterval].reduce((sum, [key, count]) => shown.has(key) ? sum : sum + count, 0),
  }));
  return { items, total: [...totals.values()].reduce((sum, count) => sum + count, 0) };
}
