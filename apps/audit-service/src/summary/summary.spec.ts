import { AuditFilter } from '@strowger/models/audit-events/audit-query';
import { SummaryCell } from '@strowger/models/audit-events/audit-summary.reader';
import { parseAuditSummary } from './audit-summary.query';
import { SummarizeTrail } from './summarize-trail';

const now = new Date('2026-11-21T12:30:00Z');
const parsed = (parameters: Record<string, unknown>) => parseAuditSummary({ interval: 'hour', by: 'type', ...parameters }, now);
const refused = (parameters: Record<string, unknown>): string => { try { parsed(parameters); } catch (error) { return error instanceof Error ? error.message : ''; } return ''; };
const expired = Object.assign(new Error('operation exceeded time limit'), { code: 50 });

describe('the parameters of a summary', () => {
  it('counts the last day by the hour, the last 30 days by the day, or as long as may be from a moment on, never past now', () => {
    expect(parsed({})).toEqual({ interval: 'hour', seconds: 3600, by: 'type', from: new Date('2026-11-20T12:30:00Z'), to: now, filter: {} });
    expect(parsed({ interval: 'day' }).from).toEqual(new Date('2026-10-22T12:30:00Z'));
    expect(parsed({ from: '2026-11-01' })).toMatchObject({ from: new Date('2026-11-01'), to: now });
    expect(parsed({ from: '2026-01-01' })).toMatchObject({ to: new Date('2026-02-01') });
    expect(parsed({ to: '2026-11-02', client_id: 'c1' })).toMatchObject({ from: new Date('2026-11-01'), filter: { client_id: 'c1' } });
  });

  it.each<[Record<string, unknown>, RegExp]>([
    [{ interval: undefined }, /^interval /], [{ interval: 'minute' }, /^interval /], [{ by: undefined }, /^by /], [{ by: '$data' }, /^by /], [{ by: 'data.ip' }, /^by /], [{ by: ['type', 'type'] }, /^by /], [{ by: { $ne: 1 } }, /^by /],
    [{ from: '2026-01-01', to: '2026-02-02' }, /^from /], [{ interval: 'day', from: '2024-01-01', to: '2026-02-02' }, /^from /], [{ from: '2026-11-02', to: '2026-11-01' }, /^to /], [{ limit: '1' }, /limit/], [{ $where: '1' }, /\$where/],
  ])('S67: refuses %j', (parameters, message) => { expect(refused(parameters)).toMatch(message); });
});

describe('a summary', () => {
  const hour = (n: number): Date => new Date(Date.UTC(2026, 10, 20, n));
  const of = (cells: (filter: AuditFilter) => SummaryCell[], clock?: () => number) => new SummarizeTrail({ cells: async (_tenant, filter) => { await Promise.resolve(); return cells(filter); } }, clock);
  const span = parsed({ from: '2026-11-20T05:00:00Z', to: '2026-11-22T05:00:00Z' });

  it('asks for each day by itself, and adds up what belongs to one interval', async () => {
    const asked: string[] = [];
    const { items, total } = await of(({ from, to }) => { asked.push(`${String(from?.toISOString())} ${String(to?.toISOString())}`); return [{ at: hour(9), key: 'b', count: 1 }, { at: hour(9), key: 'a', count: 2 }, { at: hour(7), key: null, count: 1 }]; }).run('t1', span);
    expect(asked).toEqual(['2026-11-20T05:00:00.000Z 2026-11-21T00:00:00.000Z', '2026-11-21T00:00:00.000Z 2026-11-22T00:00:00.000Z', '2026-11-22T00:00:00.000Z 2026-11-22T05:00:00.000Z']);
    expect({ items, total }).toEqual({ total: 12, items: [{ at: hour(7), counts: [{ key: null, count: 3 }], others: 0 }, { at: hour(9), counts: [{ key: 'a', count: 6 }, { key: 'b', count: 3 }], others: 0 }] });
  });

  it('goes hour by hour where a day takes too long, and gives up where an hour does', async () => {
    const { total } = await of(({ from, to }) => { if (Number(to) - Number(from) > 3_600_000) throw expired; return [{ at: from ?? now, key: 'a', count: 1 }]; }).run('t1', span);
    expect(total).toBe(48);
    await expect(of(() => { throw expired; }).run('t1', span)).rejects.toBe(expired);
    let clock = 0;
    await expect(of(() => [], () => clock += 15_000).run('t1', span)).rejects.toMatchObject({ httpStatus: 503 });
  });

  it('shows the 50 most frequent values, and counts the others together', async () => {
    const { items, total } = await of(({ from }) => from?.getTime() === span.from.getTime() ? Array.from({ length: 60 }, (_, n) => ({ at: hour(9), key: `c${String(n)}`, count: n + 1 })) : []).run('t1', span);
    expect(items[0]?.counts).toHaveLength(50);
    expect(items[0]?.counts[0]).toEqual({ key: 'c59', count: 60 });
    expect(items[0]?.others).toBe(55);
    expect(total).toBe(1830);
  });

  it('refuses what has more values than can be held', async () => {
    let n = 0;
    await expect(of(() => Array.from({ length: 60_000 }, () => ({ at: hour(9), key: String(n++), count: 1 }))).run('t1', span)).rejects.toMatchObject({ code: 'invalid_request' });
  });
});
