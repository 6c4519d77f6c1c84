import { AuditEventDocument } from '@strowger/models/audit-events/audit-events.schema';
import { AuditPosition } from '@strowger/models/audit-events/audit-query';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { makeLog } from '@strowger/service/service-log';
import { Exporter, ExportTrail } from './export-trail';
import { parseAuditExport } from './audit-export.query';
import { csvCell } from '@strowger/service/csv-cell';
import { CSV_HEAD, csvLine } from './csv';

const at = new Date('2026-11-21T12:00:00Z');
const event = (data: Record<string, unknown> = {}, changes: Partial<AuditEventDocument> = {}): AuditEventDocument =>
  ({ _id: 'e1', tenant_id: 't1', version: 1, source: '/token-service/i1', type: 'token.issued', subject: 'e1', time: at, data: { tenant_id: 't1', version: 1, ...data }, recorded_at: at, ...changes });
/** The cells of a line, read as RFC 4180 says. */
const cells = (line: string): string[] => [...line.matchAll(/"((?:[^"]|"")*)"(?:,|\r\n$)/g)].map(([, text = '']) => text.replaceAll('""', '"'));

describe('an event as CSV', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '|cmd', '%0a', '\t=1', '\r=1', '\n\n=cmd|\'/C calc\'!A0', ' =1', '\u00a0=1', '\u200b=1', '\ufeff=1', '＝1', '＋1', '－1', '＠A1'])('S86: makes no formula of %j', text => {
    const [cell = ''] = cells(`${csvCell(text)}\r\n`);
    expect(cell.startsWith("'")).toBe(true);
    expect(cell.endsWith(text.replace(/[\t\r\n]+/g, ' ').trimStart())).toBe(true);
  });

  it.each(['alice', '12', 'a=b', 'rest:calllog:read', '', '<script>alert(1)</script>', 'a,b', 'a;b', 'say "hi"', '10.0.0.1'])('leaves %j as it is', text => {
    expect(cells(`${csvCell(text)}\r\n`)).toEqual([text]);
  });

  it.each([['a\r\nb'], ['a\nb'], ['a\u2028b'], ['a\u0085b'], ['a\0b']])('S86: keeps %j on one line', text => {
    expect(csvCell(text)).toBe('"a b"');
  });

  it('S86: has a cell a column and one line an event, whatever is in it', () => {
    const hostile = '",=1+1\r\n"x';
    const line = csvLine(event({ username: hostile, client_name: hostile, scope: hostile, user_agent: hostile, reason: hostile, ip: hostile, [hostile]: hostile }, { subject: hostile }));
    expect(line.match(/[\r\n]/g)).toEqual(['\r', '\n']);
    expect(cells(line)).toHaveLength(cells(CSV_HEAD).length);
    expect(cells(line).filter(cell => /^\s*[=+\-@]/.test(cell))).toEqual([]);
    expect(JSON.parse(cells(line).at(-1) ?? '')).toMatchObject({ username: hostile, [hostile]: hostile });
  });

  it('tells of an event whose fields are of another form than expected', () => {
    expect(cells(csvLine(event({ username: { $gt: 1 }, scope: ['a'], count: 7, ip: null }))).slice(5, 12)).toEqual(['{"$gt":1}', '', '', '', '', '["a"]', '']);
    const without = event();
    delete without.data;
    expect(cells(csvLine(without))).toHaveLength(cells(CSV_HEAD).length);
  });
});

describe('the parameters of an export', () => {
  it('records the filter as it was typed, in one order, and its values escaped', () => {
    expect(parseAuditExport({ type: 'token.issued', format: 'csv', subject: 'a&b=\u2028', from: '2026-11-20' }).asked).toBe('from=2026-11-20&subject=a%26b%3D%E2%80%A8&type=token.issued');
  });
  it.each<[Record<string, unknown>, RegExp]>([
    [{}, /^format /], [{ format: 'xls' }, /^format /], [{ format: ['csv', 'csv'] }, /^format /], [{ format: { $ne: 'csv' } }, /^format /], [{ format: 'csv', limit: '1' }, /limit/],
    [{ format: 'csv', cursor: 'x' }, /cursor/], [{ format: 'csv', client_id: { $ne: 'x' } }, /^client_id /], [{ format: 'csv', $where: '1' }, /\$where/], [{ format: 'csv', from: '2026-11-22', to: '2026-11-21' }, /^to /],
  ])('S67: refuses %j', (parameters, message) => { expect(() => parseAuditExport(parameters)).toThrow(message); });
});

describe('an export', () => {
  const exporter: Exporter = { claims: { sub: 'p1', client_id: 'c1', tenant_id: 't1' } as AccessTokenClaims, request_id: 'r1', ip: '10.0.0.1', user_agent: 'x'.repeat(400) };
  const log = makeLog('test', { LOG_LEVEL: 'silent', STROWGER_INSTANCE: 'i' });
  const wanted = parseAuditExport({ format: 'ndjson', client_id: 'c1' });
  /** A trail of `many` events, its pages counted; recording fails `failures` times. */
  function trail(many: number, failures = 0) {
    const seen = { pages: 0, recorded: [] as AuditEventDocument[], attempts: 0 };
    const page = (_tenant: string, _filter: object, limit: number, after?: AuditPosition): Promise<AuditEventDocument[]> => {
      seen.pages++;
      const start = after ? Number(after.id) + 1 : 0;
      return Promise.resolve(Array.from({ length: Math.max(0, Math.min(limit, many - start)) }, (_, i) => event({}, { _id: String(start + i) })));
    };
    const record = (events: readonly AuditEventDocument[]) => {
      if (++seen.attempts <= failures) return Promise.reject(new Error('the database is away'));
      seen.recorded.push(...events);
      return Promise.resolve({ inserted: events.length, known: 0, refused: [] });
    };
    return { seen, exports: new ExportTrail({ page }, { record }, { service: 'audit-service', instance: 'i1' }, log) };
  }
  const read = async (pages: AsyncGenerator<string>, chunks = Infinity): Promise<string> => {
    let text = '';
    for (let n = 0; n < chunks; n++) { const next = await pages.next(); if (next.done === true) break; text += next.value; }
    return text;
  };

  it('tells every event once, and its end means that it is recorded', async () => {
    const { seen, exports } = trail(1700);
    const lines = (await read(await exports.begin(wanted, exporter))).trim().split('\n').map(line => JSON.parse(line) as { id: string });
    expect(lines.map(line => line.id)).toEqual(Array.from({ length: 1700 }, (_, n) => String(n)));
    expect(seen.recorded).toMatchObject([{ tenant_id: 't1', type: 'audit.exported', source: '/audit-service/i1', data: { filter: 'client_id=c1', count: 1700, by: { account_id: 'p1', client_id: 'c1' }, request_id: 'r1', ip: '10.0.0.1' } }]);
    expect(String(seen.recorded[0]?.data?.['user_agent'])).toHaveLength(256);
  });

  it('reads no page before the last one was taken, and is recorded with what was taken when its reader goes away', async () => {
    const { seen, exports } = trail(1_000_000);
    const pages = await exports.begin(wanted, exporter);
    await read(pages, 3);
    expect(seen.pages).toBe(3);
    await pages.return();
    await exports.drain();
    expect(seen.recorded).toMatchObject([{ data: { count: 1000 } }]);
  });

  it('is recorded where it is empty', async () => {
    const { seen, exports } = trail(0);
    expect(await read(await exports.begin(parseAuditExport({ format: 'csv' }), exporter))).toBe(CSV_HEAD);
    expect(seen.recorded).toMatchObject([{ data: { filter: '', count: 0 } }]);
  });

  it('S86: ends in an error where it cannot be recorded, and is recorded by a later attempt where the database was away', async () => {
    const away = trail(10, 2);
    await read(await away.exports.begin(wanted, exporter));
    expect(away.seen).toMatchObject({ attempts: 3, recorded: [{ data: { count: 10 } }] });
    const gone = trail(10, Infinity);
    await expect(read(await gone.exports.begin(wanted, exporter))).rejects.toThrow('the database is away');
  });

  it('runs eight at once, no more, and a ninth once one has ended', async () => {
    const { exports } = trail(1000);
    const open = await Promise.all(Array.from({ length: 8 }, () => exports.begin(wanted, exporter)));
    await expect(exports.begin(wanted, exporter)).rejects.toMatchObject({ httpStatus: 429, details: { retryAfterSeconds: 10 } });
    await open[0]?.return();
    await expect(exports.begin(wanted, exporter)).resolves.toBeDefined();
  });
});
