import 'reflect-metadata';
import { createServer, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import { ScopeAnnouncer } from '@strowger/auth/scope-announcer';
import { rpc } from '@strowger/contracts/bus-users';
import { Envelope } from '@strowger/contracts/cloud-event';
import { eventCatalogue, ServiceName } from '@strowger/contracts/event-catalogue';
import { AnnouncedScope, AnnouncementReply } from '@strowger/contracts/scope-announcement';
import { Bus } from '@strowger/messaging/bus';
import { EventFeed } from '@strowger/messaging/event-feed';
import { rpcRequest } from '@strowger/messaging/rpc-request';
import { Database } from '@strowger/models/database';
import { SCOPES, ScopeDocument } from '@strowger/models/scopes/scopes.schema';
import { RunningService, serve } from '@strowger/service/start-service';
import { serversFor, TestServers } from '../../../test/servers';
import { eventually } from '../../../test/system';
import { AnnounceScopes } from './announcement/announce-scopes';
import { scopeService } from './scope-service';
import { scopeServiceConfig } from './scope-service.config';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const claims = {
  iss: 'http://localhost', sub: 'u1', aud: 'http://localhost/api', client_id: 'c1', exp: 4102444800, iat: 1, jti: 'j1', tenant_id: 't1', application_id: 'a1', account_kind: 'user', role: 'user',
  access_level: 'call_api', read_only: true, impersonation: false, rights: { tenant: 0, application: 0, account: 0 },
};
/** Stands for token-service, another process in production: the token is the scope, in base64url. */
const introspection = (): Promise<Server> => new Promise(resolve => {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
      const scope = Buffer.from(new URLSearchParams(Buffer.concat(parts).toString()).get('token') ?? '', 'base64url').toString();
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(scope.startsWith('strowger') ? { active: true, token_type: 'Bearer', username: 'alice', scope, ...claims } : { active: false }));
    });
  }).listen(0, '127.0.0.1', () => { resolve(server); });
});
const announced = (scope: string, more: Partial<AnnouncedScope> = {}): AnnouncedScope => ({ scope, description: `About ${scope}`, access_level: 'call_api', opens: [], ...more });

let servers: TestServers, tokens: Server, database: Database, events: EventFeed;
const running: RunningService[] = [], buses: Bus[] = [];
const feed: Envelope[] = [];
const busOf = (user: ServiceName): Bus => {
  const bus = new Bus({ NATS_URL: servers.natsUrl, NATS_USER: user, NATS_PASSWORD: servers.busPassword(user) }, quiet);
  buses.push(bus);
  return bus;
};
async function start(instance: string, more: Record<string, string> = {}): Promise<RunningService> {
  const service = await serve(scopeService(scopeServiceConfig({
    HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'silent', STROWGER_INSTANCE: instance, MONGODB_URI: servers.mongodbUri, NATS_URL: servers.natsUrl, NATS_USER: 'scope-service',
    NATS_PASSWORD: servers.busPassword('scope-service'), TOKEN_SERVICE_URL: `http://127.0.0.1:${String((tokens.address() as AddressInfo).port)}`, STROWGER_SERVICE_ID: 'scope-service',
    STROWGER_SERVICE_SECRET: 'not-a-secret-of-anything', SCOPE_ABSENT_SECONDS: '0', ...more,
  })));
  running.push(service);
  await eventually(`${instance} to be ready`, async () => (await fetch(`${service.url}/health/ready`)).ok);
  return service;
}
async function stop(service: RunningService): Promise<boolean> {
  running.splice(running.indexOf(service), 1);
  return service.close();
}
const announce = async (bus: Bus, scopes: readonly AnnouncedScope[], as: ServiceName): Promise<AnnouncementReply> => {
  await bus.connection();
  return rpcRequest(bus, rpc.announceScopes(as), { scopes }, AnnouncementReply);
};
const stored = (filter: object = {}): Promise<ScopeDocument[]> => database.collection<ScopeDocument>(SCOPES).find(filter).sort({ _id: 1 }).toArray();
const one = async (scope: string): Promise<ScopeDocument | undefined> => (await stored({ _id: scope }))[0];
const eventsOf = (prefix: string): Envelope[] => feed.filter(event => event.subject?.startsWith(prefix));
const owed = (): Promise<number> => database.collection('outbox').countDocuments();
/** Everything that was changed until now has been published, and has arrived. */
async function told(prefix: string, count: number): Promise<Envelope[]> {
  await eventually('an empty outbox', async () => await owed() === 0);
  return eventually(`${String(count)} events of ${prefix}`, () => Promise.resolve(eventsOf(prefix).length >= count && eventsOf(prefix)));
}

beforeAll(async () => {
  [servers, tokens] = await Promise.all([serversFor('scope_service'), introspection()]);
  database = new Database({ MONGODB_URI: servers.mongodbUri });
  await database.connected();
  events = new EventFeed({ bus: busOf('token-service'), filter: 'strowger.feed.>', startSeconds: 3600, log: quiet, onReset: () => { feed.length = 0; }, onEvents: some => { feed.push(...some); } });
  events.start();
}, 120_000);
afterAll(async () => {
  await Promise.all(running.map(service => service.close()));
  await events.close();
  await Promise.all([...buses.map(bus => bus.close()), database.close()]);
  tokens.close();
  await servers.stop();
}, 60_000);

describe('announcements on the bus', () => {
  let service: RunningService, pbx: Bus, portal: Bus;
  beforeAll(async () => { service = await start('one'); pbx = busOf('pbx-api-service'); portal = busOf('portal-service'); }, 30_000);
  afterAll(async () => { expect(await stop(service)).toBe(true); });

  it('the service knows its own scopes without asking itself', async () => {
    const [event] = await told('strowger:scopes:read', 1);
    expect(event).toMatchObject({ type: 'scope.announced', source: '/scope-service/one', data: { announced_by: 'scope-service', access_level: 'call_api', tenant_id: '_', version: 1 } });
    expect(await one('strowger:scopes:write')).toMatchObject({ status: 'active', access_level: 'all' });
  });

  it('a new scope is stored and told of once; the same again moves nothing but last_seen', async () => {
    const scopes = [announced('rest:callforward:read', { opens: [{ method: 'GET', path: '/api/rest/callforward/{extension}' }] }), announced('rest:callforward:write', { access_level: 'all' })];
    expect(await announce(pbx, scopes, 'pbx-api-service')).toEqual({ accepted: 2, refused: [] });
    const before = await stored({ module: 'callforward' });
    const events = await told('rest:callforward', 2);
    for (const event of events) expect(eventCatalogue['scope.announced'].data.safeParse(event['data']).success).toBe(true);
    await eventually('last_seen to move', async () => {
      expect(await announce(pbx, scopes, 'pbx-api-service')).toEqual({ accepted: 2, refused: [] });
      return (await stored({ module: 'callforward' })).every((scope, index) => scope.last_seen > (before[index]?.last_seen ?? scope.last_seen));
    });
    expect((await stored({ module: 'callforward' })).map(({ last_seen: _, ...rest }) => rest)).toEqual(before.map(({ last_seen: _, ...rest }) => rest));
    expect(await told('rest:callforward', 2)).toHaveLength(2);
  });

  it('a changed scope gets a version and an event; a missing one is withdrawn, never deleted, and returns', async () => {
    const [read, write] = [announced('rest:fax:read'), announced('rest:fax:write')];
    await announce(busOf('audit-service'), [read, write], 'audit-service');
    await announce(busOf('audit-service'), [{ ...read, successor: 'rest:faxes:read' }], 'audit-service');
    expect(await one('rest:fax:read')).toMatchObject({ version: 2, status: 'deprecated', successor: 'rest:faxes:read' });
    expect(await one('rest:fax:write')).toMatchObject({ version: 2, status: 'withdrawn' });
    await announce(busOf('audit-service'), [read, write], 'audit-service');
    expect(await one('rest:fax:read')).not.toHaveProperty('successor');
    expect(await one('rest:fax:write')).toMatchObject({ version: 3, status: 'active' });
    const events = await told('rest:fax', 6);
    expect(events.map(event => `${event.type} ${String(event.subject)}`).sort()).toEqual([
      ...Array<string>(3).fill('scope.announced rest:fax:read'), ...Array<string>(2).fill('scope.announced rest:fax:write'), 'scope.withdrawn rest:fax:write']);
    expect(new Set(events.map(event => event.id)).size).toBe(6);
  });

  it('another service\'s module is refused with the reason, and the rest is taken', async () => {
    await announce(pbx, [announced('rest:queue:read')], 'pbx-api-service');
    const reply = await announce(portal, [announced('rest:queue:write'), announced('rest:portal:read')], 'portal-service');
    expect(reply).toEqual({ accepted: 1, refused: [{ scope: 'rest:queue:write', reason: 'the module rest:queue belongs to pbx-api-service, which announced it first' }] });
    expect(await one('rest:queue:write')).toBeUndefined();
  });

  it('S81, S83: nobody announces for another: the bus refuses the subject, and a reply outside the asker\'s inbox is dropped', async () => {
    await expect(announce(portal, [announced('rest:forged:read')], 'pbx-api-service')).rejects.toThrow();
    const connection = await portal.connection();
    for (const reply of ['_INBOX_pbx-api-service.x', '_INBOX_portal-servicex.y', 'strowger.feed.lowering.mark', undefined]) {
      connection.publish(rpc.announceScopes('portal-service'), JSON.stringify({ scopes: [announced('rest:forged:read')] }), reply === undefined ? {} : { reply });
    }
    expect(await announce(portal, [announced('rest:portal:read')], 'portal-service')).toMatchObject({ accepted: 1 });
    expect(await stored({ module: 'forged' })).toEqual([]);
  });

  it.each<[string, string]>([
    ['no JSON', '{'], ['no scopes', '{"scopes":[]}'], ['another field', '{"scopes":[],"x":1}'], ['a bad scope', JSON.stringify({ scopes: [announced('rest:Bad:read')] })],
    ['a bare type', JSON.stringify({ scopes: [announced('rest')] })], ['S66: __proto__', '{"scopes":[{"__proto__":{"x":1},"scope":"rest:proto:read"}]}'],
    ['S67: an operator', '{"scopes":[{"scope":{"$gt":""},"description":"x","access_level":"all","opens":[]}]}'], ['2,001 scopes', JSON.stringify({ scopes: Array.from({ length: 2001 }, (_, i) => announced(`rest:many${String(i)}`)) })],
  ])('a body with %s changes nothing, and the service answers the next', async (_what, body) => {
    const before = await stored();
    const connection = await portal.connection();
    connection.publish(rpc.announceScopes('portal-service'), body, { reply: '_INBOX_portal-service.malformed' });
    expect(await announce(portal, [announced('rest:portal:read')], 'portal-service')).toMatchObject({ accepted: 1 });
    expect((await stored()).map(scope => [scope._id, scope.version])).toEqual(before.map(scope => [scope._id, scope.version]));
  });

  it('a service announces its scopes by itself as soon as the bus is there', async () => {
    const announcer = new ScopeAnnouncer(busOf('app-registry-service'), 'app-registry-service', [announced('strowger:tenant:read')], quiet);
    announcer.start();
    await eventually('the scope to be known', async () => (await one('strowger:tenant:read'))?.status === 'active');
    announcer.stop();
  });

  it('changes are stored while the bus is away, and told of when it is back', async () => {
    await servers.nats.stop();
    await eventually('the service to notice', () => Promise.resolve(!service.app.get(Bus).connected));
    await service.app.get(AnnounceScopes).announce('portal-service', [announced('rest:offline:read')]);
    expect(await one('rest:offline:read')).toMatchObject({ version: 1 });
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
    await servers.nats.start();
    expect((await told('rest:offline:read', 1)).map(event => event.type)).toEqual(['scope.announced']);
  }, 60_000);
});

describe('two instances', () => {
  let first: RunningService, second: RunningService;
  beforeAll(async () => { [first, second] = await Promise.all([start('one'), start('two')]); }, 30_000);
  afterAll(async () => { await Promise.all([stop(first), stop(second)]); });

  it('the same 200 scopes announced in parallel through both become one version and one event each', async () => {
    const scopes = Array.from({ length: 200 }, (_, i) => announced(`rest:parallel${String(i % 20)}:read:s${String(i)}`));
    const uses = [first, second].map(service => service.app.get(AnnounceScopes));
    const replies = await Promise.all(Array.from({ length: 8 }, (_, i) => uses[i % 2]?.announce('pbx-api-service', i % 3 ? scopes : scopes.toReversed())));
    expect(replies).toEqual(replies.map(() => ({ accepted: 200, refused: [] })));
    const all = await stored({ module: /^parallel/ });
    expect(all.map(scope => scope.version)).toEqual(Array<number>(200).fill(1));
    expect(all.filter(scope => scope.founds !== undefined)).toHaveLength(20);
    const events = await told('rest:parallel', 200);
    expect(new Set(events.map(event => event.id)).size).toBe(200);
  }, 30_000);

  it('of two services that announce one module at one moment, one gets it whole', async () => {
    const [one_, other] = [first, second].map(service => service.app.get(AnnounceScopes));
    for (let round = 0; round < 10; round++) {
      const module = `rest:raced${String(round)}`;
      const replies = await Promise.all([one_?.announce('pbx-api-service', [announced(`${module}:read`)]), other?.announce('portal-service', [announced(`${module}:write`)])]);
      expect(replies.map(reply => reply?.accepted).sort()).toEqual([0, 1]);
      expect(await stored({ module: module.slice(5) })).toHaveLength(1);
    }
  }, 60_000);

  it('announcements over the bus are answered by either, whichever is there', async () => {
    const bus = busOf('pbx-api-service');
    for (let i = 0; i < 20; i++) expect(await announce(bus, [announced('rest:either:read')], 'pbx-api-service')).toMatchObject({ accepted: 1 });
    expect(await one('rest:either:read')).toMatchObject({ version: 1 });
  });
});

describe('silence', () => {
  it('the scopes of a service that stopped announcing are withdrawn, our own are not; an outage of the bus is not silence', async () => {
    const service = await start('listener', { SCOPE_WITHDRAW_SECONDS: '2' });
    const announcements = service.app.get(AnnounceScopes);
    await announcements.announce('portal-service', [announced('rest:silent:read')]);
    await eventually('it to be withdrawn', async () => (await one('rest:silent:read'))?.status === 'withdrawn');
    expect((await told('rest:silent:read', 2)).map(event => event.type)).toEqual(['scope.announced', 'scope.withdrawn']);
    expect((await stored({ announced_by: 'scope-service' })).map(scope => scope.status)).toEqual(['active', 'active']);

    await announcements.announce('portal-service', [announced('rest:silent:read')]);
    const { last_seen } = await one('rest:silent:read') ?? { last_seen: new Date() };
    await servers.nats.stop();
    const silentSince = (seconds: number): Promise<boolean> => Promise.resolve(Date.now() > last_seen.getTime() + seconds * 1000);
    await eventually('a silence longer than the allowed', () => silentSince(4));
    expect(await one('rest:silent:read')).toMatchObject({ version: 3, status: 'active' });
    await servers.nats.start();
    await eventually('the bus to be back', () => Promise.resolve(service.app.get(Bus).connected));
    await announcements.announce('portal-service', [announced('rest:silent:read')]);
    expect(await one('rest:silent:read')).toMatchObject({ version: 3, status: 'active' });
    await stop(service);
  }, 60_000);
});

describe('the catalogue over HTTP', () => {
  let service: RunningService;
  const get = async (path: string, scope = 'strowger:scopes:read'): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> => {
    const response = await fetch(service.url + path, { headers: scope === '' ? {} : { authorization: `Bearer ${Buffer.from(scope).toString('base64url')}` } });
    return { status: response.status, body: await response.json() as Record<string, unknown>, headers: response.headers };
  };
  const scopesOf = (body: Record<string, unknown>): string[] => (body['items'] as { scope: string }[]).map(item => item.scope);
  beforeAll(async () => {
    service = await start('http');
    await database.collection(SCOPES).deleteMany({ announced_by: 'pbx-api-service' });
    await service.app.get(AnnounceScopes).announce('pbx-api-service', [
      announced('rest:callforward:read', { description: 'Read call forwarding (100% of it)' }), announced('rest:callforward:write', { access_level: 'all' }),
      announced('gql:callforward:read'), announced('rest:voicemail:write:greeting', { successor: 'rest:voicemail:write' }), announced('rest:gone:read'),
    ]);
    await service.app.get(AnnounceScopes).announce('pbx-api-service', [
      announced('rest:callforward:read', { description: 'Read call forwarding (100% of it)' }), announced('rest:callforward:write', { access_level: 'all' }),
      announced('gql:callforward:read'), announced('rest:voicemail:write:greeting', { successor: 'rest:voicemail:write' }),
    ]);
  }, 30_000);
  afterAll(async () => { await stop(service); });

  it('S71: is closed to who brings no token, a dead one, or one without strowger:scopes:read', async () => {
    for (const path of ['/api/scopes', '/api/scopes/tree', '/api/scopes/resolve?scope=rest']) {
      expect((await get(path, '')).status).toBe(401);
      expect((await get(path, 'dead')).headers.get('www-authenticate')).toContain('invalid_token');
      expect(await get(path, 'strowger:tokens:read')).toMatchObject({ status: 403, body: { error: 'insufficient_scope', scope: 'strowger:scopes:read' } });
      expect((await get(path)).headers.get('cache-control')).toBe('no-store');
    }
  });

  it('lists what was announced of each scope, by type, module and text', async () => {
    const { body } = await get('/api/scopes?module=callforward&limit=1&api_type=rest');
    expect(body['items']).toEqual([{ scope: 'rest:callforward:read', api_type: 'rest', module: 'callforward', description: 'Read call forwarding (100% of it)', access_level: 'call_api', announced_by: 'pbx-api-service', status: 'active' }]);
    expect(scopesOf((await get('/api/scopes?module=callforward')).body)).toEqual(['gql:callforward:read', 'rest:callforward:read', 'rest:callforward:write']);
    expect(scopesOf((await get('/api/scopes?q=FORWARDING%20(100%25')).body)).toEqual(['rest:callforward:read']);
    expect(scopesOf((await get('/api/scopes?q=mail:w')).body)).toEqual(['rest:voicemail:write:greeting']);
    expect((await get('/api/scopes?module=voicemail')).body['items']).toMatchObject([{ status: 'deprecated', successor: 'rest:voicemail:write' }]);
    expect((await get('/api/scopes?module=gone')).body['items']).toMatchObject([{ status: 'withdrawn' }]);
  });

  it.each(['.*', '^rest', '[a-z]', 'a|b', '\\w', '$', '(', '(?i)rest', '{"$gt":""}'])('S67: searches for %j as it stands', async q => {
    expect(await get(`/api/scopes?q=${encodeURIComponent(q)}`)).toMatchObject({ status: 200, body: { items: q === '(' ? [{ scope: 'rest:callforward:read' }] : [] } });
  });

  it('its pages together are the whole, each scope once', async () => {
    const found: string[] = [];
    let cursor: unknown = null;
    do {
      const { body } = await get(`/api/scopes?limit=7${cursor === null ? '' : `&cursor=${String(cursor)}`}`);
      found.push(...scopesOf(body));
      cursor = body['next_cursor'];
    } while (cursor !== null);
    expect(found).toEqual((await stored()).map(scope => scope._id));
    expect(found.length).toBeGreaterThan(14);
  });

  it('the tree has what can be granted', async () => {
    const { body } = await get('/api/scopes/tree');
    const rest = (body['items'] as { scope: string; children: { name: string; children: unknown[] }[] }[]).find(node => node.scope === 'rest');
    expect(rest?.children.find(node => node.name === 'callforward')?.children).toMatchObject([{ name: 'read', status: 'active' }, { name: 'write', access_level: 'all' }]);
    expect(rest?.children.find(node => node.name === 'voicemail')?.children).toMatchObject([{ name: 'write', children: [{ scope: 'rest:voicemail:write:greeting', successor: 'rest:voicemail:write' }] }]);
    expect(rest?.children.find(node => node.name === 'gone')).toBeUndefined();
  });

  it('a scope string resolves to the leaves it grants, what is unknown, and the shortest equal string', async () => {
    expect((await get('/api/scopes/resolve?scope=rest:callforward:read%20rest:callforward%20rest:nothing%20rest:gone')).body).toEqual({
      granted: ['rest:callforward:read', 'rest:callforward:write'], unknown: ['rest:nothing', 'rest:gone'], minimal: 'rest:callforward',
    });
    expect((await get('/api/scopes/resolve?scope=all')).body).toMatchObject({ unknown: [], minimal: 'gql rest strowger' });
    expect(await get('/api/scopes/resolve?scope=rest:A')).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
  });

  it.each<[string, string]>([
    ['/api/scopes?limit=201', 'limit'], ['/api/scopes?cursor=x', 'cursor'], ['/api/scopes?q=a&q=b', 'q'], ['/api/scopes?sort=_id', 'sort'], ['/api/scopes?module[$ne]=x', 'module'],
    ['/api/scopes?__proto__=x', '__proto__'], ['/api/scopes?constructor=x', 'constructor'], ['/api/scopes/resolve', 'scope'], ['/api/scopes/tree?x=1', 'x'],
  ])('S66, S67: %s is refused, naming %s', async (path, named) => {
    const { status, body } = await get(path);
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: 'invalid_request', error_description: expect.stringContaining(named) as string });
  });

  it('what a later issue adds is not there yet', async () => {
    for (const path of ['/api/scopes/rest:callforward/reach', '/api/scopes/rest:callforward/history', '/api/scopes/x']) expect((await get(path)).status).toBe(404);
  });
});
