import { RunningService } from '@strowger/service/start-service';
import { AnnounceScopes } from '../announcement/announce-scopes';
import { announced, ScopeScene, tokenOf } from '../scope-scene.fixture';

interface Answer { status: number; body: Record<string, unknown>; headers: Headers }
describe('the catalogue over HTTP', () => {
  let scene: ScopeScene, service: RunningService;
  const get = async (path: string, scope = 'strowger:scopes:read'): Promise<Answer> => {
    const response = await fetch(service.url + path, { headers: scope === '' ? {} : { authorization: `Bearer ${tokenOf(scope)}` } });
    return { status: response.status, body: await response.json() as Record<string, unknown>, headers: response.headers };
  };
  const scopesOf = (body: Record<string, unknown>): string[] => (body['items'] as { scope: string }[]).map(item => item.scope);
  beforeAll(async () => {
    scene = await ScopeScene.begin('scope_catalogue');
    service = await scene.start('http');
    await service.app.get(AnnounceScopes).announce('pbx-api-service', [
      announced('rest:callforward:read', { description: 'Read call forwarding (100% of it)' }), announced('rest:callforward:write', { access_level: 'all' }),
      announced('gql:callforward:read'), announced('rest:voicemail:write:greeting', { successor: 'rest:voicemail:write' }), announced('rest:gone:read'),
    ]);
    await service.app.get(AnnounceScopes).announce('pbx-api-service', [
      announced('rest:callforward:read', { description: 'Read call forwarding (100% of it)' }), announced('rest:callforward:write', { access_level: 'all' }),
      announced('gql:callforward:read'), announced('rest:voicemail:write:greeting', { successor: 'rest:voicemail:write' }),
    ]);
  }, 120_000);
  afterAll(async () => { await scene.end(); }, 60_000);

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
    let cursor: string | null = null;
    do {
      const { body }: Answer = await get(`/api/scopes?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
      found.push(...scopesOf(body));
      cursor = body['next_cursor'] as string | null;
    } while (cursor !== null);
    expect(found).toEqual((await scene.stored()).map(scope => scope._id));
    expect(found.length).toBe(7);
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
