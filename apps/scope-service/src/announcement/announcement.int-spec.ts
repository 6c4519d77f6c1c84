import { ScopeAnnouncer } from '@strowger/auth/scope-announcer';
import { rpc } from '@strowger/contracts/bus-users';
import { Envelope } from '@strowger/contracts/cloud-event';
import { eventCatalogue } from '@strowger/contracts/event-catalogue';
import { AnnouncementReply } from '@strowger/contracts/scope-announcement';
import { Bus } from '@strowger/messaging/bus';
import { EventFeed } from '@strowger/messaging/event-feed';
import { rpcRequest } from '@strowger/messaging/rpc-request';
import { RunningService } from '@strowger/service/start-service';
import { eventually } from '../../../../test/system';
import { announced, quiet, ScopeScene } from '../scope-scene.fixture';
import { AnnounceScopes } from './announce-scopes';

let scene: ScopeScene, events: EventFeed;
const feed: Envelope[] = [];
const eventsOf = (prefix: string): Envelope[] => feed.filter(event => event.subject?.startsWith(prefix));
/** Everything that was changed until now has been published, and has arrived. */
async function told(prefix: string, count: number): Promise<Envelope[]> {
  await eventually('an empty outbox', async () => await scene.database.collection('outbox').countDocuments() === 0);
  return eventually(`${String(count)} events of ${prefix}`, () => Promise.resolve(eventsOf(prefix).length >= count && eventsOf(prefix)));
}

beforeAll(async () => {
  scene = await ScopeScene.begin('scope_announcements');
  events = new EventFeed({
    bus: scene.busOf('token-service'), filter: 'strowger.feed.>', startSeconds: 3600, log: quiet, onReset: () => { feed.length = 0; }, onEvents: some => { feed.push(...some); },
  });
  events.start();
});
afterAll(async () => {
  await events.close();
  await scene.end();
});

describe('announcements on the bus', () => {
  let service: RunningService, pbx: Bus, portal: Bus;
  beforeAll(async () => { service = await scene.start('one'); pbx = scene.busOf('pbx-api-service'); portal = scene.busOf('portal-service'); });
  afterAll(async () => { expect(await scene.stop(service)).toBe(true); });

  it('the service knows its own scopes without asking itself', async () => {
    const [event] = await told('strowger:scopes:read', 1);
    expect(event).toMatchObject({ type: 'scope.announced', source: '/scope-service/one', data: { announced_by: 'scope-service', access_level: 'call_api', tenant_id: '_', version: 1 } });
    expect(await scene.one('strowger:scopes:write')).toMatchObject({ status: 'active', access_level: 'all' });
  });

  it('a new scope is stored and told of once; the same again moves nothing but last_seen', async () => {
    const scopes = [announced('rest:callforward:read', { opens: [{ method: 'GET', path: '/api/rest/callforward/{extension}' }] }), announced('rest:callforward:write', { access_level: 'all' })];
    expect(await scene.announce(pbx, scopes, 'pbx-api-service')).toEqual({ accepted: 2, refused: [] });
    const before = await scene.stored({ module: 'callforward' });
    const events = await told('rest:callforward', 2);
    for (const event of events) expect(eventCatalogue['scope.announced'].data.safeParse(event['data']).success).toBe(true);
    await eventually('last_seen to move', async () => {
      expect(await scene.announce(pbx, scopes, 'pbx-api-service')).toEqual({ accepted: 2, refused: [] });
      return (await scene.stored({ module: 'callforward' })).every((scope, index) => scope.last_seen > (before[index]?.last_seen ?? scope.last_seen));
    });
    expect((await scene.stored({ module: 'callforward' })).map(scope => ({ ...scope, last_seen: 0 }))).toEqual(before.map(scope => ({ ...scope, last_seen: 0 })));
    expect(await told('rest:callforward', 2)).toHaveLength(2);
  });

  it('a changed scope gets a version and an event; a missing one is withdrawn, never deleted, and returns', async () => {
    const [read, write] = [announced('rest:fax:read'), announced('rest:fax:write')];
    await scene.announce(scene.busOf('audit-service'), [read, write], 'audit-service');
    await scene.announce(scene.busOf('audit-service'), [{ ...read, successor: 'rest:faxes:read' }], 'audit-service');
    expect(await scene.one('rest:fax:read')).toMatchObject({ version: 2, status: 'deprecated', successor: 'rest:faxes:read' });
    expect(await scene.one('rest:fax:write')).toMatchObject({ version: 2, status: 'withdrawn' });
    await scene.announce(scene.busOf('audit-service'), [read, write], 'audit-service');
    expect(await scene.one('rest:fax:read')).not.toHaveProperty('successor');
    expect(await scene.one('rest:fax:write')).toMatchObject({ version: 3, status: 'active' });
    const events = await told('rest:fax', 6);
    expect(events.map(event => `${event.type} ${String(event.subject)}`).sort()).toEqual([
      ...Array<string>(3).fill('scope.announced rest:fax:read'), ...Array<string>(2).fill('scope.announced rest:fax:write'), 'scope.withdrawn rest:fax:write']);
    expect(new Set(events.map(event => event.id)).size).toBe(6);
  });

  it('another service\'s module is refused with the reason, and the rest is taken', async () => {
    await scene.announce(pbx, [announced('rest:queue:read')], 'pbx-api-service');
    const reply = await scene.announce(portal, [announced('rest:queue:write'), announced('rest:portal:read')], 'portal-service');
    expect(reply).toEqual({ accepted: 1, refused: [{ scope: 'rest:queue:write', reason: 'the module rest:queue belongs to pbx-api-service, which announced it first' }] });
    expect(await scene.one('rest:queue:write')).toBeUndefined();
  });

  it('S81, S83: nobody announces for another: the bus refuses the subject, and a reply outside the asker\'s inbox is dropped', async () => {
    await expect(scene.announce(portal, [announced('rest:forged:read')], 'pbx-api-service')).rejects.toThrow();
    const connection = await portal.connection();
    for (const reply of ['_INBOX_pbx-api-service.x', '_INBOX_portal-servicex.y', 'strowger.feed.lowering.mark', undefined]) {
      connection.publish(rpc.announceScopes('portal-service'), JSON.stringify({ scopes: [announced('rest:forged:read')] }), reply === undefined ? {} : { reply });
    }
    expect(await scene.announce(portal, [announced('rest:portal:read')], 'portal-service')).toMatchObject({ accepted: 1 });
    expect(await scene.stored({ module: 'forged' })).toEqual([]);
  });

  it.each<[string, string]>([
    ['no JSON', '{'], ['no scopes', '{"scopes":[]}'], ['another field', '{"scopes":[],"x":1}'], ['a bad scope', JSON.stringify({ scopes: [announced('rest:Bad:read')] })],
    ['a bare type', JSON.stringify({ scopes: [announced('rest')] })], ['S66: __proto__', '{"scopes":[{"__proto__":{"x":1},"scope":"rest:proto:read"}]}'],
    ['S67: an operator', '{"scopes":[{"scope":{"$gt":""},"description":"x","access_level":"all","opens":[]}]}'], ['2,001 scopes', JSON.stringify({ scopes: Array.from({ length: 2001 }, (_, i) => announced(`rest:many${String(i)}`)) })],
  ])('a body with %s changes nothing, and the service answers the next', async (_what, body) => {
    const before = await scene.stored();
    const connection = await portal.connection();
    connection.publish(rpc.announceScopes('portal-service'), body, { reply: '_INBOX_portal-service.malformed' });
    expect(await scene.announce(portal, [announced('rest:portal:read')], 'portal-service')).toMatchObject({ accepted: 1 });
    expect((await scene.stored()).map(scope => [scope._id, scope.version])).toEqual(before.map(scope => [scope._id, scope.version]));
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['in upper case', { scope: 'rest:Odd:read' }, 'scopes[1].scope: type:module[:verb[:sub]]'], ['with a space', { scope: 'rest:odd read' }, 'scopes[1].scope'], ['with a module of two parts', { scope: 'rest:odd:module:read' }, 'scopes[1].scope'],
    ['with a dot', { scope: 'rest:odd.module:read' }, 'scopes[1].scope'], ['with a star', { scope: 'rest:*:read' }, 'scopes[1].scope'], ['of another verb', { scope: 'rest:odd:execute' }, 'scopes[1].scope'],
    ['with a description of 600 KB', { description: 'd'.repeat(600_000) }, 'scopes[1].description: at most 256 characters'], ['with two lines of description', { description: 'a\nb' }, 'scopes[1].description: one line of text'],
    ['with a description that turns around', { description: 'a\u202eb' }, 'scopes[1].description: one line of text'], ['of another level', { access_level: 'everything' }, 'scopes[1].access_level'],
    ['with a successor that is none', { successor: 'rest' }, 'scopes[1].successor'], ['with 201 openings', { opens: Array.from({ length: 201 }, () => ({ field: 'x' })) }, 'scopes[1].opens: at most 200'],
    ['S66: with __proto__', JSON.parse('{"__proto__":{"x":1}}') as Record<string, unknown>, 'scopes[1]: a field that there is not'],
    ...['api', '/a/../b', '/a//b', '/a b', '/a?b=1', '/a%2fb', '/a\\b', '/a\r\nx', '/<script>', `/${'a'.repeat(256)}`, '/{', '/*'].map((path): [string, Record<string, unknown>, string] => [`that opens ${JSON.stringify(path).slice(0, 20)}`, { opens: [{ method: 'GET', path }] }, 'scopes[1].opens[0].path: a path such as']),
    ['that opens by another method', { opens: [{ method: 'get', path: '/a' }] }, 'scopes[1].opens[0].method: one of GET'], ['that opens no GraphQL field', { opens: [{ field: 'a b' }] }, 'scopes[1].opens[0].field: the name of a GraphQL field'], ['that opens nothing that is known', { opens: [7] }, 'scopes[1].opens[0]: a route'],
  ])('S82: an announcement with a scope %s is refused whole, with its place and what would do, and nothing of what was sent', async (_what, fields, said) => {
    const before = await scene.stored({ announced_by: 'portal-service' });
    await portal.connection();
    const refused = await rpcRequest(portal, rpc.announceScopes('portal-service'), { scopes: [announced('rest:portal:read'), { ...announced('rest:odd:read'), ...fields }] }, AnnouncementReply).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'invalid_request', description: expect.stringContaining(said) as string });
    expect((refused as Error).message.length).toBeLessThan(400);
    expect((await scene.stored({ announced_by: 'portal-service' })).map(({ _id, version, status }) => [_id, version, status])).toEqual(before.map(({ _id, version, status }) => [_id, version, status]));
  });

  it('an announcement of more than 2,000 scopes is refused with the limit; 2,000 are taken, each told of once, and the service answers others meanwhile', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => announced(`rest:many${String(i % 100)}:read:s${String(i)}`, { opens: [{ method: 'GET', path: `/api/rest/many/${String(i)}/{id}` }, { field: `many${String(i)}` }] }));
    await expect(scene.announce(scene.busOf('token-service'), many(2001), 'token-service')).rejects.toMatchObject({ code: 'invalid_request', description: 'scopes: at most 2000 in an announcement' });
    const announcer = new ScopeAnnouncer(scene.busOf('token-service'), 'token-service', many(2000), quiet);
    announcer.start();
    await eventually('one of them to be known', async () => await scene.one('rest:many0:read:s0') !== undefined);
    expect(await scene.announce(portal, [announced('rest:portal:read')], 'portal-service')).toMatchObject({ accepted: 1 });
    await eventually('all of them', async () => (await scene.stored({ module: /^many/ })).length === 2000, 120);
    announcer.stop();
    expect(new Set((await scene.stored({ module: /^many/ })).map(scope => scope.version))).toEqual(new Set([1]));
    const ids = (await told('rest:many', 2000)).map(event => event.id);
    expect([ids.length, new Set(ids).size]).toEqual([2000, 2000]);
  });

  it('S84: one that is larger than a message of the bus does not leave its service, whose log says how large and what to do; the service and its bus go on', async () => {
    const said: [object, string][] = [], log = { ...quiet, error: (fields: object, message: string) => { said.push([fields, message]); } }, bus = scene.busOf('pbx-api-service');
    const opens = Array.from({ length: 10 }, (_none, at) => ({ method: 'GET', path: `/${'long/'.repeat(20)}${String(at)}` }));
    const announcer = new ScopeAnnouncer(bus, 'pbx-api-service', Array.from({ length: 1000 }, (_none, at) => announced(`rest:huge:read:s${String(at)}`, { opens })), log);
    let lost = 0;
    bus.onLoss(() => { lost++; });
    announcer.start();
    const [[fields, message]] = await eventually('its log', () => Promise.resolve(said.length > 0 && said)) as [[{ bytes: number }, string]];
    expect(fields).toEqual({ scopes: 1000, bytes: expect.any(Number) as number, most: 1_048_576 });
    expect([fields.bytes > 1_048_576, message]).toEqual([true, expect.stringMatching(/no scope of this service was announced.*larger than a message of the bus.*name fewer openings/)]);
    expect(await scene.announce(bus, [announced('rest:small:read')], 'pbx-api-service')).toEqual({ accepted: 1, refused: [] });
    announcer.stop();
    expect([said.length, lost, await scene.stored({ module: 'huge' })]).toEqual([1, 0, []]);
  });

  it('a service announces its scopes by itself as soon as the bus is there', async () => {
    const announcer = new ScopeAnnouncer(scene.busOf('app-registry-service'), 'app-registry-service', [announced('strowger:tenant:read')], quiet);
    announcer.start();
    await eventually('the scope to be known', async () => (await scene.one('strowger:tenant:read'))?.status === 'active');
    announcer.stop();
  });

  it('changes are stored while the bus is away, and told of when it is back', async () => {
    await scene.servers.nats.stop();
    await eventually('the service to notice', () => Promise.resolve(!service.app.get(Bus).connected));
    await service.app.get(AnnounceScopes).announce('portal-service', [announced('rest:offline:read')]);
    expect(await scene.one('rest:offline:read')).toMatchObject({ version: 1 });
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
    await scene.servers.nats.start();
    expect((await told('rest:offline:read', 1)).map(event => event.type)).toEqual(['scope.announced']);
  });
});

describe('two instances', () => {
  let first: RunningService, second: RunningService;
  beforeAll(async () => { [first, second] = await Promise.all([scene.start('one'), scene.start('two')]); });
  afterAll(async () => { await Promise.all([scene.stop(first), scene.stop(second)]); });

  it('the same 200 scopes announced in parallel through both become one version and one event each', async () => {
    const scopes = Array.from({ length: 200 }, (_, i) => announced(`rest:parallel${String(i % 20)}:read:s${String(i)}`));
    const both = Array.from({ length: 4 }, () => [first, second]).flat();
    for (const [version, announcement] of [[1, scopes], [2, scopes.map(scope => ({ ...scope, description: 'Changed' }))]] as const) {
      const replies = await Promise.all(both.map((service, i) => service.app.get(AnnounceScopes).announce('pbx-api-service', i % 3 ? announcement : announcement.toReversed())));
      expect(replies).toEqual(both.map(() => ({ accepted: 200, refused: [] })));
      const all = await scene.stored({ module: /^parallel/ });
      expect(all.map(scope => scope.version)).toEqual(Array<number>(200).fill(version));
      expect(all.filter(scope => scope.founds !== undefined)).toHaveLength(20);
      const ids = (await told('rest:parallel', 200 * version)).map(event => event.id);
      expect([ids.length, new Set(ids).size]).toEqual([200 * version, 200 * version]);
    }
  });

  it('of two services that announce one module at one moment, one gets it whole', async () => {
    for (let round = 0; round < 10; round++) {
      const module = `rest:raced${String(round)}`;
      const replies = await Promise.all([
        first.app.get(AnnounceScopes).announce('pbx-api-service', [announced(`${module}:read`)]), second.app.get(AnnounceScopes).announce('portal-service', [announced(`${module}:write`)]),
      ]);
      expect(replies.map(reply => reply.accepted).sort()).toEqual([0, 1]);
      expect(await scene.stored({ module: module.slice(5) })).toHaveLength(1);
    }
  });

  it('announcements over the bus are answered by either, whichever is there', async () => {
    const bus = scene.busOf('pbx-api-service');
    for (let i = 0; i < 20; i++) expect(await scene.announce(bus, [announced('rest:either:read')], 'pbx-api-service')).toMatchObject({ accepted: 1 });
    expect(await scene.one('rest:either:read')).toMatchObject({ version: 1 });
  });
});

describe('silence', () => {
  it('the scopes of a service that stopped announcing are withdrawn, our own are not; an outage of the bus is not silence', async () => {
    const service = await scene.start('listener', { SCOPE_WITHDRAW_SECONDS: '2' });
    const announcements = service.app.get(AnnounceScopes);
    await announcements.announce('portal-service', [announced('rest:silent:read')]);
    await eventually('it to be withdrawn', async () => (await scene.one('rest:silent:read'))?.status === 'withdrawn');
    expect((await told('rest:silent:read', 2)).map(event => event.type)).toEqual(['scope.announced', 'scope.withdrawn']);
    expect((await scene.stored({ announced_by: 'scope-service' })).map(scope => scope.status)).toEqual(['active', 'active']);

    await announcements.announce('portal-service', [announced('rest:silent:read')]);
    const { last_seen } = await scene.one('rest:silent:read') ?? { last_seen: new Date() };
    await scene.servers.nats.stop();
    const silentSince = (seconds: number): Promise<boolean> => Promise.resolve(Date.now() > last_seen.getTime() + seconds * 1000);
    await eventually('a silence longer than the allowed', () => silentSince(4));
    expect(await scene.one('rest:silent:read')).toMatchObject({ version: 3, status: 'active' });
    await scene.servers.nats.start();
    await eventually('the bus to be back', () => Promise.resolve(service.app.get(Bus).connected));
    await announcements.announce('portal-service', [announced('rest:silent:read')]);
    expect(await scene.one('rest:silent:read')).toMatchObject({ version: 3, status: 'active' });
    await scene.stop(service);
  });
});
