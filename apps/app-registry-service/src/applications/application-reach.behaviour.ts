import { AccountDocument, ACCOUNTS } from '@strowger/models/accounts/accounts.schema';
import { APPLICATIONS, ApplicationDocument } from '@strowger/models/applications/applications.schema';
import { ScopeDocument, SCOPES } from '@strowger/models/scopes/scopes.schema';
import { AppRegistryScene, CallerClaims } from '../app-registry-scene.fixture';
import { containing, DemoTenant } from '../demo-tenant.fixture';

/** `GET /api/applications/{client_id}/reach`, as two users of a tenant, its administrator and strangers ask. */
export function applicationReachBehaviour(given: () => { readonly demo: DemoTenant; readonly alice: CallerClaims; readonly bob: CallerClaims }): void {
  let scene: AppRegistryScene, demo: DemoTenant, alice: CallerClaims, bob: CallerClaims;
  const opening = { method: 'PUT', path: '/api/rest/opened/{extension}' };
  const scopeOf = (scope: string, more: Partial<ScopeDocument> = {}): ScopeDocument => ({
    _id: scope, tenant_id: '_', version: 1, api_type: scope.split(':')[0] ?? '', module: scope.split(':')[1] ?? '', description: `About ${scope}`, access_level: 'call_api', opens: [], announced_by: 'pbx-api-service',
    status: 'active', last_seen: new Date(), ...more,
  });
  const opened = async (who: CallerClaims, path: string, query = '') => demo.call(who, 'GET', `${path}/reach${query}`);
  const byScope = (body: Record<string, unknown>) => Object.fromEntries((body['items'] as { scope: string }[]).map(item => [item.scope, item]));
  beforeAll(async () => {
    ({ demo, alice, bob } = given());
    ({ scene } = demo);
    await scene.database.collection<ScopeDocument>(SCOPES).insertMany([
      scopeOf('rest:opened:read', { opens: [{ method: 'GET', path: '/api/rest/opened' }, { field: 'opened' }] }), scopeOf('rest:opened:write', { access_level: 'all', opens: [opening] }),
      scopeOf('rest:opened:write:part', {}), scopeOf('rest:openedmore:read', {}), scopeOf('rest:old:read', { status: 'deprecated', successor: 'rest:opened:read' }), scopeOf('rest:off:read', { status: 'withdrawn' }),
    ]);
  });

  test('S78: is each announced scope in its registered one, with routes, fields, and the access level that is missing', async () => {
    const { path } = await demo.register(alice, { type: 'native', scope: 'rest:opened rest:old' });
    const { status, body } = await opened(alice, path);
    expect([status, body['scope'], body['access_level'], body['unknown'], body['next_cursor']]).toEqual([200, 'rest:old rest:opened', 'call_api', [], null]);
    expect(body['items']).toEqual([
      { scope: 'rest:old:read', description: 'About rest:old:read', status: 'deprecated', successor: 'rest:opened:read', access_level: 'call_api', opens: [], allowed: true },
      { scope: 'rest:opened:read', description: 'About rest:opened:read', status: 'active', access_level: 'call_api', opens: [{ method: 'GET', path: '/api/rest/opened' }, { field: 'opened' }], allowed: true },
      { scope: 'rest:opened:write', description: 'About rest:opened:write', status: 'active', access_level: 'all', opens: [opening], allowed: false, missing_access_level: 'all', refusal: { status: 'app_access_type_deny', description: containing('level all') } },
      { scope: 'rest:opened:write:part', description: 'About rest:opened:write:part', status: 'active', access_level: 'call_api', opens: [], allowed: true },
    ]);
    await demo.call(demo.administrator, 'PATCH', path, { access_level: 'all' });
    expect(byScope((await opened(alice, path)).body)['rest:opened:write']).toMatchObject({ allowed: true });
    const pages: unknown[] = [];
    for (let cursor = ''; ;) {
      const page = await opened(alice, path, `?limit=1${cursor}`);
      pages.push(...page.body['items'] as unknown[]);
      if (typeof page.body['next_cursor'] !== 'string') break;
      cursor = `&cursor=${encodeURIComponent(page.body['next_cursor'])}`;
    }
    expect(pages).toHaveLength(4);
  });

  test('S53, S77: a machine is bounded by its owner, and what is withdrawn or announced no more opens nothing', async () => {
    const { path, id } = await demo.register(demo.administrator, { type: 'machine_to_machine', scope: 'rest:opened', access_level: 'all' });
    await scene.database.collection<ApplicationDocument>(APPLICATIONS).updateOne({ _id: id }, { $set: { scope: 'gql:never rest:off rest:opened', owner: bob.sub } });
    const accounts = scene.database.collection<AccountDocument>(ACCOUNTS);
    await accounts.updateOne({ _id: bob.sub }, { $set: { access: 'read_only' } });
    const { body } = await opened(bob, path);
    expect(body['unknown']).toEqual(['gql:never']);
    expect(byScope(body)).toMatchObject({
      'rest:off:read': { status: 'withdrawn', allowed: false }, 'rest:opened:read': { allowed: true }, 'rest:opened:write': { allowed: false, refusal: { status: 'user_access_type_deny' } },
    });
    await accounts.updateOne({ _id: bob.sub }, { $set: { access: 'full', status: 'blocked' } });
    expect((await opened(demo.administrator, path)).body['items']).toEqual(expect.arrayContaining([expect.objectContaining({ scope: 'rest:opened:read', allowed: false, refusal: { status: 'user_blocked', description: containing('owner') } })]));
    await accounts.updateOne({ _id: bob.sub }, { $set: { status: 'active' } });
  });

  test('S64, S71: is shown to its owner and to administrators and auditors of its tenant; to others it is not there', async () => {
    const { path } = await demo.register(alice);
    const auditor = { ...(await demo.newUser()).claims, role: 'auditor' as const };
    for (const who of [alice, demo.administrator, auditor]) expect((await opened(who, path)).status).toBe(200);
    for (const who of [bob, demo.other.administrator, { ...auditor, tenant_id: demo.other.id }]) expect((await opened(who, path)).status).toBe(404);
    expect(await opened({ ...alice, scope: 'strowger:scopes:read' }, path)).toMatchObject({ status: 403, body: { scope: 'strowger:applications:read' } });
    for (const id of ['x', 'f'.repeat(32), '__proto__']) expect((await opened(demo.administrator, `/api/applications/${id}`)).status).toBe(404);
  });

  test.each(['?limit=0', '?limit=201', '?cursor=rest', '?cursor=$ne', '?limit=1&limit=2', '?cursor[$gt]=a', '?x=1'])('S66, S67: refuses %s', async query => {
    const { path } = await demo.register(alice);
    expect(await opened(alice, path, query)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });
}
