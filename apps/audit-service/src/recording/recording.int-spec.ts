import { performance } from 'node:perf_hooks';
import { AuditEventDocument } from '@strowger/models/audit-events/audit-events.schema';
import { AuditEventsWriter } from '@strowger/models/audit-events/audit-events.writer';
import { Supervised } from '../../../../tools/local-stack/supervisor';
import { eventually } from '../../../../test/system';
import { AuditScene, get, issued, TestEvent } from '../audit-scene.fixture';

let scene: AuditScene;
let one: Awaited<ReturnType<AuditScene['instance']>>;
let other: typeof one;

beforeAll(async () => {
  scene = await AuditScene.start('audit_recording');
  [one, other] = await Promise.all([scene.instance(), scene.instance()]);
});
afterAll(async () => { await scene.stop(); });

const allOf = (events: readonly TestEvent[]) => eventually(`${String(events.length)} events to be recorded`, async () => await scene.count({ _id: { $in: events.map(event => event.id) } }) === events.length, 60);
const events = (count: number, changes: Partial<TestEvent> = {}): TestEvent[] => Array.from({ length: count }, () => issued(changes));
const letterAbout = (text: string) => eventually('a dead letter', async () => (await scene.letters()).find(letter => letter.raw.toString().includes(text)));
const killed = async (server: Supervised) => {
  server.kill('SIGKILL');
  await eventually(`${server.name} to be dead`, () => Promise.resolve(server.pid() === undefined));
};
const status = async () => (await get(one.url, '/api/audit/status')).body;

describe('the trail', () => {
  it('records an event with its attributes, its data and when it came', async () => {
    const [event = issued()] = events(1);
    await scene.publish([event]);
    await allOf([event]);
    const { id: _id, source, type, subject, data } = event;
    expect(await scene.recorded({ _id })).toEqual([{ _id, source, type, subject, data, tenant_id: 't1', version: 1, time: new Date(event.time), recorded_at: expect.any(Date) as unknown }]);
  });

  it('records an event once, however often it is published', async () => {
    const told = events(20);
    for (let i = 0; i < 5; i++) await scene.publish([...told, ...told.slice(0, 3)]);
    const after = events(1);
    await scene.publish(after);
    await allOf([...told, ...after]);
    await eventually('nothing to wait', async () => (await status())['lag'] === 0);
    expect(await scene.count({ _id: { $in: told.map(event => event.id) } })).toBe(20);
  });

  it('S84: puts poison away alone; its neighbours and everything after it are recorded', async () => {
    const neighbours = events(2), after = events(1);
    const deep = `{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    await scene.publish(Buffer.from(`[${JSON.stringify(neighbours[0])},{"poison":"envelope"},${deep},${JSON.stringify(neighbours[1])}]`));
    await scene.publish(Buffer.from('{"poison":"not a batch"'));
    await scene.publish(Buffer.from([0xff, 0xfe, 0x00, 0x7b]));
    await scene.publish(Buffer.from('[]'));
    await scene.publish(Buffer.alloc(1_000_000, '['));
    await scene.publish(after);
    await allOf([...neighbours, ...after]);
    expect(await letterAbout('"poison":"envelope"')).toMatchObject({ reason: 'no_envelope', subject: 'strowger.events.token.issued' });
    expect(await letterAbout('"poison":"not a batch"')).toMatchObject({ reason: 'not_a_batch' });
    await eventually('every dead letter', async () => (await scene.letters()).length === 5);
    expect((await scene.letters()).map(letter => letter.reason).sort()).toEqual(['no_envelope', 'not_a_batch', 'not_a_batch', 'not_a_batch', 'too_deep']);
    expect(Math.max(...(await scene.letters()).map(letter => letter.raw.length))).toBe(65536);
    expect((await status())['dead_letters']).toBe(5);
  });

  it('keeps what a document cannot hold, and what only a newer reader knows, as it was told', async () => {
    const strange = issued({}, { $where: 'x', 'a.b': 1, 'nul\0': 1, changes: { _bsontype: 'ObjectId', id: 'x' } });
    const newer = issued({ traceparent: '00-1' }, { version: 'two' });
    await scene.publish([strange, newer]);
    await allOf([strange, newer]);
    for (const event of [strange, newer]) {
      const { body } = await get(one.url, `/api/audit/events/${event.id}`);
      expect(body).toMatchObject(event);
    }
    expect((await get(one.url, `/api/audit/events/${newer.id}`)).body).toMatchObject({ unparsed: true, seq: null });
  });

  it('S83: refuses what a service says on its own subject in the name of another, or of another type', async () => {
    const own = { type: 'scope.announced', source: '/scope-service/i1' };
    const data = { tenant_id: '_', version: 1, scope: 'rest:x:read', description: 'x', access_level: 'all', announced_by: 'pbx-api-service' };
    const honest = { ...issued(own), data }, asTokens = issued(), withTheirName = { ...issued({ ...own, source: '/token-service/i1' }), data };
    await scene.publish([honest, asTokens, withTheirName], 'scope.announced', 'scope-service');
    await allOf([honest]);
    expect(await letterAbout(asTokens.id)).toMatchObject({ reason: 'forged', subject: 'strowger.feed.cache.scope.announced' });
    expect(await letterAbout(withTheirName.id)).toMatchObject({ reason: 'forged' });
    expect(await scene.count({ _id: { $in: [asTokens.id, withTheirName.id] } })).toBe(0);
  });

  it('S83: no service can take the id of an event of another before it comes without a trace', async () => {
    const id = 'the-id-of-a-token';
    await scene.publish([{ ...issued({ id, type: 'scope.withdrawn', source: '/scope-service/i1' }), data: { tenant_id: '_', version: 1 } }], 'scope.withdrawn', 'scope-service');
    await eventually('the squatter', () => scene.count({ _id: id }));
    await scene.publish([issued({ id })]);
    expect(await letterAbout('the-id-of-a-token')).toMatchObject({ reason: 'id_taken', subject: 'strowger.events.token.issued' });
  });

  it('S84: an event that the database itself refuses stands in nobody\'s way', async () => {
    const document = (_id: unknown) => ({ _id, tenant_id: 't1', version: 1, source: '/x/y', type: 'x.y', time: new Date(), recorded_at: new Date() }) as AuditEventDocument;
    const good = document('good'), known = document('good'), refused = document(['an array cannot be an id']);
    expect(await new AuditEventsWriter(scene.database).record([good, refused, known])).toEqual({ inserted: 1, known: 1, refused: [{ event: refused, reason: 'not_storable' }] });
  });

  it('is told by two instances together, each event once', async () => {
    const before = await Promise.all([one, other].map(instance => instance.metric('audit_events_total{outcome="new"}')));
    const all = events(5000);
    const began = performance.now();
    for (let start = 0; start < all.length; start += 10) await scene.publish(all.slice(start, start + 10));
    await allOf(all);
    const [a = 0, b = 0] = (await Promise.all([one, other].map(instance => instance.metric('audit_events_total{outcome="new"}')))).map((count, i) => count - (before[i] ?? 0));
    expect(a + b).toBe(5000);
    expect(Math.min(a, b)).toBeGreaterThan(0);
    expect(await status()).toMatchObject({ stale_since: null });
    expect(performance.now() - began).toBeLessThan(60_000);
  });

  it('loses and doubles nothing when nats-server is killed, and says since when it is stale', async () => {
    const all = events(600);
    const publishing = (async () => { for (let start = 0; start < all.length; start += 5) await scene.publish(all.slice(start, start + 5)); })();
    for (let crash = 0; crash < 2; crash++) {
      await eventually('some to be recorded', async () => await scene.count({ _id: { $in: all.map(event => event.id) } }) > crash * 100);
      await killed(scene.servers.nats);
      if (crash === 1) {
        const { items, stale_since: since } = await eventually('the trail to say that it is stale', async () => {
          const { body } = await get(other.url, '/api/audit/events?limit=1');
          return body['stale_since'] !== null && body;
        });
        expect(items).toHaveLength(1);
        expect(Date.now() - Date.parse(String(since))).toBeGreaterThan(5000);
        expect((await get(other.url, '/api/audit/status')).body).toMatchObject({ lag: null, stale_since: since });
      }
      await scene.servers.nats.start();
    }
    await publishing;
    await allOf(all);
    await eventually('the trail to be current again', async () => (await status())['stale_since'] === null && (await status())['lag'] === 0, 60);
  });

  it('loses nothing while the database is away: what it did not take is delivered again', async () => {
    const all = events(300);
    await scene.publish(all.slice(0, 100));
    await killed(scene.servers.databaseFront);
    for (let start = 100; start < all.length; start += 20) await scene.publish(all.slice(start, start + 20));
    expect((await get(one.url, '/api/audit/events')).status).toBe(503);
    await scene.servers.databaseFront.start();
    await eventually('the database to be back', () => scene.count().then(() => true, () => false));
    await allOf(all);
  });
});
