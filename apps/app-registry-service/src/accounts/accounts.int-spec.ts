import { PasswordHasher } from '@strowger/credentials/password-hasher';
import { AppRegistryScene, CallerClaims } from '../app-registry-scene.fixture';
import { containing, DemoTenant, items, matching, text } from '../demo-tenant.fixture';

const hasher = new PasswordHasher();
const someText: unknown = expect.any(String);
let accesses = 0;
let scene: AppRegistryScene, demo: DemoTenant, alice: CallerClaims, bob: CallerClaims;
beforeAll(async () => {
  scene = await AppRegistryScene.start('app_registry_accounts');
  demo = await DemoTenant.in(scene);
  alice = (await demo.newUser()).claims;
  bob = (await demo.newUser()).claims;
});
afterAll(async () => { await scene.stop(); });

describe('an account', () => {
  test('of a user is created by administrators; a generated password is shown once, and only its hash is kept', async () => {
    const made = await demo.call(demo.administrator, 'POST', '/api/accounts', { kind: 'user', username: ' Carol ', email: 'Carol@Example.com', generate_password: true, role: 'auditor', extension_id: '204' });
    expect(made).toMatchObject({ status: 201, body: { username: 'carol', email: 'carol@example.com', role: 'auditor', access: 'full', kind: 'user', extension_id: '204', status: 'active' } });
    const stored = await demo.storedAccount(text(made, 'id'));
    expect(stored.password_hash).toMatch(/^\$argon2id\$/);
    expect(await hasher.verify(stored.password_hash, text(made, 'password'))).toBe(true);
    expect(await scene.eventsOf(text(made, 'id'), ['account.created'])).toMatchObject([{ data: { tenant_id: demo.id, username: 'carol', role: 'auditor', by: { account_id: demo.administrator.sub } } }]);
    expect((await demo.call(alice, 'POST', '/api/accounts', { kind: 'user', username: 'dave', password: 'long enough' })).status).toBe(403);
    expect((await demo.call(demo.administrator, 'GET', `/api/accounts/${text(made, 'id')}`)).body).not.toHaveProperty('password');
  });

  test('has a username that no other living account of the deployment has, and frees it when deleted', async () => {
    const { id } = await demo.newUser({ username: 'unique' });
    for (const caller of [demo.administrator, demo.other.administrator]) {
      const taken = await demo.call(caller, 'POST', '/api/accounts', { kind: 'user', username: 'UNIQUE', password: 'long enough' });
      expect(taken).toMatchObject({ status: 409, body: { error: 'invalid_request', error_description: 'username: taken, choose another' } });
    }
    const raced = await Promise.all(Array.from({ length: 6 }, () => demo.call(demo.administrator, 'POST', '/api/accounts', { kind: 'user', username: 'raced', password: 'long enough' })));
    expect(raced.map(answer => answer.status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    expect((await demo.call(demo.administrator, 'DELETE', `/api/accounts/${id}`)).status).toBe(204);
    expect(await demo.storedAccount(id)).not.toHaveProperty('live_username');
    expect((await demo.newUser({ username: 'unique' })).id).not.toBe(id);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['no password', { username: 'x1' }, /password/], ['two passwords', { username: 'x1', password: 'long enough', generate_password: true }, /not both/], ['a short password', { username: 'x1', password: 'short' }, /8 characters/],
    ['S32: a password of 1 MB', { username: 'x1', password: 'p'.repeat(60_000) }, /password/], ['an empty username', { username: ' ', password: 'long enough' }, /username/],
    ['S82: a username of wildcards', { username: 'a.*>', password: 'long enough' }, /username/], ['S66: a username __proto__', { username: '__proto__', password: 'long enough' }, /username/],
    ['S67: a username that is an operator', { username: { $ne: 'x' }, password: 'long enough' }, /username/], ['S67: a password that is an operator', { username: 'x1', password: { $exists: true } }, /password/],
    ['S67: a role that is an operator', { username: 'x1', password: 'long enough', role: { $ne: 'user' } }, /role/], ['no kind', { kind: undefined, username: 'x1', password: 'long enough' }, /kind/],
    ['impersonation of a user', { username: 'x1', password: 'long enough', impersonation: true }, /impersonation/], ['a bad e-mail', { username: 'x1', password: 'long enough', email: 'x' }, /email/],
    ...['tenant_id', 'password_hash', 'status', 'rights_version', '_id', '__v', 'createdBy', 'live_username', 'isAdmin'].map((field): [string, Record<string, unknown>, RegExp] => [`S60: the field ${field}`, { username: 'x1', password: 'long enough', [field]: 'x' }, new RegExp(`'${field}'`)]),
  ])('is refused with %s, and nothing is stored', async (_what, more, message) => {
    const before = (await scene.accounts({})).length;
    const answer = await demo.call(demo.administrator, 'POST', '/api/accounts', { kind: 'user', ...more });
    expect(answer).toMatchObject({ status: 400, body: { error_description: matching(message) } });
    expect(await scene.accounts({})).toHaveLength(before);
  });

  test('a user makes API accesses of its own, without what an administrator gives', async () => {
    const owner = await demo.newUser({ switchboards: ['north', 'south'] });
    const access = (more: Record<string, unknown>) => demo.call(owner.claims, 'POST', '/api/accounts', { kind: 'api_access', email: `access${String(++accesses)}@example.com`, password: 'long enough', ...more });
    const made = await access({ switchboards: 'north' });
    expect(made).toMatchObject({ status: 201, body: { kind: 'api_access', owner: owner.id, role: 'user', impersonation: false, switchboards: ['north'], username: containing('@example.com') } });
    expect((await access({})).body).toMatchObject({ switchboards: ['north', 'south'] });
    for (const more of [{ impersonation: true }, { access: 'full' }, { extension_id: '1' }, { owner: bob.sub }, { switchboards: ['east'] }]) expect([more, (await access(more)).status]).toEqual([more, 403]);
    expect((await access({ role: 'administrator' })).status).toBe(400);
    expect((await demo.call({ ...owner.claims, sub: text(made, 'id'), account_kind: 'api_access', impersonation: true }, 'POST', '/api/accounts', { kind: 'api_access', email: 'deep@example.com', password: 'long enough' })).status).toBe(403);
    const given = await demo.call(demo.administrator, 'POST', '/api/accounts', { kind: 'api_access', email: 'given@example.com', generate_password: true, impersonation: true, owner: owner.id });
    expect(given).toMatchObject({ status: 201, body: { owner: owner.id, impersonation: true } });
    expect((await demo.call(demo.administrator, 'POST', '/api/accounts', { kind: 'api_access', email: 'foreign@example.com', generate_password: true, owner: demo.other.administrator.sub })).status).toBe(400);
    expect(items(await demo.call(owner.claims, 'GET', '/api/accounts')).map(item => item['id'])).toEqual([owner.id, text(made, 'id'), someText, text(given, 'id')]);

    expect((await demo.call(owner.claims, 'PATCH', `/api/accounts/${text(made, 'id')}`, { switchboards: ['south'] })).body).toMatchObject({ switchboards: ['south'] });
    expect((await demo.call(owner.claims, 'PATCH', `/api/accounts/${text(made, 'id')}`, { generate_password: true })).body).toMatchObject({ password: someText, signed_out: true });
    for (const change of [{ switchboards: null }, { switchboards: ['east'] }, { impersonation: true }, { status: 'active' }, { access: 'full' }]) expect([change, (await demo.call(owner.claims, 'PATCH', `/api/accounts/${text(made, 'id')}`, change)).status]).toEqual([change, 403]);
    expect((await demo.call(demo.administrator, 'PATCH', `/api/accounts/${owner.id}`, { switchboards: ['north'] })).status).toBe(200);
    expect((await demo.storedAccount(text(made, 'id'))).switchboards).toEqual([]);

    expect((await demo.call(owner.claims, 'DELETE', `/api/accounts/${text(made, 'id')}`)).status).toBe(204);
    expect((await demo.call(owner.claims, 'DELETE', `/api/accounts/${owner.id}`)).status).toBe(403);
    expect((await demo.call(demo.administrator, 'DELETE', `/api/accounts/${owner.id}`)).status).toBe(204);
    expect((await scene.accounts({ owner: owner.id })).map(one => one.status)).toEqual(['deleted', 'deleted', 'deleted']);
    expect((await scene.eventsOf(text(given, 'id'), ['', ''])).map(event => event.type)).toEqual(expect.arrayContaining(['account.created', 'account.deleted']));
  });

  test('is seen by itself, its owner and administrators; to others it is not there', async () => {
    const { id, claims } = await demo.newUser();
    for (const caller of [claims, demo.administrator, { ...claims, role: 'auditor' as const }]) expect((await demo.call(caller, 'GET', `/api/accounts/${id}`)).status).toBe(200);
    for (const caller of [alice, demo.other.administrator, { ...bob, role: 'auditor' as const }]) {
      for (const [method, route, body] of [['GET', ''], ['PATCH', '', { status: 'blocked' }], ['DELETE', ''], ['POST', '/sign-out']] as const) expect([method, (await demo.call(caller, method, `/api/accounts/${id}${route}`, body)).status]).toEqual([method, 404]);
    }
    expect(await demo.storedAccount(id)).toMatchObject({ version: 1, status: 'active' });
  });

  test('changes its own password with the current one, and is signed out everywhere', async () => {
    const { id, claims, password } = await demo.newUser();
    const change = (body: unknown) => demo.call(claims, 'PATCH', `/api/accounts/${id}`, body);
    expect(await change({ password: 'a new password' })).toMatchObject({ status: 400, body: { error_description: containing('current_password') } });
    expect((await change({ password: 'a new password', current_password: 'wrong password' })).status).toBe(403);
    expect((await change({ password: 'short', current_password: password })).status).toBe(400);
    expect(await demo.storedAccount(id)).toMatchObject({ version: 1 });
    const changed = await change({ password: 'a new password', current_password: password });
    expect(changed).toMatchObject({ status: 200, body: { signed_out: true } });
    expect(changed.body).not.toHaveProperty('password');
    const stored = await demo.storedAccount(id);
    expect(stored).toMatchObject({ version: 2, rights_version: 2, sign_out_version: 2 });
    expect(await hasher.verify(stored.password_hash, 'a new password')).toBe(true);
    for (const body of [{ role: 'administrator' }, { access: 'full' }, { impersonation: true }, { status: 'active' }, { switchboards: [] }, { extension_id: '100' }]) expect([body, (await change(body)).status]).toEqual([body, 403]);
  });

  test('S30: of 40 parallel wrong current passwords no more are evaluated than the limit', async () => {
    const { id, claims, password } = await demo.newUser();
    const guess = (current_password: string) => demo.call(claims, 'PATCH', `/api/accounts/${id}`, { password: 'a new password', current_password });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => guess(`wrong password ${String(index)}`)));
    expect(answers.filter(answer => answer.status === 403).length).toBeLessThanOrEqual(10);
    expect(answers.filter(answer => ![403, 429, 503].includes(answer.status))).toEqual([]);
    const late = await guess(password);
    expect(late.status).toBe(429);
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await demo.call(demo.administrator, 'PATCH', `/api/accounts/${id}`, { password: 'a new password' })).status).toBe(200);
  });

  test('is blocked and unblocked, narrowed and raised by administrators', async () => {
    const { id } = await demo.newUser();
    const change = (body: unknown) => demo.call(demo.administrator, 'PATCH', `/api/accounts/${id}`, body);
    expect((await change({ status: 'blocked' })).body).toMatchObject({ status: 'blocked', signed_out: true });
    expect((await change({ status: 'active' })).body).not.toHaveProperty('signed_out');
    expect((await change({ access: 'read_only', role: 'auditor' })).body).toMatchObject({ access: 'read_only', role: 'auditor' });
    expect((await change(new URLSearchParams({ switchboards: 'a b', extension_id: '7' }))).body).toMatchObject({ switchboards: ['a', 'b'], extension_id: '7' });
    expect((await change({ switchboards: null, extension_id: null })).body).not.toHaveProperty('switchboards');
    expect(await demo.storedAccount(id)).toMatchObject({ version: 6, rights_version: 4, sign_out_version: 2 });
    expect((await scene.eventsOf(id, Array.from({ length: 8 }, () => ''))).map(event => event.type).sort()).toEqual([
      'account.blocked', 'account.created', 'account.narrowed', 'account.narrowed', 'account.unblocked', 'account.updated', 'account.updated', 'account.updated',
    ]);
    for (const body of [{ $set: { role: 'administrator' } }, { tenant_id: 'x' }, { password_hash: 'x' }, { kind: 'user' }, { username: 'x' }, { status: 'deleted' }, { status: { $ne: 1 } }, { impersonation: true }]) expect([body, (await change(body)).status]).toEqual([body, 400]);
  });

  test('that is the last administrator stays one, whatever is tried and however much at once', async () => {
    const last = { ...demo.other.administrator };
    for (const body of [{ role: 'user' }, { status: 'blocked' }, { access: 'read_only' }]) expect([body, (await demo.call(last, 'PATCH', `/api/accounts/${last.sub}`, body)).status]).toEqual([body, 409]);
    expect((await demo.call(last, 'DELETE', `/api/accounts/${last.sub}`)).status).toBe(409);
    for (let round = 0; round < 5; round++) {
      const second = await demo.call(last, 'POST', '/api/accounts', { kind: 'user', username: `second${String(round)}`, generate_password: true, role: 'administrator' });
      const ids = [last.sub, text(second, 'id')];
      const both = await Promise.all(ids.map(id => demo.call(last, 'PATCH', `/api/accounts/${id}`, { role: 'user' })));
      expect(both.map(answer => answer.status).sort()).toEqual([200, 409]);
      const [tenant] = await scene.tenants({ _id: demo.other.id });
      const administrators = (await scene.accounts({ tenant_id: demo.other.id, role: 'administrator', status: 'active' })).map(one => one._id);
      expect(administrators).toHaveLength(1);
      expect(tenant?.administrators).toEqual(administrators);
      if (administrators[0] !== last.sub) expect((await demo.call(last, 'PATCH', `/api/accounts/${last.sub}`, { role: 'administrator' })).status).toBe(200);
      for (const id of ids.slice(1)) await demo.call(last, 'PATCH', `/api/accounts/${id}`, { role: 'user' });
    }
  });
});
