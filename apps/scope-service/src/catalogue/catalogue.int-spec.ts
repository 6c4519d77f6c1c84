import { RATE_LIMITS, RateLimitDocument } from '@strowger/models/rate-limits/rate-limits.schema';
import { eventIdOf } from '@strowger/models/outbox/make-event';
import { SCOPES } from '@strowger/models/scopes/scopes.schema';
import { RunningService } from '@strowger/service/start-service';
import { eventually } from '../../../../test/system';
import { AnnounceScopes } from '../announcement/announce-scopes';
import { describeReach } from '../reach/reach.behaviour';
import { announced, ScopeScene, tokenOf } from '../scope-scene.fixture';

interface Answer { status: number; body: Record<string, unknown>; headers: Headers }
let scene: ScopeScene;
beforeAll(async () => { scene = await ScopeScene.begin('scope_catalogue'); });
afterAll(async () => { await scene.end(); });

describe('the catalogue over HTTP', () => {
  let service: RunningService;
  const get = async (path: string, scope = 'strowger:scopes:read'): Promise<Answer> => {
    const response = await fetch(service.url + path, { headers: scope === '' ? {} : { authorization: `Bearer ${tokenOf(scope)}` } });
    return { status: response.status, body: await response.json() as Record<string, unknown>, headers: response.headers };
  };
  const scopesOf = (body: Record<string, unknown>): string[] => (body['items'] as { scope: string }[]).map(item => item.scope);
  beforeAll(async () => {
    service = await scene.start('http');
    await service.app.get(AnnounceScopes).announce('pbx-api-service', [
      announced('rest:callforward:read', { description: 'Read call forwarding (100% of it)' }), announced('rest:callforward:write', { access_level: 'all' }),
      announced('gql:callforward:read'), announced('rest:voicemail:write:greeting', { successor: 'rest:voicemail:write' }), announced('rest:gone:read'),
    ]);
    await service.app.get(AnnounceScopes).announce('pbx-api-service', [
      announced('rest:callforward:read', { description: 'Read call forwarding (100% of it)' }), announced('rest:callforward:write', { access_level: 'all' }),
      announced('gql:callforward:read'), announced('rest:voicemail:write:greeting', { successor: 'rest:voicemail:write' }),
    ]);
  });

  it('S71: is closed to who brings no token, a dead one, or one without strowger:scopes:read', async () => {
    for (const path of ['/api/scopes', '/api/scopes/tree', '/api/scopes/resolve?scope=rest', '/api/scopes/rest:callforward/reach', '/api/scopes/rest:gone:read/history']) {
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
    let cursor: string | null = null;
    do {
      const { body }: Answer = await get(`/api/scopes?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
      found.push(...scopesOf(body));
      cursor = body['next_cursor'] as string | null;
    } while (cursor !== null);
    expect(found).toEqual((await scene.stored()).map(scope => scope._id));
    expect(found.length).toBe(7);
  });

  it('the tree has what was announced, and says what is withdrawn and what renamed', async () => {
    const { body } = await get('/api/scopes/tree');
    const rest = (body['items'] as { scope: string; children: { name: string; children: unknown[] }[] }[]).find(node => node.scope === 'rest');
    expect(rest?.children.find(node => node.name === 'callforward')?.children).toMatchObject([{ name: 'read', status: 'active' }, { name: 'write', access_level: 'all' }]);
    expect(rest?.children.find(node => node.name === 'voicemail')?.children).toMatchObject([{ name: 'write', children: [{ scope: 'rest:voicemail:write:greeting', successor: 'rest:voicemail:write' }] }]);
    expect(rest?.children.find(node => node.name === 'gone')?.children).toMatchObject([{ name: 'read', status: 'withdrawn' }]);
  });

  it('a scope string resolves to the leaves it grants, what is unknown, and the shortest equal string', async () => {
    expect((await get('/api/scopes/resolve?scope=rest:callforward:read%20rest:callforward%20rest:nothing%20rest:gone')).body).toEqual({
      granted: ['rest:callforward:read', 'rest:callforward:write'], unknown: ['rest:nothing', 'rest:gone'], minimal: 'rest:callforward', deprecated: [], withdrawn: [{ scope: 'rest:gone:read' }],
    });
    expect((await get('/api/scopes/resolve?scope=rest:voicemail')).body).toMatchObject({ deprecated: [{ scope: 'rest:voicemail:write:greeting', successor: 'rest:voicemail:write' }], withdrawn: [] });
    expect((await get('/api/scopes/resolve?scope=all')).body).toMatchObject({ unknown: [], minimal: 'gql rest strowger' });
    expect(await get('/api/scopes/resolve?scope=rest:A')).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
  });

  it.each<[string, string]>([
    ['/api/scopes?limit=201', 'limit'], ['/api/scopes?cursor=x', 'cursor'], ['/api/scopes?q=a&q=b', 'q'], ['/api/scopes?sort=_id', 'sort'], ['/api/scopes?module[$ne]=x', 'module'],
    ['/api/scopes?__proto__=x', '__proto__'], ['/api/scopes?constructor=x', 'constructor'], ['/api/scopes/resolve', 'scope'], ['/api/scopes/tree?x=1', 'x'],
    ['/api/scopes/rest:gone:read/history?cursor=djA', 'cursor'], ['/api/scopes/rest:gone:read/history?limit=0', 'limit'], ['/api/scopes/rest:gone:read/history?version[$gt]=0', 'version'],
  ])('S66, S67: %s is refused, naming %s', async (path, named) => {
    const { status, body } = await get(path);
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: 'invalid_request', error_description: expect.stringContaining(named) as string });
  });

  it('the history of a scope is every change of it, newest first, page by page, and each stands in the trail under its event\'s id', async () => {
    const announcements = service.app.get(AnnounceScopes), say = (...scopes: Parameters<typeof announced>[]) => announcements.announce('portal-service', scopes.map(one => announced(...one)));
    const name = 'gql:told:read', other = 'gql:told:write', opens = [{ method: 'GET', path: '/api/rest/told/{id}' }, { field: 'told' }];
    await say([name, { opens }]);
    await say([name, { opens: opens.slice(1), description: 'Otherwise', access_level: 'all' }], [other]);
    await say([name, { opens: opens.slice(1), description: 'Otherwise', access_level: 'all', successor: other }], [other]);
    await say([other]);
    await say([name, { opens, description: 'Otherwise' }], [other]);
    const { status, body } = await get(`/api/scopes/${name}/history`), items = body['items'] as Record<string, unknown>[];
    expect([status, body['scope'], body['status'], body['next_cursor']]).toEqual([200, name, 'active', null]);
    expect(items.map(({ version, what, status: after, changes }) => [version, what, after, changes])).toEqual([
      [5, 'returned', 'active', [{ field: 'access_level', from: 'all', to: 'call_api' }, { field: 'successor', from: other }, { field: 'opens', added: [opens[0]], removed: [] }]],
      [4, 'withdrawn', 'withdrawn', []],
      [3, 'changed', 'deprecated', [{ field: 'successor', to: other }]],
      [2, 'changed', 'active', [{ field: 'description', from: `About ${name}`, to: 'Otherwise' }, { field: 'access_level', from: 'call_api', to: 'all' }, { field: 'opens', added: [], removed: [opens[0]] }]],
      [1, 'announced', 'active', [{ field: 'description', to: `About ${name}` }, { field: 'access_level', to: 'call_api' }, { field: 'announced_by', to: 'portal-service' }, { field: 'opens', added: opens, removed: [] }]],
    ]);
    expect(items.map(item => item['event_id'])).toEqual([5, 4, 3, 2, 1].map(version => eventIdOf(SCOPES, name, version, version === 4 ? 'scope.withdrawn' : 'scope.announced')));
    const paged: unknown[] = [];
    for (let cursor = ''; ;) {
      const page: Answer = await get(`/api/scopes/${name}/history?limit=2${cursor}`);
      paged.push(...page.body['items'] as unknown[]);
      if (typeof page.body['next_cursor'] !== 'string') break;
      cursor = `&cursor=${page.body['next_cursor']}`;
    }
    expect(paged).toEqual(items);
    for (const path of ['gql:told/history', 'gql:never:read/history', 'rest:x']) expect((await get(`/api/scopes/${path}`)).status).toBe(404);
  });

  it('answers so many requests a minute to a client and account, whichever instance is asked, also after a restart; and counts on while the database is away', async () => {
    const PER_MINUTE = 20, limited = { API_REQUESTS_PER_MINUTE: String(PER_MINUTE) }, [one, other] = [await scene.start('limited-1', limited), await scene.start('limited-2', limited)];
    const ask = async (instance: RunningService, sub: string) => {
      const { status, headers } = await fetch(`${instance.url}/api/scopes/resolve?scope=rest`, { headers: { authorization: `Bearer ${tokenOf('strowger:scopes:read', sub)}` } });
      return { status, remaining: Number(headers.get('x-ratelimit-remaining')), retry: headers.get('retry-after') };
    };
    const counters = scene.database.collection<RateLimitDocument>(RATE_LIMITS), mine = { _id: /^requests:scope-service:/, count: { $gt: 0 } };
    const counted = (many: number) => eventually(`${String(many)} requests in the shared counter`, () => counters.findOne({ ...mine, count: many }));
    await counters.deleteMany(mine);
    for (let i = 0; i < 9; i++) expect(await ask(one, 'busy')).toMatchObject({ status: 200, remaining: PER_MINUTE - 1 - i });
    await counted(9);
    // However slow this machine is, the minute is not over.
    await counters.updateOne(mine, { $set: { expires_at: new Date(Date.now() + 3_600_000) } });
    await ask(one, 'busy');
    await ask(other, 'busy');
    await counted(11);
    await eventually('the other instance to know', async () => (await ask(other, 'busy')).remaining < 9);
    const rest = [];
    for (let last = 200; last === 200;) { const answer = await ask(other, 'busy'); rest.push(answer); last = answer.status; }
    expect(rest.length).toBeLessThanOrEqual(PER_MINUTE - 11);
    expect(rest.at(-1)).toMatchObject({ status: 429, remaining: 0, retry: expect.stringMatching(/^[1-9]\d*$/) as string });
    await eventually('the first instance to refuse', async () => (await ask(one, 'busy')).status === 429);
    await scene.stop(one);
    await scene.stop(other);
    const restarted = await scene.start('limited-3', limited);
    await eventually('the restarted instance to refuse', async () => (await ask(restarted, 'busy')).status === 429);
    expect((await ask(restarted, 'quiet')).status).toBe(200);
    scene.servers.databaseFront.kill('SIGKILL');
    await eventually('its end', () => Promise.resolve(scene.servers.databaseFront.pid() === undefined));
    const answers = await Promise.all(Array.from({ length: PER_MINUTE + 7 }, () => ask(restarted, 'away')));
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(7);
    await scene.servers.databaseFront.start();
  });
});

describe('who reaches a scope', () => { describeReach(() => scene); });
