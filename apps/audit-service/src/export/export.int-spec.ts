import { connect } from 'node:net';
import { EventType } from '@strowger/contracts/event-catalogue';
import { eventually } from '../../../../test/system';
import { AuditScene, get, issued, TestEvent } from '../audit-scene.fixture';

let scene: AuditScene;
let url: string;

const HOSTILE = '=HYPERLINK("http://x","y")\r\n<script>,"';
const at = (minute: number): string => new Date(Date.UTC(2026, 10, 20, 0, minute)).toISOString();
const told: TestEvent[] = [
  ...Array.from({ length: 1300 }, (_, n) => issued({ time: at(n % 1440) }, { tenant_id: n % 10 === 9 ? 't2' : 't1', client_id: `c${String(n % 3)}`, grant_type: n % 2 ? 'password' : 'client_credentials', username: n === 0 ? HOSTILE : 'alice' })),
  ...Array.from({ length: 6 }, (_, n) => ({ ...issued({ type: 'token.rejected', time: at(n) }), data: { tenant_id: 't1', version: 1, client_id: 'c0', reason: 'invalid_client', ...(n < 3 && { count: 500 }) } })),
];
const token = (who: string): { authorization: string } => ({ authorization: `Bearer ${Buffer.from(who).toString('base64url')}` });
const exported = (query: string, who = 'auditor.t1') => fetch(`${url}/api/audit/export?${query}`, { headers: { ...token(who), 'user-agent': 'auditor' } });
const records = (tenant_id: string) => scene.recorded({ tenant_id, type: 'audit.exported' });
const newestFirst = (a: TestEvent, b: TestEvent): number => b.time.localeCompare(a.time) || (a.id < b.id ? 1 : -1);

beforeAll(async () => {
  scene = await AuditScene.start('audit_export');
  ({ url } = await scene.instance());
  for (const type of ['token.issued', 'token.rejected'] satisfies EventType[]) {
    const events = told.filter(event => event.type === type);
    for (let start = 0; start < events.length; start += 200) await scene.publish(events.slice(start, start + 200), type);
  }
  await eventually('the events to be recorded', async () => await scene.count() === told.length);
});
afterAll(async () => { await scene.stop(); });

describe('exporting the trail', () => {
  it('answers every event of the tenant once as NDJSON, newest first, as the list answers it; and is an event itself (S86)', async () => {
    const response = await exported('format=ndjson');
    expect([response.status, response.headers.get('content-type'), response.headers.get('cache-control'), response.headers.get('x-content-type-options')]).toEqual([200, 'application/x-ndjson; charset=utf-8', 'no-store', 'nosniff']);
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="strowger-audit-\d{8}T\d{6}Z\.ndjson"$/);
    const lines = (await response.text()).trimEnd().split('\n').map(line => JSON.parse(line) as TestEvent);
    expect(lines.map(line => line.id)).toEqual(told.filter(event => event.data['tenant_id'] === 't1').sort(newestFirst).map(event => event.id));
    expect(lines[0]).toEqual((await get(url, `/api/audit/events/${lines[0]?.id ?? ''}`)).body);
    expect(await records('t1')).toMatchObject([{ data: { filter: '', count: lines.length, by: { account_id: 'p9', client_id: 'c9' }, user_agent: 'auditor', ip: '127.0.0.1' } }]);
    expect((await get(url, '/api/audit/events?type=audit.exported')).body).toMatchObject({ items: [{ type: 'audit.exported', source: expect.stringMatching(/^\/audit-service\/./) as unknown }] });
  });

  it('S86: answers CSV in which nothing is a formula, a line is an event, and of a filter only what it holds for', async () => {
    const response = await exported('format=csv&type=token.issued&client_id=c0&from=2026-11-20&to=2026-11-21');
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    const lines = (await response.text()).split('\r\n');
    expect(lines.at(-1)).toBe('');
    expect(lines.slice(1, -1)).toHaveLength(told.filter(event => event.type === 'token.issued' && event.data['tenant_id'] === 't1' && event.data['client_id'] === 'c0').length);
    expect(lines.filter(line => /(^|,)"?\s*[=+\-@]/.test(line.replace(/"\{.*$/, '')))).toEqual([]);
    expect(lines.find(line => line.includes('HYPERLINK'))).toContain(`"'=HYPERLINK(""http://x"",""y"") <script>,"""`);
    await eventually('the record', async () => (await records('t1')).some(({ data }) => data?.['filter'] === 'client_id=c0&from=2026-11-20&to=2026-11-21&type=token.issued' && data['count'] === lines.length - 2));
  });

  it('S64: exports nothing of another tenant', async () => {
    expect((await (await exported('format=ndjson', 'auditor.t3')).text())).toBe('');
    const foreign = (await (await exported('format=ndjson', 'auditor.t2')).text()).trimEnd().split('\n').map(line => JSON.parse(line) as TestEvent);
    expect(new Set(foreign.map(event => event.data['tenant_id']))).toEqual(new Set(['t2']));
    expect(await records('t3')).toMatchObject([{ data: { count: 0 } }]);
  });

  it.each(['', 'format=xls', 'format=csv&limit=1', 'format=csv&cursor=x', 'format=csv&format=csv', 'format[$ne]=csv', 'format=csv&client_id[$ne]=x', 'format=csv&$where=1', 'format=csv&subject=$where', 'format=csv&scope=a b', 'format=csv&tenant_id=t2', 'format=csv&__proto__[x]=1'])('S66, S67: refuses ?%s with 400, and records nothing', async query => {
    const before = (await records('t1')).length;
    const { status, body } = await get(url, `/api/audit/export?${query}`);
    expect({ status, error: body['error'] }).toEqual({ status: 400, error: 'invalid_request' });
    expect(await records('t1')).toHaveLength(before);
  });

  it('S86: lets auditors and administrators export, nobody else, and lets nobody write', async () => {
    const path = '/api/audit/export?format=csv';
    for (const [who, status] of [['', 401], ['expired', 401], ['user.t1', 403], ['auditor.t1.strowger:audit:write', 403], ['administrator.t1.rest gql', 403]] as const) expect((await get(url, path, who)).status).toBe(status);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) expect((await fetch(`${url}${path}`, { method, headers: token('auditor.t1') })).status).toBe(404);
    const head = await fetch(`${url}${path}`, { method: 'HEAD', headers: token('auditor.t4') });
    expect([head.status, (await records('t4')).length]).toEqual([200, 0]);
  });

  it('is recorded with what was sent when its reader goes away, and goes no further', async () => {
    const many = Array.from({ length: 12_000 }, () => issued({ time: at(0) }, { tenant_id: 't5', client_name: 'x'.repeat(1500) }));
    for (let start = 0; start < many.length; start += 200) await scene.publish(many.slice(start, start + 200));
    await eventually('the events to be recorded', async () => await scene.count({ tenant_id: 't5' }) === many.length, 60);
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET /api/audit/export?format=ndjson HTTP/1.1\r\nHost: x\r\nAuthorization: ${token('auditor.t5').authorization}\r\n\r\n`);
    await new Promise(resolve => socket.once('data', resolve));
    socket.destroy();
    const [record] = await eventually('the record', async () => { const found = await records('t5'); return found.length > 0 && found; });
    expect(Number(record?.data?.['count'])).toBeLessThan(many.length);
  });
});

describe('the trail in figures', () => {
  /** Counts by looking at everything. */
  function byBruteForce(length: number, field: (event: TestEvent) => string | undefined, holds: (event: TestEvent) => boolean): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const event of told.filter(one => one.data['tenant_id'] === 't1' && holds(one))) {
      const key = `${new Date(Math.floor(Date.parse(event.time) / length) * length).toISOString()} ${field(event) ?? 'null'}`;
      counts[key] = (counts[key] ?? 0) + (typeof event.data['count'] === 'number' ? event.data['count'] : 1);
    }
    return counts;
  }
  const flat = (body: Record<string, unknown>): Record<string, number> => Object.fromEntries((body['items'] as { at: string; counts: { key: string | null; count: number }[] }[]).flatMap(({ at: begin, counts }) => counts.map(({ key, count }) => [`${begin} ${String(key)}`, count])));
  const all = (): boolean => true;
  const span = 'from=2026-11-20&to=2026-11-21';

  it.each<[string, number, (event: TestEvent) => string | undefined, (event: TestEvent) => boolean]>([
    ['interval=hour&by=type', 3_600_000, event => event.type, all],
    ['interval=day&by=type', 86_400_000, event => event.type, all],
    ['interval=hour&by=client_id', 3_600_000, event => event.data['client_id'] as string | undefined, all],
    ['interval=day&by=grant_type', 86_400_000, event => event.data['grant_type'] as string | undefined, all],
    ['interval=hour&by=client_id&type=token.rejected', 3_600_000, event => event.data['client_id'] as string, event => event.type === 'token.rejected'],
    ['interval=hour&by=type&type=token.rejected,token.issued', 3_600_000, event => event.type, all],
    ['interval=day&by=client_id&type=token.issued&grant_type=password', 86_400_000, event => event.data['client_id'] as string, event => event.type === 'token.issued' && event.data['grant_type'] === 'password'],
    ['interval=day&by=grant_type&client_id=c1&subject=alice', 86_400_000, event => event.data['grant_type'] as string, event => event.data['client_id'] === 'c1' && event.data['username'] === 'alice'],
  ])('counts ?%s, each flood as many as it stands for', async (query, length, field, holds) => {
    const { status, body } = await get(url, `/api/audit/summary?${query}&${span}`);
    const expected = byBruteForce(length, field, holds);
    expect({ status, counts: flat(body), total: body['total'] }).toEqual({ status: 200, counts: expected, total: Object.values(expected).reduce((sum, one) => sum + one, 0) });
  });

  it('counts an export as one event, however many events were exported', async () => {
    await (await exported('format=ndjson', 'auditor.t2')).text();
    const { body } = await get(url, `/api/audit/summary?interval=day&by=type&type=audit.exported`, 'auditor.t2');
    expect(body['total']).toBe((await records('t2')).length);
  });

  it('finds an event by its own id as subject', async () => {
    const one = told.find(event => event.data['tenant_id'] === 't1' && event.type === 'token.issued') ?? issued();
    expect((await get(url, `/api/audit/summary?interval=day&by=type&subject=${one.id}&${span}`)).body).toMatchObject({ total: 1 });
    expect((await get(url, `/api/audit/events?subject=${one.id}`)).body['items']).toHaveLength(1);
  });

  it('S64: counts nothing of another tenant', async () => {
    expect((await get(url, `/api/audit/summary?interval=day&by=type&${span}`, 'auditor.t9')).body).toMatchObject({ total: 0, items: [] });
  });

  it.each(['', 'interval=hour', 'by=type', 'interval=year&by=type', 'interval=hour&by=$data', 'interval[$ne]=hour&by=type', 'interval=hour&by=type&by=type', 'interval=hour&by=type&from=2026-01-01&to=2026-03-01', 'interval=hour&by=type&client_id[$gt]=', 'interval=hour&by=type&$expr=1'])('S66, S67: refuses ?%s with 400', async query => {
    expect(await get(url, `/api/audit/summary?${query}`)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });
});
