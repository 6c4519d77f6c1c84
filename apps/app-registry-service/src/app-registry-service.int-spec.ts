import { randomBytes } from 'node:crypto';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { secretMatches } from '@strowger/credentials/client-secret';
import { PasswordHasher } from '@strowger/credentials/password-hasher';
import { eventually } from '../../../test/system';
import { AppRegistryScene, CallerClaims } from './app-registry-scene.fixture';
import { containing, DemoTenant, matching, sha256 } from './demo-tenant.fixture';

const hasher = new PasswordHasher();
let scene: AppRegistryScene, demo: DemoTenant, alice: CallerClaims, bob: CallerClaims;
beforeAll(async () => {
  scene = await AppRegistryScene.start('app_registry');
  demo = await DemoTenant.in(scene);
  alice = (await demo.newUser()).claims;
  bob = (await demo.newUser()).claims;
});
afterAll(async () => { await scene.stop(); });

describe('the operator\'s command', () => {
  test('init makes a tenant, its administrator and its application, and prints what is shown once to a file that nobody else can read', async () => {
    const printed = await scene.admin(['init', '--tenant', 'third', '--username', 'third-admin']);
    expect(printed).toMatchObject({ code: 0, out: '' });
    expect(Object.keys(printed.file)).toEqual(['TENANT_ID', 'ADMIN_USERNAME', 'ADMIN_PASSWORD', 'ADMIN_CLIENT_ID', 'ADMIN_CLIENT_SECRET']);
    expect(statSync(printed.path).mode & 0o777).toBe(0o600);
    expect(printed.err).not.toContain(printed.file['ADMIN_PASSWORD']);

    const [tenant] = await scene.tenants({ name: 'third' }), [account] = await scene.accounts({ username: 'third-admin' });
    const [application] = await scene.applications({ client_id: printed.file['ADMIN_CLIENT_ID'] });
    expect(tenant).toMatchObject({ _id: printed.file['TENANT_ID'], password_grant: false, implicit_grant: false, api_application: false, administrators: [account?._id] });
    expect(account).toMatchObject({ kind: 'user', role: 'administrator', status: 'active', live_username: 'third-admin' });
    expect(await hasher.verify(account?.password_hash ?? '', printed.file['ADMIN_PASSWORD'] ?? '')).toBe(true);
    expect(application).toMatchObject({ type: 'machine_to_machine', access_level: 'all', owner: account?._id, scope: 'gql rest strowger' });
    expect(secretMatches(application?.secrets[0]?.hash ?? Buffer.alloc(0), printed.file['ADMIN_CLIENT_SECRET'] ?? '')).toBe(true);
    for (const [id, type] of [[tenant?._id, 'tenant.created'], [account?._id, 'account.created'], [application?._id, 'application.registered']] as const) {
      const [event] = await scene.eventsOf(id ?? '', [type]);
      expect(event).toMatchObject({ type, source: matching(/^\/app-registry-service\/admin-/), data: { tenant_id: tenant?._id, version: 1 } });
    }
  });

  test('init run again changes nothing and says how to get new credentials', async () => {
    const before = JSON.stringify([await scene.tenants({}), await scene.accounts({}), await scene.applications({})]);
    const again = await scene.admin(['init', '--tenant', 'demo']);
    expect(again).toMatchObject({ code: 0, file: { TENANT_ID: demo.id, ADMIN_USERNAME: 'admin', ADMIN_CLIENT_ID: demo.values['ADMIN_CLIENT_ID'] } });
    expect(again.err).toContain('reset-password --username admin');
    expect(again.err).toContain(`rotate-secret --client-id ${demo.values['ADMIN_CLIENT_ID'] ?? ''}`);
    expect(JSON.stringify([await scene.tenants({}), await scene.accounts({}), await scene.applications({})])).toBe(before);
  });

  test('makes the reserved application api once, in no tenant, without a secret', async () => {
    expect(await scene.applications({ client_id: 'api' })).toMatchObject([{
      _id: 'api', tenant_id: '_', owner: '_', type: 'native', password_grant: true, secrets: [], scope: 'gql rest strowger', access_level: 'all', token_format: 'jwt', status: 'active',
    }]);
    expect(await scene.eventsOf('api', ['application.registered'])).toMatchObject([{ data: { tenant_id: '_' } }]);
  });

  test.each([
    ['a taken username', ['init', '--tenant', 'fourth', '--username', 'admin'], undefined, 2, /taken in this deployment.*--username NAME/],
    ['no tenant', ['init'], undefined, 2, /--tenant is missing/],
    ['a secret in its arguments', ['reset-password', '--username', 'admin', '--password', 'x'], undefined, 2, /--password/],
    ['an option of another command', ['reset-password', '--username', 'admin', '--tenant', 'demo'], undefined, 2, /does not go with/],
    ['an unknown account', ['reset-password', '--username', 'nobody'], undefined, 2, /no account nobody/],
    ['an unknown application', ['rotate-secret', '--client-id', 'f'.repeat(32)], undefined, 2, /no such application/],
    ['a public client', ['rotate-secret', '--client-id', 'api'], undefined, 1, /public client/],
    ['an unknown command', ['destroy'], undefined, 2, /no command destroy/],
    ['neither a terminal nor a file', ['init', '--tenant', 'fourth'], false, 1, /--output FILE/],
  ] as const)('refuses %s, and changes nothing', async (_what, words, output, code, message) => {
    const before = JSON.stringify([await scene.tenants({}), await scene.accounts({}), await scene.applications({})]);
    const printed = await scene.admin(words, { output: output ?? true });
    expect(printed).toMatchObject({ code, out: '', file: {} });
    expect(printed.err).toMatch(message);
    expect(printed.err).not.toMatch(/^\s+at /m);
    expect(JSON.stringify([await scene.tenants({}), await scene.accounts({}), await scene.applications({})])).toBe(before);
  });

  test('refuses a file that is there', async () => {
    const path = join(scene.servers.dataDir, 'there.env');
    writeFileSync(path, 'mine');
    expect(await scene.admin(['init', '--tenant', 'fourth', '--username', 'fourth-admin'], { output: path })).toMatchObject({ code: 1, err: containing('there already') });
    expect(await scene.tenants({ name: 'fourth' })).toEqual([]);
  });

  test('finds a running local stack by its data folder, and says what is missing where there is none', async () => {
    const { servers } = scene;
    const folder = join(servers.dataDir, 'stack');
    mkdirSync(folder);
    writeFileSync(join(folder, 'admin.env'), `MONGODB_URI='${servers.mongodbUri}'\nNATS_URL='${servers.natsUrl}'\nNATS_PASSWORD='${servers.busPassword('app-registry-service')}'\nSTROWGER_ISSUER='http://localhost:8080'\n`);
    const bare = { MONGODB_URI: '', NATS_URL: '', NATS_USER: '', NATS_PASSWORD: '' };
    expect(await scene.admin(['init', '--tenant', 'demo', '--data', folder], { env: bare })).toMatchObject({ code: 0, file: { TENANT_ID: demo.id } });
    expect(await scene.admin(['init', '--tenant', 'demo'], { env: bare })).toMatchObject({ code: 1, err: containing('MONGODB_URI is not set') });
    expect(await scene.admin(['--help'], { output: false, env: bare })).toMatchObject({ code: 0, out: containing('reset-password') });
  });

  test('reset-password gives a new password and signs out; rotate-secret ends the old secrets', async () => {
    const { id, password } = await demo.newUser({ username: 'forgetful' });
    const reset = await scene.admin(['reset-password', '--username', 'Forgetful']);
    const account = await demo.storedAccount(id);
    expect(await hasher.verify(account.password_hash, reset.file['ACCOUNT_PASSWORD'] ?? '')).toBe(true);
    expect(await hasher.verify(account.password_hash, password)).toBe(false);
    expect(account).toMatchObject({ version: 2, rights_version: 2, sign_out_version: 2 });
    expect((await scene.eventsOf(id, ['account.created', 'account.password_changed'])).map(event => event.type)).toEqual(['account.created', 'account.password_changed']);

    const made = await demo.register(demo.administrator, { type: 'trusted' });
    const rotated = await scene.admin(['rotate-secret', '--client-id', made.clientId]);
    const { secrets } = await demo.storedApplication(made.id);
    expect(secrets).toHaveLength(1);
    expect(secretMatches(secrets[0]?.hash ?? Buffer.alloc(0), rotated.file['CLIENT_SECRET'] ?? '')).toBe(true);
  });
});

describe('the tenant', () => {
  test('is read and changed by its administrators only', async () => {
    for (const caller of [alice, { ...bob, role: 'auditor' as const }]) for (const [method, route, body] of [['GET', ''], ['PATCH', '', {}], ['POST', '/sign-out']] as const) expect((await demo.call(caller, method, `/api/tenant${route}`, body)).status).toBe(403);
    expect(await demo.call(demo.administrator, 'GET', '/api/tenant')).toMatchObject({ status: 200, body: { id: demo.id, name: 'demo', password_grant: false, password_grant_until: null, access_token_ttl_seconds: 3600, logo: null } });
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const [before] = await scene.tenants({ _id: demo.id });
    expect((await demo.call(demo.administrator, 'PATCH', '/api/tenant', { password_grant: true, password_grant_until: until, api_application: 'true', access_token_ttl_seconds: 600 })).body).toMatchObject({ password_grant: true, password_grant_until: until, api_application: true, access_token_ttl_seconds: 600 });
    expect((await demo.call(demo.administrator, 'PATCH', '/api/tenant', { password_grant: false })).body).toMatchObject({ password_grant: false, password_grant_until: null });
    const [after] = await scene.tenants({ _id: demo.id });
    expect([after?.version, after?.rights_version, after?.sign_out_version]).toEqual([(before?.version ?? 0) + 2, (before?.rights_version ?? 0) + 1, before?.sign_out_version]);
    for (const body of [{ name: 'x' }, { administrators: [] }, { rights_version: 9 }, { access_token_ttl_seconds: 59 }, { access_token_ttl_seconds: 86_401 }, { refresh_token_ttl_seconds: 299 }, { $set: {} }, { password_grant: { $ne: 1 } }]) expect([body, (await demo.call(demo.administrator, 'PATCH', '/api/tenant', body)).status]).toEqual([body, 400]);
    expect(await scene.tenants({ _id: demo.id })).toEqual([after]);
  });

  test('signs everybody out', async () => {
    const [before] = await scene.tenants({ _id: demo.id });
    expect(await demo.call(demo.administrator, 'POST', '/api/tenant/sign-out')).toMatchObject({ status: 200, body: { signed_out: true } });
    const [after] = await scene.tenants({ _id: demo.id });
    expect([after?.rights_version, after?.sign_out_version]).toEqual([(before?.rights_version ?? 0) + 1, (before?.sign_out_version ?? 0) + 1]);
    await eventually('tenant.signed_out', () => Promise.resolve(scene.events.some(event => event.type === 'tenant.signed_out' && event.subject === demo.id)));
  });

  test('has a logo that is a PNG by its own bytes, of at most 64 KiB', async () => {
    const sized = (width: number, height: number) => { const size = Buffer.alloc(8); size.writeUInt32BE(width); size.writeUInt32BE(height, 4); return Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), size, randomBytes(192)]); };
    const png = sized(1024, 1);
    expect(await demo.call(demo.administrator, 'PUT', '/api/tenant/logo', png)).toMatchObject({ status: 200, body: { logo: { bytes: 216, sha256: sha256(png) } } });
    expect((await scene.tenants({ _id: demo.id }))[0]?.logo).toEqual(png);
    expect((await demo.call(demo.administrator, 'PATCH', '/api/tenant', { refresh_token_ttl_seconds: 300 })).body).toMatchObject({ logo: { bytes: 216 } });
    for (const [bad, status] of [[sized(1025, 40), 400], [sized(40, 2 ** 31), 400], [sized(0, 40), 400], [Buffer.from('<svg onload="alert(1)"/>'.repeat(9)), 400], [Buffer.concat([png, Buffer.alloc(65_536)]), 413], [Buffer.alloc(0), 400], [{ url: 'http://127.0.0.1/' }, 400]] as const) expect((await demo.call(demo.administrator, 'PUT', '/api/tenant/logo', bad)).status).toBe(status);
    expect((await demo.call(demo.administrator, 'POST', '/api/applications', png)).status).toBe(400);
    expect((await demo.call(alice, 'PUT', '/api/tenant/logo', png)).status).toBe(403);
  });
});

describe('the door', () => {
  test.each([
    ['GET', '/api/applications'], ['POST', '/api/applications'], ['GET', '/api/accounts'], ['POST', '/api/accounts'], ['GET', '/api/tenant'], ['PATCH', '/api/tenant'], ['GET', '/api/urls'], ['PUT', '/api/tenant/logo'],
  ])('%s %s needs a token, its scope, and for a write full access and level all', async (method, path) => {
    const body = method === 'GET' ? undefined : {};
    expect(await demo.call(undefined, method, path, body)).toMatchObject({ status: 401 });
    const scopeless = await demo.call({ ...demo.administrator, scope: 'rest gql' }, method, path, body);
    expect(scopeless).toMatchObject({ status: 403, body: { error: 'insufficient_scope' } });
    expect(scopeless.headers.get('www-authenticate')).toContain('strowger:');
    const [readOnly, callApi] = [await demo.call({ ...demo.administrator, read_only: true }, method, path, body), await demo.call({ ...demo.administrator, access_level: 'call_api' }, method, path, body)];
    expect([readOnly.body['status'], callApi.body['status']]).toEqual(method === 'GET' ? [undefined, undefined] : ['user_access_type_deny', 'app_access_type_deny']);
    expect((await demo.call({ ...demo.administrator, account_kind: 'api_access' }, method, path, body)).status).toBe(403);
  });

  test('a body that is neither JSON nor a form, or too large, is refused in JSON', async () => {
    for (const [body, type, status] of [['<a/>', 'text/xml', 400], ['{"a":', 'application/json', 400], ['[]', 'application/json', 400], ['"x"', 'application/json', 400], ['a=1&a=2', 'application/x-www-form-urlencoded', 400], [`{"name":"${'a'.repeat(1_000_000)}"}`, 'application/json', 413]] as const) {
      const answer = await demo.call(demo.administrator, 'POST', '/api/applications', body, { 'content-type': type });
      expect([type, answer.status, typeof answer.body['error']]).toEqual([type, status, 'string']);
    }
  });
});

describe('changes at once, and parts that are away', () => {
  test('20 parallel changes through two instances all count, each with its own version and event', async () => {
    const second = await scene.service('two');
    const { path, id } = await demo.register(alice);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => scene.call(index % 2 ? second : demo.service, alice, 'PATCH', path, { name: `Name ${String(index)}` })));
    const good = answers.filter(answer => answer.status === 200).length;
    expect(answers.filter(answer => answer.status !== 200 && answer.status !== 503)).toEqual([]);
    expect(good).toBeGreaterThan(10);
    expect((await demo.storedApplication(id)).version).toBe(1 + good);
    const versions = (await scene.eventsOf(id, Array.from({ length: 1 + good }, () => ''))).map(event => (event['data'] as { version: number }).version);
    expect([...new Set(versions)].sort((a, b) => a - b)).toEqual(Array.from({ length: 1 + good }, (_, index) => index + 1));
    expect(await scene.stopService(second)).toBe(true);
  });

  test('while the bus is away changes are stored, and their events follow when it comes back', async () => {
    await scene.servers.nats.stop();
    const { answer, id } = await demo.register(alice);
    expect(answer.status).toBe(201);
    expect(await scene.database.collection('outbox').countDocuments()).toBeGreaterThan(0);
    await scene.servers.nats.start();
    expect((await scene.eventsOf(id, ['application.registered'])).map(event => event.type)).toContain('application.registered');
  });

  test('while the database\'s front is killed again and again, what was answered is stored, and nothing has two events of one change', async () => {
    const { path, id } = await demo.register(alice);
    const answered: string[] = [];
    const ending = new AbortController();
    const work = (async () => {
      for (let index = 0; !ending.signal.aborted; index++) {
        const answer = await demo.call(alice, 'PATCH', path, { name: `Name ${String(index)}` });
        if (answer.status === 200) answered.push(`Name ${String(index)}`);
        else expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
      }
    })();
    for (let kill = 0; kill < 3; kill++) {
      const before = answered.length;
      await eventually('some changes', () => Promise.resolve(answered.length > before + 3), 30);
      scene.servers.databaseFront.kill('SIGKILL');
      await eventually('its end', () => Promise.resolve(scene.servers.databaseFront.pid() === undefined));
      await scene.servers.databaseFront.start();
    }
    const before = answered.length;
    await eventually('changes again', () => Promise.resolve(answered.length > before + 3), 30);
    ending.abort();
    await work;
    const stored = await demo.storedApplication(id);
    const events = await scene.eventsOf(id, Array.from({ length: stored.version }, () => ''));
    const byVersion = new Map(events.map(event => [(event['data'] as { version: number }).version, event.id]));
    expect([...byVersion.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: stored.version }, (_, index) => index + 1));
    expect(new Set(events.map(event => event.id)).size).toBe(stored.version);
    const named = new Set(events.map(event => (event['data'] as { name?: string }).name));
    expect(answered.filter(name => !named.has(name))).toEqual([]);
    expect(stored.name).toBe(answered.at(-1));
  });
});
