import { connect } from 'node:net';
import { EventType } from '@strowger/contracts/event-catalogue';
import { eventually } from '../../../../test/system';
import { AuditScene, get, issued, TestEvent } from '../audit-scene.fixture';

let scene: AuditScene;
let url: string;
const told: TestEvent[] = [];

const pick = <T>(list: readonly [T, ...T[]], n: number): T => list[n % list.length] ?? list[0];
/** 500 events of two tenants, several of one moment, of every kind that a filter can tell apart. */
function history(): TestEvent[] {
  return Array.from({ length: 500 }, (_, n) => {
    const time = new Date(Date.UTC(2026, 10, 20) + Math.floor(n / 7) * 1000).toISOString();
    const data = {
      tenant_id: pick(['t1', 't1', 't2'], n), client_id: pick(['c1', 'c2', 'c3'], n >> 1), account_id: pick(['p1', 'p2', 'c3'], n >> 2), username: pick(['alice', 'bob', 'p1'], n >> 3),
      grant_type: pick(['password', 'client_credentials', 'refresh_token'], n >> 2), ip: pick(['10.0.0.1', '::ffff:10.0.0.1', '2001:db8::1', '10.0.0.10'], n >> 1),
      scope: pick(['rest:calllog:read', 'rest gql', 'rest:calllog:read:own gql', 'xrest:calllog:read', 'gql rest:calllog:read rest:faxes'], n >> 1),
    };
    if (n % 5 === 4) return { ...issued({ time, type: 'token.rejected' }), data: { tenant_id: data.tenant_id, version: 1, client_id: data.client_id, reason: 'invalid_scope', ip: data.ip } };
    return issued({ time, ...(n % 50 === 0 && { subject: 'alice' }) }, data);
  });
}
const newestFirst = (a: TestEvent, b: TestEvent): number => b.time.localeCompare(a.time) || (a.id < b.id ? 1 : -1);
const idsOf = (body: Record<string, unknown>): string[] => (body['items'] as { id: string }[]).map(item => item.id);
const publishAll = async (events: readonly TestEvent[]) => {
  for (const type of new Set(events.map(event => event.type as EventType))) {
    const ofType = events.filter(event => event.type === type);
    for (let start = 0; start < ofType.length; start += 100) await scene.publish(ofType.slice(start, start + 100), type);
  }
  await eventually('the events to be recorded', async () => await scene.count({ _id: { $in: events.map(event => event.id) } }) === events.length);
};

beforeAll(async () => {
  scene = await AuditScene.start('audit_queries');
  ({ url } = await scene.instance());
  told.push(...history());
  await publishAll(told);
});
afterAll(async () => { await scene.stop(); });

/** The answer to a query of t1, by looking at everything. */
function byBruteForce(query: Record<string, string>): string[] {
  const { type, client_id, subject, scope, grant_type, ip, from, to } = query;
  const day = (text: string) => new Date(text).getTime();
  return told.filter(({ data, ...event }) => data['tenant_id'] === 't1'
    && (!type || type.split(',').includes(event.type)) && (!client_id || data['client_id'] === client_id)
    && (!subject || [event.subject, data['account_id'], data['username']].includes(subject))
    && (!scope || String(data['scope']).split(' ').includes(scope)) && (!grant_type || data['grant_type'] === grant_type)
    && (!ip || String(data['ip']).replace('::ffff:', '') === ip) && (!from || Date.parse(event.time) >= day(from)) && (!to || Date.parse(event.time) < day(to)))
    .sort(newestFirst).map(event => event.id);
}

/** Follows the cursors to the end. */
async function walk(query: Record<string, string>, between: () => Promise<void> = () => Promise.resolve()): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const { status, body } = await get(url, `/api/audit/events?${new URLSearchParams({ ...query, ...(cursor !== undefined && { cursor }) }).toString()}`);
    expect(status).toBe(200);
    ids.push(...idsOf(body));
    cursor = (body['next_cursor'] as string | null) ?? undefined;
    await between();
  }
  return ids;
}

describe('queries of the trail', () => {
  const filters: Record<string, string>[] = [
    {}, { type: 'token.rejected' }, { type: 'token.issued,token.rejected' }, { type: 'token.revoked' }, { client_id: 'c2' }, { client_id: 'C2' }, { client_id: 'nobody' }, { subject: 'alice' }, { subject: 'p1' },
    { subject: 'c3' }, { scope: 'rest:calllog:read' }, { scope: 'gql' }, { scope: 'rest' }, { scope: 'rest:calllog' }, { scope: '.*' }, { scope: 'rest|gql' }, { grant_type: 'password' },
    { ip: '10.0.0.1' }, { ip: '2001:db8::1' }, { from: '2026-11-20T00:00:30Z' }, { to: '2026-11-20T00:00:30Z' }, { from: '2026-11-20T00:00:10Z', to: '2026-11-20T00:00:11Z' }, { from: '2026-11-21' },
    { type: 'token.issued', client_id: 'c1', subject: 'alice', scope: 'gql', grant_type: 'password', from: '2026-11-20T00:00:01Z', to: '2026-11-20T00:01:00+00:00' },
  ];
  it.each(filters)('finds with %j exactly what looking at everything finds, newest first', async query => {
    expect(await walk({ ...query, limit: '200' })).toEqual(byBruteForce(query));
  });

  it('some of these filters find something, and less than all', () => {
    const found = filters.map(query => byBruteForce(query).length);
    expect(found.filter(count => count > 0 && count < 300).length).toBeGreaterThan(10);
    expect(Object.keys(filters.at(-1) ?? {})).toHaveLength(7);
    expect(found.at(-1)).toBeGreaterThan(0);
  });

  it('walks through every event exactly once while new ones arrive, whatever the page', async () => {
    for (const limit of ['1', '7', '200']) {
      const query = { limit, to: '2026-11-21', ...(limit === '1' && { client_id: 'c1', scope: 'gql' }) };
      const newer = () => limit === '1' ? Promise.resolve() : publishAll([issued({ time: '2026-11-20T23:59:59.999Z' })]).then(() => undefined);
      const ids = await walk(query, newer);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.filter(id => told.some(event => event.id === id))).toEqual(byBruteForce(query));
    }
  });

  it('answers one event with its attributes, its data, when it was recorded and no sequence yet', async () => {
    const event = told[0] ?? issued();
    const { status, body, headers } = await get(url, `/api/audit/events/${event.id}`);
    expect({ status, body }).toEqual({ status: 200, body: { ...event, recorded_at: expect.stringMatching(/^\d{4}-.*Z$/) as unknown, seq: null } });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-request-id')).toBeTruthy();
    expect((await get(url, '/api/audit/events?limit=200&to=2026-11-20T00:00:01Z')).body['items']).toContainEqual(body);
  });

  it('S64: answers 404 for what is another tenant\'s, and lists nothing of it', async () => {
    const foreign = told.find(event => event.data['tenant_id'] === 't2') ?? issued();
    expect((await get(url, `/api/audit/events/${foreign.id}`)).status).toBe(404);
    expect((await get(url, `/api/audit/events/${foreign.id}`, 'auditor.t2')).status).toBe(200);
    expect((await get(url, '/api/audit/events', 'auditor.t3')).body).toMatchObject({ items: [], next_cursor: null });
    expect((await get(url, '/api/audit/status', 'auditor.t3')).body).toMatchObject({ last_event: null });
    for (const tenant of ['_', '$ne', 't']) expect((await get(url, '/api/audit/events', `auditor.${tenant}`)).body).toMatchObject({ items: [] });
    expect((await get(url, '/api/audit/events', 'auditor.')).status).toBe(503);
  });

  it.each(['/api/audit/events', '/api/audit/events/abc', '/api/audit/status', '/api/audit/summary?interval=day&by=type'])('lets auditors and administrators with the scope see %s, nobody else', async path => {
    const statusOf = async (token: string) => (await get(url, path, token)).status;
    expect([200, 404]).toContain(await statusOf('auditor.t1'));
    expect([200, 404]).toContain(await statusOf('administrator.t1.strowger:audit:read'));
    expect(await statusOf('')).toBe(401);
    expect(await statusOf('expired')).toBe(401);
    expect(await statusOf('user.t1')).toBe(403);
    expect(await statusOf('auditor.t1.strowger:audit:write')).toBe(403);
    expect(await statusOf('administrator.t1.rest gql')).toBe(403);
  });

  it.each([
    'client_id[$ne]=x', 'client_id[]=x', 'client_id=a&client_id=b', 'type[$regex]=.*', '$where=1', '%24where=sleep(1000)', 'filter={"$or":[{"$where":"1"}]}', 'sort=-data.ip', 'limit=0', 'limit=1e2', 'limit=50&limit=50',
    'cursor=e30', 'cursor[$gt]=', 'from=yesterday', 'to=2026-11-20&from=2026-11-21', 'ip=999.1.1.1', 'client_id=%24ne', 'client_id=a%00b', 'client_id=%0d%0aa', 'subject=__proto__', '__proto__=1', '__proto__[x]=1', 'constructor=1',
    'constructor[prototype][x]=1', 'scope=a b', 'type=*', 'client_id=>', 'tenant_id=t2',
  ])('S66, S67, S82: refuses ?%s with 400', async query => {
    const { status, body } = await get(url, `/api/audit/events?${query}`);
    expect({ status, error: body['error'] }).toEqual({ status: 400, error: 'invalid_request' });
    expect(JSON.stringify(body)).not.toMatch(/mongo|bson|zod|at Object/i);
  });

  it.each(['__proto__', 'constructor', 'prototype', '%7B%22%24gt%22:%22%22%7D?x=1', 'abc?tenant_id=t2', '%0d%0a', 'x'.repeat(200), '%ff'])('S66, S67: refuses the event id %s with 400', async id => {
    expect((await get(url, `/api/audit/events/${id}`)).status).toBe(400);
  });

  it('S66: is not polluted after all of this', async () => {
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it.each(['/api/audit', '/api/audit/checkpoints/latest', '/api/audit/consistency', '/api/audit/events/stream', '/api/audit/events/abc/proof'])('has nothing at %s', async path => {
    expect((await get(url, path)).status).toBe(404);
  });

  it('refuses to write, and any body', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const { status } = await fetch(`${url}/api/audit/events`, { method, headers: { authorization: `Bearer ${Buffer.from('administrator.t1').toString('base64url')}` }, ...(method !== 'DELETE' && { body: '{}' }) });
      expect([400, 404, 405]).toContain(status);
    }
  });

  it('S67: a megabyte of query is refused, and the service lives', async () => {
    const { hostname, port } = new URL(url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.end(`GET /api/audit/events?client_id=${'x'.repeat(1e6)} HTTP/1.1\r\nHost: x\r\n\r\n`));
      socket.once('data', data => { resolve(String(data)); }).once('error', reject);
    }).catch(() => 'HTTP/1.1 4 closed');
    expect(answer).toMatch(/^HTTP\/1.1 4/);
    expect((await get(url, '/api/audit/status')).status).toBe(200);
  });

  it('says how far the trail has come: nothing waits, and what a service still owes makes it stale', async () => {
    const newest = told.filter(event => event.data['tenant_id'] === 't2').sort(newestFirst)[0];
    expect(await eventually('nothing to wait', async () => {
      const { body } = await get(url, '/api/audit/status', 'auditor.t2');
      return body['lag'] === 0 && body;
    })).toEqual({
      lag: 0, oldest_owed_at: null, dead_letters: 0, documents_without_event: null, stale_since: null, last_event: { id: newest?.id, type: newest?.type, time: newest?.time, recorded_at: expect.any(String) as unknown },
    });
    const owed = (at: Date, more: object = {}) => ({ service: 'app-registry-service', at, sure: true, subject: 'strowger.events.x', batch: Buffer.alloc(1), ...more });
    const outbox = scene.database.collection('outbox');
    await outbox.insertMany([owed(new Date(Date.UTC(2026, 0, 1)), { absent: 1 }), owed(new Date(Date.UTC(2026, 1, 1))), owed(new Date())]);
    const since = '2026-02-01T00:00:00.000Z';
    await eventually('the trail to be stale', async () => (await get(url, '/api/audit/events')).body['stale_since'] === since);
    expect((await get(url, '/api/audit/status')).body).toMatchObject({ oldest_owed_at: since, stale_since: since, lag: 0 });
    await outbox.deleteMany({});
    await eventually('the trail to be current', async () => (await get(url, '/api/audit/events')).body['stale_since'] === null);
  });
});
