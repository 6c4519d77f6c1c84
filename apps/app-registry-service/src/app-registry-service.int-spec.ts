import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { secretMatches } from '@strowger/credentials/client-secret';
import { PasswordHasher } from '@strowger/credentials/password-hasher';
import { RunningService } from '@strowger/service/start-service';
import { eventually } from '../../../test/system';
import { Answer, AppRegistryScene, CallerClaims, isOfCatalogue, MadeTenant } from './app-registry-scene.fixture';

let scene: AppRegistryScene, service: RunningService, demo: MadeTenant, other: MadeTenant;
let alice: CallerClaims, bob: CallerClaims;
const hasher = new PasswordHasher();
const call = (caller: CallerClaims | undefined, method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> => scene.call(service, caller, method, path, body, headers);
const admin = (): CallerClaims => demo.administrator;
const text = (answer: Answer, field: string): string => String(answer.body[field]);
const items = (answer: Answer): Record<string, unknown>[] => answer.body['items'] as Record<string, unknown>[];
const sha256 = (value: string): string => createHash('sha256').update(value).digest('hex');
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const containing = (part: string): unknown => expect.stringContaining(part);
const someText: unknown = expect.any(String);
let names = 0;
const newUser = async (more: Record<string, unknown> = {}): Promise<{ id: string; claims: CallerClaims; password: string }> => {
  const made = await call(admin(), 'POST', '/api/accounts', { kind: 'user', username: `user${String(++names)}`, generate_password: true, ...more });
  expect(made.status).toBe(201);
  return { id: text(made, 'id'), password: text(made, 'password'), claims: { sub: text(made, 'id'), tenant_id: demo.id, role: (more['role'] ?? 'user') as 'user' } };
};
const register = async (caller: CallerClaims, more: Record<string, unknown> = {}): Promise<{ clientId: string; id: string; secret: string; path: string; answer: Answer }> => {
  const answer = await call(caller, 'POST', '/api/applications', { name: 'Dialler', type: 'web_server', scope: 'rest:callforward:read', redirect_uris: ['https://a.example/cb'], ...more });
  return { answer, clientId: text(answer, 'client_id'), id: text(answer, 'application_id'), secret: text(answer, 'client_secret'), path: `/api/applications/${text(answer, 'client_id')}` };
};
const storedApplication = async (id: string) => { const [found] = await scene.applications({ _id: id }); if (!found) throw new Error(`no application ${id}`); return found; };
const storedAccount = async (id: string) => { const [found] = await scene.accounts({ _id: id }); if (!found) throw new Error(`no account ${id}`); return found; };

beforeAll(async () => {
  scene = await AppRegistryScene.start('app_registry');
  [service, demo] = await Promise.all([scene.service('one'), scene.tenant('demo', 'admin')]);
  other = await scene.tenant('other', 'other-admin');
  alice = (await newUser()).claims;
  bob = (await newUser()).claims;
}, 180_000);
afterAll(async () => { await scene.stop(); }, 60_000);

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
  }, 60_000);

  test('init run again changes nothing and says how to get new credentials', async () => {
    const before = JSON.stringify([await scene.tenants({}), await scene.accounts({}), await scene.applications({})]);
    const again = await scene.admin(['init', '--tenant', 'demo']);
    expect(again).toMatchObject({ code: 0, file: { TENANT_ID: demo.id, ADMIN_USERNAME: 'admin', ADMIN_CLIENT_ID: demo.values['ADMIN_CLIENT_ID'] } });
    expect(again.err).toContain('reset-password --username admin');
    expect(again.err).toContain(`rotate-secret --client-id ${demo.values['ADMIN_CLIENT_ID'] ?? ''}`);
    expect(JSON.stringify([await scene.tenants({}), await scene.accounts({}), await scene.applications({})])).toBe(before);
  }, 60_000);

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
  }, 60_000);

  test('refuses a file that is there', async () => {
    const path = join(scene.servers.dataDir, 'there.env');
    writeFileSync(path, 'mine');
    expect(await scene.admin(['init', '--tenant', 'fourth', '--username', 'fourth-admin'], { output: path })).toMatchObject({ code: 1, err: containing('there already') });
    expect(await scene.tenants({ name: 'fourth' })).toEqual([]);
  }, 60_000);

  test('finds a running local stack by its data folder, and says what is missing where there is none', async () => {
    const { servers } = scene;
    const folder = join(servers.dataDir, 'stack');
    mkdirSync(folder);
    writeFileSync(join(folder, 'admin.env'), `MONGODB_URI='${servers.mongodbUri}'\nNATS_URL='${servers.natsUrl}'\nNATS_PASSWORD='${servers.busPassword('app-registry-service')}'\nSTROWGER_ISSUER='http://localhost:8080'\n`);
    const bare = { MONGODB_URI: '', NATS_URL: '', NATS_USER: '', NATS_PASSWORD: '' };
    expect(await scene.admin(['init', '--tenant', 'demo', '--data', folder], { env: bare })).toMatchObject({ code: 0, file: { TENANT_ID: demo.id } });
    expect(await scene.admin(['init', '--tenant', 'demo'], { env: bare })).toMatchObject({ code: 1, err: containing('MONGODB_URI is not set') });
    expect(await scene.admin(['--help'], { output: false, env: bare })).toMatchObject({ code: 0, out: containing('reset-password') });
  }, 60_000);

  test('reset-password gives a new password and signs out; rotate-secret ends the old secrets', async () => {
    const { id, password } = await newUser({ username: 'forgetful' });
    const reset = await scene.admin(['reset-password', '--username', 'Forgetful']);
    const account = await storedAccount(id);
    expect(await hasher.verify(account.password_hash, reset.file['ACCOUNT_PASSWORD'] ?? '')).toBe(true);
    expect(await hasher.verify(account.password_hash, password)).toBe(false);
    expect(account).toMatchObject({ version: 2, rights_version: 2, sign_out_version: 2 });
    expect((await scene.eventsOf(id, ['account.created', 'account.password_changed'])).map(event => event.type)).toEqual(['account.created', 'account.password_changed']);

    const made = await register(admin(), { type: 'trusted' });
    const rotated = await scene.admin(['rotate-secret', '--client-id', made.clientId]);
    const { secrets } = await storedApplication(made.id);
    expect(secrets).toHaveLength(1);
    expect(secretMatches(secrets[0]?.hash ?? Buffer.alloc(0), rotated.file['CLIENT_SECRET'] ?? '')).toBe(true);
  }, 60_000);
});

describe('registering an application', () => {
  test('answers with its credentials and URLs, and its event follows', async () => {
    const { answer, clientId, id, secret } = await register(alice, { name: ' Dialler  ', scope: 'rest:calllog:read rest:callforward:read rest:callforward', redirect_uris: 'https://a.example/cb http://127.0.0.1/cb' });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toMatchObject({
      client_id: matching(/^[0-9a-f]{32}$/), client_secret: matching(/^[0-9a-f]{32}$/), name: 'Dialler', type: 'web_server', access_level: 'call_api',
      scope: 'rest:callforward rest:calllog:read', redirect_uris: ['https://a.example/cb', 'http://127.0.0.1/cb'], owner: alice.sub, status: 'active', password_grant: false, token_format: 'jwt',
      urls: {
        authorize: 'http://localhost:8080/oauth/authorize', token: 'http://localhost:8080/oauth/token', resource: 'http://localhost:8080/oauth/resource',
        graphql: 'http://localhost:8080/api/gql', rest: 'http://localhost:8080/api/rest',
      },
    });
    const [event] = await scene.eventsOf(id, ['application.registered']);
    expect(event).toMatchObject({
      type: 'application.registered', source: '/app-registry-service/one',
      data: { tenant_id: demo.id, version: 1, application_id: id, client_id: clientId, by: { account_id: alice.sub }, ip: '127.0.0.1', user_agent: 'int-spec', request_id: answer.headers.get('x-request-id') },
    });
    expect(event && isOfCatalogue(event)).toBe(true);
    expect((await call(alice, 'GET', '/api/urls')).body).toEqual(answer.body['urls']);
    expect(JSON.stringify(event)).not.toContain(secret);
  });

  test('S61: shows a secret once; the database has its hash, and nothing else ever has it', async () => {
    const { id, secret, path } = await register(alice);
    const rotated = text(await call(alice, 'POST', `${path}/secrets`, { overlap_seconds: 60 }), 'client_secret');
    const generated = await newUser();
    await scene.settled();
    const said = [
      ...(await Promise.all(['', '?limit=200'].map(query => call(admin(), 'GET', `/api/applications${query}`)))).map(answer => answer.text),
      (await call(alice, 'GET', path)).text, (await call(alice, 'PATCH', path, { name: 'Other' })).text, (await call(admin(), 'GET', `/api/accounts/${generated.id}`)).text,
      (await call(admin(), 'GET', '/api/accounts?limit=200')).text, JSON.stringify(scene.events), JSON.stringify(await scene.applications({})), JSON.stringify(await scene.accounts({})),
    ].join();
    for (const hidden of [secret, rotated, generated.password]) expect(said).not.toContain(hidden);
    expect((await storedApplication(id)).secrets.map(({ hash }) => hash.toString('hex'))).toEqual([sha256(secret), sha256(rotated)]);
    for (const word of ['hash', 'password_hash', 'attempt', '_id']) expect((await call(alice, 'GET', path)).text).not.toContain(`"${word}"`);
  });

  test.each([
    ['public', 'web_server', 'user', 201], ['trusted', 'machine_to_machine', 'user', 201], ['native', 'native', 'user', 201], ['browser', 'browser', 'user', 201],
    ['password_credentials', 'native', 'administrator', 201], ['password_credentials', undefined, 'user', 403], ['spa', undefined, 'user', 400],
  ])('takes the type %s as %s from a %s: %d', async (typed, type, role, status) => {
    const { answer } = await register(role === 'administrator' ? admin() : alice, { type: typed });
    expect(answer.status).toBe(status);
    if (type !== undefined) expect(answer.body).toMatchObject({ type, password_grant: typed === 'password_credentials' });
    if (status === 201) expect('client_secret' in answer.body).toBe(type !== 'browser');
  });

  test('a browser or a public native application gets no secret, and none later', async () => {
    for (const more of [{ type: 'browser' }, { type: 'native', token_endpoint_auth_method: 'none' }]) {
      const { answer, id, path } = await register(alice, more);
      expect(answer.body).not.toHaveProperty('client_secret');
      expect((await storedApplication(id)).secrets).toEqual([]);
      expect(await call(alice, 'POST', `${path}/secrets`, {})).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
      expect((await call(alice, 'POST', `${path}/regenerate-credentials`)).body).not.toHaveProperty('client_secret');
    }
  });

  test('takes a form as it takes JSON', async () => {
    const form = new URLSearchParams({ name: 'Form', type: 'password_credentials', scope: 'all', redirect_uris: 'https://a.example/1 https://a.example/2', access_level: 'all', password_grant: 'true' });
    expect(await call(admin(), 'POST', '/api/applications', form)).toMatchObject({
      status: 201, body: { scope: 'gql rest strowger', access_level: 'all', password_grant: true, redirect_uris: ['https://a.example/1', 'https://a.example/2'] },
    });
  });

  test.each<[string, Record<string, unknown>, number, RegExp]>([
    ['S60: access_level all', { access_level: 'all' }, 403, /administrator/], ['S60: password_grant', { type: 'native', password_grant: true }, 403, /administrator/],
    ...['tenantId', 'tenant_id', 'trusted', 'clientId', 'client_id', 'secretHash', 'secrets', 'client_secret', 'createdBy', 'owner', 'status', 'rights_version', '_id', '__v', 'version', 'logo_uri', 'jwks_uri', 'webhook']
      .map((field): [string, Record<string, unknown>, number, RegExp] => [`S60: the field ${field}`, { [field]: 'x' }, 400, new RegExp(`'${field}'`)]),
    ['an unknown scope', { scope: 'rest:nothing:read' }, 400, /rest:nothing:read/], ['no scope', { scope: ' ' }, 400, /blank/],
    ['a bad redirect URI among good ones', { redirect_uris: 'https://a.example/cb http://evil.example/cb' }, 400, /evil\.example/],
    ['S6: a private scheme without a dot', { redirect_uris: ['myapp:/cb'] }, 400, /myapp/], ['S8: a tab in the list', { redirect_uris: 'https://a.example/\thttps://b.example/' }, 400, /redirect URI/],
    ['S67: an operator as the name', { name: { $ne: '' } }, 400, /name/], ['S67: an operator as the type', { type: { $gt: '' } }, 400, /type/],
    ['S67: an operator as the scope', { scope: { $regex: '.*' } }, 400, /scope/], ['S67: operators in the list', { redirect_uris: [{ $ne: 1 }] }, 400, /redirect_uris/],
    ['S66: constructor as the type', { type: 'constructor' }, 400, /constructor/], ['S66: __proto__ as the scope', { scope: '__proto__' }, 400, /__proto__/],
    ['S25: a name that turns its direction', { name: 'Dialler\u202e' }, 400, /name/], ['a name of two lines', { name: 'a\nb' }, 400, /name/], ['a website that is a script', { website: 'javascript:alert(1)' }, 400, /website/],
    ['S63: a name of 50 KB', { name: 'a'.repeat(50_000) }, 400, /name/], ['S63: an evil redirect URI', { redirect_uris: [`https://${'a.'.repeat(25_000)}`] }, 400, /longer/],
    ['a secret for a browser', { type: 'browser', token_endpoint_auth_method: 'client_secret_basic' }, 400, /has no secret/], ['no secret for a server', { token_endpoint_auth_method: 'none' }, 400, /always has a secret/],
  ])('refuses %s and stores nothing', async (_what, more, status, message) => {
    const before = (await scene.applications({})).length;
    const started = performance.now();
    const { answer } = await register(alice, more);
    expect(answer).toMatchObject({ status, body: { error_description: matching(message) } });
    expect(performance.now() - started).toBeLessThan(1000);
    expect(await scene.applications({})).toHaveLength(before);
  });

  test('S66: refuses names that reach a prototype, in JSON and in forms', async () => {
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      expect((await call(alice, 'POST', '/api/applications', `{"name":"a","type":"native","scope":"rest","${key}":{"x":1}}`, { 'content-type': 'application/json' })).status).toBe(400);
      expect((await call(alice, 'POST', '/api/applications', new URLSearchParams({ name: 'a', type: 'native', scope: 'rest', [key]: 'x' }))).status).toBe(400);
    }
    expect(await (await fetch(`${service.url}/health/live`)).json()).toEqual({ status: 'live' });
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  test('S62: nothing that is registered is ever fetched', async () => {
    let met = 0;
    const canary = createServer((_request, response) => { met++; response.end(); }).on('connection', () => { met++; });
    await new Promise<void>(done => canary.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${String((canary.address() as AddressInfo).port)}/`;
    expect((await register(alice, { website: url, redirect_uris: [url] })).answer.status).toBe(201);
    expect((await call(admin(), 'PUT', '/api/tenant/logo', { url })).status).toBe(400);
    await scene.settled();
    await new Promise<void>(done => canary.close(() => { done(); }));
    expect(met).toBe(0);
  });
});

describe('an application', () => {
  test('is seen and changed by its owner and the tenant\'s administrators; to others it is not there', async () => {
    const { path, clientId } = await register(alice);
    for (const caller of [alice, admin()]) expect((await call(caller, 'GET', path)).status).toBe(200);
    const routes: [string, string, unknown?][] = [
      ['GET', path], ['PATCH', path, { name: 'Mine' }], ['DELETE', path], ['POST', `${path}/secrets`, {}], ['DELETE', `${path}/secrets/x`], ['POST', `${path}/regenerate-credentials`],
      ['POST', `${path}/disable`], ['POST', `${path}/enable`], ['POST', `${path}/access-level-request`, { reason: 'r' }], ['POST', `${path}/sign-out`],
    ];
    for (const caller of [bob, other.administrator, { ...bob, role: 'auditor' as const }]) {
      for (const [method, route, body] of routes) expect([method, route, (await call(caller, method, route, body)).status]).toEqual([method, route, 404]);
      expect(items(await call(caller, 'GET', '/api/applications?limit=200')).map(item => item['client_id'])).not.toContain(clientId);
    }
    expect(items(await call(admin(), 'GET', '/api/applications?limit=200')).map(item => item['client_id'])).toContain(clientId);
    expect(await scene.eventsOf(text(await call(alice, 'GET', path), 'application_id'), ['application.registered'])).toHaveLength(1);
  });

  test('api is changed by nobody over HTTP, and listed to nobody', async () => {
    for (const [method, route, body] of [['GET', ''], ['PATCH', '', { name: 'x' }], ['DELETE', ''], ['POST', '/secrets', {}], ['POST', '/disable'], ['POST', '/sign-out']] as const) {
      for (const tenant_id of [demo.id, '_']) expect((await call({ ...admin(), tenant_id }, method, `/api/applications/api${route}`, body)).status).toBe(404);
    }
    expect((await storedApplication('api')).version).toBe(1);
  });

  test('S82: ids of wildcards, blanks and line breaks are no ids, and nothing is published', async () => {
    await scene.settled();
    const before = scene.events.length;
    for (const id of ['*', '%3E', 'a.b', 'a%20b', 'a%0d%0aPUB', '%00', `${'a'.repeat(32)}%0a`, '%F0%9F%93%9E']) {
      expect([id, (await call(admin(), 'POST', `/api/applications/${id}/disable`)).status]).toEqual([id, 404]);
      expect([id, (await call(admin(), 'POST', `/api/accounts/${id}/sign-out`)).status]).toEqual([id, 404]);
    }
    await scene.settled();
    expect(scene.events).toHaveLength(before);
  });

  test('is changed in the fields that may change, and says what changed', async () => {
    const { path, id } = await register(alice, { description: 'old', website: 'https://w.example' });
    const changed = await call(alice, 'PATCH', path, { name: 'New', scope: 'rest:calllog:read', redirect_uris: [], description: null, website: '', token_format: 'opaque' }).catch((error: unknown) => error);
    expect(changed).toMatchObject({ status: 400, body: { error_description: containing('website') } });
    const good = await call(alice, 'PATCH', path, { name: 'New', scope: 'rest:calllog:read', redirect_uris: [], description: null, website: null, token_format: 'opaque' });
    expect(good).toMatchObject({ status: 200, body: { name: 'New', scope: 'rest:calllog:read', redirect_uris: [], token_format: 'opaque' } });
    expect(good.body).not.toHaveProperty('description');
    const stored = await storedApplication(id);
    expect(stored).toMatchObject({ version: 2, rights_version: 2, sign_out_version: 1, name: 'New' });
    expect(stored).not.toHaveProperty('website');
    const events = await scene.eventsOf(id, ['application.registered', 'application.narrowed', 'application.updated']);
    expect(events.map(event => event.type).sort()).toEqual(['application.narrowed', 'application.registered', 'application.updated']);
    expect(events.every(isOfCatalogue)).toBe(true);
  });

  test.each<[string, Record<string, unknown>, number]>([
    ['access_level all', { access_level: 'all' }, 403], ['password_grant', { password_grant: true }, 403], ['type', { type: 'native' }, 400], ['client_id', { client_id: 'a'.repeat(32) }, 400],
    ['owner', { owner: 'x' }, 400], ['tenant_id', { tenant_id: 'x' }, 400], ['status', { status: 'active' }, 400], ['secrets', { secrets: [] }, 400], ['an update operator', { $set: { owner: 'x' } }, 400],
    ['a field by its path', { 'secrets.0.hash': 'x' }, 400], ['a good field beside a bad one', { name: 'Fine', owner: 'x' }, 400],
  ])('S60: its owner cannot set %s, and read back it is unchanged', async (_what, change, status) => {
    const { path, id } = await register(alice, { type: 'native' });
    const before = JSON.stringify(await storedApplication(id));
    expect((await call(alice, 'PATCH', path, change)).status).toBe(status);
    expect(JSON.stringify(await storedApplication(id))).toBe(before);
  });

  test('gets its level by asking for it and an administrator\'s decision', async () => {
    const { path, id, clientId } = await register(alice);
    expect((await call(alice, 'POST', `${path}/access-level-request`, { reason: 'It changes call forwarding' })).body).toMatchObject({ access_level: 'call_api', access_level_request: { reason: 'It changes call forwarding', account_id: alice.sub } });
    expect(items(await call(admin(), 'GET', '/api/applications?limit=200')).find(item => item['client_id'] === clientId)).toHaveProperty('access_level_request');
    const decided = await call(admin(), 'PATCH', path, { access_level: 'all' });
    expect(decided.body).toMatchObject({ access_level: 'all' });
    expect(decided.body).not.toHaveProperty('access_level_request');
    expect((await call(alice, 'POST', `${path}/access-level-request`, { reason: 'again' })).status).toBe(400);
    expect(await storedApplication(id)).toMatchObject({ version: 3, rights_version: 1, sign_out_version: 1 });
    expect((await scene.eventsOf(id, ['', '', ''])).map(event => event.type)).toEqual(['application.registered', 'access_level.requested', 'application.updated']);
  });

  test('rotates its secret with an overlap or at once, burns one, and keeps five at most', async () => {
    const { path, id, secret } = await register(alice);
    const second = await call(alice, 'POST', `${path}/secrets`, new URLSearchParams({ overlap_seconds: '600' }));
    expect(second).toMatchObject({ status: 201, body: { secrets: [{ expires_at: someText }, {}] } });
    expect((await storedApplication(id)).secrets.map(one => one.hash.toString('hex'))).toEqual([sha256(secret), sha256(text(second, 'client_secret'))]);
    const [first] = second.body['secrets'] as { id: string }[];
    expect((await call(alice, 'DELETE', `${path}/secrets/${first?.id ?? ''}`)).status).toBe(204);
    expect((await call(alice, 'DELETE', `${path}/secrets/${first?.id ?? ''}`)).status).toBe(404);
    const third = await call(alice, 'POST', `${path}/secrets`, { overlap_seconds: 0 });
    expect((await storedApplication(id)).secrets.map(one => one.hash.toString('hex'))).toEqual([sha256(text(third, 'client_secret'))]);
    expect(await storedApplication(id)).toMatchObject({ version: 4, rights_version: 3, sign_out_version: 1 });
    expect((await scene.eventsOf(id, Array.from({ length: 5 }, () => ''))).map(event => event.type).sort()).toEqual(['application.registered', 'secret.burned', 'secret.burned', 'secret.rotated', 'secret.rotated']);
    for (let more = 0; more < 5; more++) expect((await call(alice, 'POST', `${path}/secrets`)).status).toBe(more < 4 ? 201 : 400);
    for (const overlap_seconds of [-1, 0.5, 2_592_001, '1e3', {}, [0]]) expect((await call(alice, 'POST', `${path}/secrets`, { overlap_seconds })).status).toBe(400);
  });

  test('gets new credentials, under which alone it is there', async () => {
    const { path, id, clientId } = await register(alice);
    const fresh = await call(alice, 'POST', `${path}/regenerate-credentials`);
    expect(fresh).toMatchObject({ status: 200, body: { application_id: id, previous_client_ids: [clientId] } });
    expect(text(fresh, 'client_id')).not.toBe(clientId);
    expect((await call(alice, 'GET', path)).status).toBe(404);
    expect((await storedApplication(id)).secrets.map(one => one.hash.toString('hex'))).toEqual([sha256(text(fresh, 'client_secret'))]);
    expect(await storedApplication(id)).toMatchObject({ version: 2, rights_version: 2, sign_out_version: 2 });
    expect(await scene.eventsOf(id, ['', ''])).toMatchObject([{}, { type: 'credentials.regenerated', data: { client_id: clientId, new_client_id: text(fresh, 'client_id'), rights_version: 2 } }]);
  });

  test('is disabled, enabled, signed out and deleted; doing it twice does nothing', async () => {
    const { path, id } = await register(alice);
    for (const [method, act] of [['POST', '/disable'], ['POST', '/disable'], ['POST', '/enable'], ['POST', '/enable'], ['POST', '/sign-out'], ['DELETE', '']] as const) expect((await call(alice, method, `${path}${act}`)).status).toBe(act === '' ? 204 : 200);
    expect((await call(alice, 'DELETE', path)).status).toBe(404);
    expect((await call(admin(), 'GET', path)).status).toBe(404);
    expect(await storedApplication(id)).toMatchObject({ status: 'deleted', version: 5, rights_version: 4, sign_out_version: 4 });
    expect((await scene.eventsOf(id, Array.from({ length: 5 }, () => ''))).map(event => event.type).sort()).toEqual(['application.deleted', 'application.disabled', 'application.enabled', 'application.registered', 'application.signed_out']);
  });

  test('is listed once, in pages, in the order of registration', async () => {
    const { claims } = await newUser();
    const made: string[] = [];
    for (let one = 0; one < 5; one++) made.push((await register(claims)).clientId);
    const walked: unknown[] = [];
    let cursor = '';
    do {
      const page = await call(claims, 'GET', `/api/applications?limit=2${cursor}`);
      walked.push(...items(page).map(item => item['client_id']));
      cursor = page.body['next_cursor'] === null ? '' : `&cursor=${text(page, 'next_cursor')}`;
    } while (cursor !== '');
    expect(walked).toEqual(made);
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'cursor=%24ne', 'cursor[$gt]=', 'limit=1&limit=2', 'q=x', '$where=1']) expect([query, (await call(claims, 'GET', `/api/applications?${query}`)).status]).toEqual([query, 400]);
  });
});

describe('an account', () => {
  test('of a user is created by administrators; a generated password is shown once, and only its hash is kept', async () => {
    const made = await call(admin(), 'POST', '/api/accounts', { kind: 'user', username: ' Carol ', email: 'Carol@Example.com', generate_password: true, role: 'auditor', extension_id: '204' });
    expect(made).toMatchObject({ status: 201, body: { username: 'carol', email: 'carol@example.com', role: 'auditor', access: 'full', kind: 'user', extension_id: '204', status: 'active' } });
    const stored = await storedAccount(text(made, 'id'));
    expect(stored.password_hash).toMatch(/^\$argon2id\$/);
    expect(await hasher.verify(stored.password_hash, text(made, 'password'))).toBe(true);
    expect(await scene.eventsOf(text(made, 'id'), ['account.created'])).toMatchObject([{ data: { tenant_id: demo.id, username: 'carol', role: 'auditor', by: { account_id: admin().sub } } }]);
    expect((await call(alice, 'POST', '/api/accounts', { kind: 'user', username: 'dave', password: 'long enough' })).status).toBe(403);
    expect((await call(admin(), 'GET', `/api/accounts/${text(made, 'id')}`)).body).not.toHaveProperty('password');
  });

  test('has a username that no other living account of the deployment has, and frees it when deleted', async () => {
    const { id } = await newUser({ username: 'unique' });
    for (const caller of [admin(), other.administrator]) {
      const taken = await call(caller, 'POST', '/api/accounts', { kind: 'user', username: 'UNIQUE', password: 'long enough' });
      expect(taken).toMatchObject({ status: 409, body: { error: 'invalid_request', error_description: 'username: taken, choose another' } });
    }
    const raced = await Promise.all(Array.from({ length: 6 }, () => call(admin(), 'POST', '/api/accounts', { kind: 'user', username: 'raced', password: 'long enough' })));
    expect(raced.map(answer => answer.status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    expect((await call(admin(), 'DELETE', `/api/accounts/${id}`)).status).toBe(204);
    expect(await storedAccount(id)).not.toHaveProperty('live_username');
    expect((await newUser({ username: 'unique' })).id).not.toBe(id);
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
    const answer = await call(admin(), 'POST', '/api/accounts', { kind: 'user', ...more });
    expect(answer).toMatchObject({ status: 400, body: { error_description: matching(message) } });
    expect(await scene.accounts({})).toHaveLength(before);
  });

  test('a user makes API accesses of its own, without what an administrator gives', async () => {
    const owner = await newUser({ switchboards: ['north', 'south'] });
    const access = (more: Record<string, unknown>) => call(owner.claims, 'POST', '/api/accounts', { kind: 'api_access', email: `access${String(++names)}@example.com`, password: 'long enough', ...more });
    const made = await access({ switchboards: 'north' });
    expect(made).toMatchObject({ status: 201, body: { kind: 'api_access', owner: owner.id, role: 'user', impersonation: false, switchboards: ['north'], username: containing('@example.com') } });
    expect((await access({})).body).toMatchObject({ switchboards: ['north', 'south'] });
    for (const more of [{ impersonation: true }, { access: 'full' }, { extension_id: '1' }, { owner: bob.sub }, { switchboards: ['east'] }]) expect([more, (await access(more)).status]).toEqual([more, 403]);
    expect((await access({ role: 'administrator' })).status).toBe(400);
    expect((await call({ ...owner.claims, sub: text(made, 'id'), account_kind: 'api_access', impersonation: true }, 'POST', '/api/accounts', { kind: 'api_access', email: 'deep@example.com', password: 'long enough' })).status).toBe(403);
    const given = await call(admin(), 'POST', '/api/accounts', { kind: 'api_access', email: 'given@example.com', generate_password: true, impersonation: true, owner: owner.id });
    expect(given).toMatchObject({ status: 201, body: { owner: owner.id, impersonation: true } });
    expect((await call(admin(), 'POST', '/api/accounts', { kind: 'api_access', email: 'foreign@example.com', generate_password: true, owner: other.administrator.sub })).status).toBe(400);
    expect(items(await call(owner.claims, 'GET', '/api/accounts')).map(item => item['id'])).toEqual([owner.id, text(made, 'id'), someText, text(given, 'id')]);

    expect((await call(owner.claims, 'PATCH', `/api/accounts/${text(made, 'id')}`, { switchboards: ['south'] })).body).toMatchObject({ switchboards: ['south'] });
    expect((await call(owner.claims, 'PATCH', `/api/accounts/${text(made, 'id')}`, { generate_password: true })).body).toMatchObject({ password: someText, signed_out: true });
    for (const change of [{ switchboards: null }, { switchboards: ['east'] }, { impersonation: true }, { status: 'active' }, { access: 'full' }]) expect([change, (await call(owner.claims, 'PATCH', `/api/accounts/${text(made, 'id')}`, change)).status]).toEqual([change, 403]);
    expect((await call(admin(), 'PATCH', `/api/accounts/${owner.id}`, { switchboards: ['north'] })).status).toBe(200);
    expect((await storedAccount(text(made, 'id'))).switchboards).toEqual([]);

    expect((await call(owner.claims, 'DELETE', `/api/accounts/${text(made, 'id')}`)).status).toBe(204);
    expect((await call(owner.claims, 'DELETE', `/api/accounts/${owner.id}`)).status).toBe(403);
    expect((await call(admin(), 'DELETE', `/api/accounts/${owner.id}`)).status).toBe(204);
    expect((await scene.accounts({ owner: owner.id })).map(one => one.status)).toEqual(['deleted', 'deleted', 'deleted']);
    expect((await scene.eventsOf(text(given, 'id'), ['', ''])).map(event => event.type)).toEqual(expect.arrayContaining(['account.created', 'account.deleted']));
  });

  test('is seen by itself, its owner and administrators; to others it is not there', async () => {
    const { id, claims } = await newUser();
    for (const caller of [claims, admin(), { ...claims, role: 'auditor' as const }]) expect((await call(caller, 'GET', `/api/accounts/${id}`)).status).toBe(200);
    for (const caller of [alice, other.administrator, { ...bob, role: 'auditor' as const }]) {
      for (const [method, route, body] of [['GET', ''], ['PATCH', '', { status: 'blocked' }], ['DELETE', ''], ['POST', '/sign-out']] as const) expect([method, (await call(caller, method, `/api/accounts/${id}${route}`, body)).status]).toEqual([method, 404]);
    }
    expect(await storedAccount(id)).toMatchObject({ version: 1, status: 'active' });
  });

  test('changes its own password with the current one, and is signed out everywhere', async () => {
    const { id, claims, password } = await newUser();
    const change = (body: unknown) => call(claims, 'PATCH', `/api/accounts/${id}`, body);
    expect(await change({ password: 'a new password' })).toMatchObject({ status: 400, body: { error_description: containing('current_password') } });
    expect((await change({ password: 'a new password', current_password: 'wrong password' })).status).toBe(403);
    expect((await change({ password: 'short', current_password: password })).status).toBe(400);
    expect(await storedAccount(id)).toMatchObject({ version: 1 });
    const changed = await change({ password: 'a new password', current_password: password });
    expect(changed).toMatchObject({ status: 200, body: { signed_out: true } });
    expect(changed.body).not.toHaveProperty('password');
    const stored = await storedAccount(id);
    expect(stored).toMatchObject({ version: 2, rights_version: 2, sign_out_version: 2 });
    expect(await hasher.verify(stored.password_hash, 'a new password')).toBe(true);
    for (const body of [{ role: 'administrator' }, { access: 'full' }, { impersonation: true }, { status: 'active' }, { switchboards: [] }, { extension_id: '100' }]) expect([body, (await change(body)).status]).toEqual([body, 403]);
  });

  test('S30: of 40 parallel wrong current passwords no more are evaluated than the limit', async () => {
    const { id, claims, password } = await newUser();
    const guess = (current_password: string) => call(claims, 'PATCH', `/api/accounts/${id}`, { password: 'a new password', current_password });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => guess(`wrong password ${String(index)}`)));
    expect(answers.filter(answer => answer.status === 403).length).toBeLessThanOrEqual(10);
    expect(answers.filter(answer => ![403, 429, 503].includes(answer.status))).toEqual([]);
    const late = await guess(password);
    expect(late.status).toBe(429);
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await call(admin(), 'PATCH', `/api/accounts/${id}`, { password: 'a new password' })).status).toBe(200);
  });

  test('is blocked and unblocked, narrowed and raised by administrators', async () => {
    const { id } = await newUser();
    const change = (body: unknown) => call(admin(), 'PATCH', `/api/accounts/${id}`, body);
    expect((await change({ status: 'blocked' })).body).toMatchObject({ status: 'blocked', signed_out: true });
    expect((await change({ status: 'active' })).body).not.toHaveProperty('signed_out');
    expect((await change({ access: 'read_only', role: 'auditor' })).body).toMatchObject({ access: 'read_only', role: 'auditor' });
    expect((await change(new URLSearchParams({ switchboards: 'a b', extension_id: '7' }))).body).toMatchObject({ switchboards: ['a', 'b'], extension_id: '7' });
    expect((await change({ switchboards: null, extension_id: null })).body).not.toHaveProperty('switchboards');
    expect(await storedAccount(id)).toMatchObject({ version: 6, rights_version: 4, sign_out_version: 2 });
    expect((await scene.eventsOf(id, Array.from({ length: 8 }, () => ''))).map(event => event.type).sort()).toEqual([
      'account.blocked', 'account.created', 'account.narrowed', 'account.narrowed', 'account.unblocked', 'account.updated', 'account.updated', 'account.updated',
    ]);
    for (const body of [{ $set: { role: 'administrator' } }, { tenant_id: 'x' }, { password_hash: 'x' }, { kind: 'user' }, { username: 'x' }, { status: 'deleted' }, { status: { $ne: 1 } }, { impersonation: true }]) expect([body, (await change(body)).status]).toEqual([body, 400]);
  });

  test('that is the last administrator stays one, whatever is tried and however much at once', async () => {
    const last = { ...other.administrator };
    for (const body of [{ role: 'user' }, { status: 'blocked' }, { access: 'read_only' }]) expect([body, (await call(last, 'PATCH', `/api/accounts/${last.sub}`, body)).status]).toEqual([body, 409]);
    expect((await call(last, 'DELETE', `/api/accounts/${last.sub}`)).status).toBe(409);
    for (let round = 0; round < 5; round++) {
      const second = await call(last, 'POST', '/api/accounts', { kind: 'user', username: `second${String(round)}`, generate_password: true, role: 'administrator' });
      const ids = [last.sub, text(second, 'id')];
      const both = await Promise.all(ids.map(id => call(last, 'PATCH', `/api/accounts/${id}`, { role: 'user' })));
      expect(both.map(answer => answer.status).sort()).toEqual([200, 409]);
      const [tenant] = await scene.tenants({ _id: other.id });
      const administrators = (await scene.accounts({ tenant_id: other.id, role: 'administrator', status: 'active' })).map(one => one._id);
      expect(administrators).toHaveLength(1);
      expect(tenant?.administrators).toEqual(administrators);
      if (administrators[0] !== last.sub) expect((await call(last, 'PATCH', `/api/accounts/${last.sub}`, { role: 'administrator' })).status).toBe(200);
      for (const id of ids.slice(1)) await call(last, 'PATCH', `/api/accounts/${id}`, { role: 'user' });
    }
  }, 60_000);
});

describe('the tenant', () => {
  test('is read and changed by its administrators only', async () => {
    for (const caller of [alice, { ...bob, role: 'auditor' as const }]) for (const [method, route, body] of [['GET', ''], ['PATCH', '', {}], ['POST', '/sign-out']] as const) expect((await call(caller, method, `/api/tenant${route}`, body)).status).toBe(403);
    expect(await call(admin(), 'GET', '/api/tenant')).toMatchObject({ status: 200, body: { id: demo.id, name: 'demo', password_grant: false, password_grant_until: null, access_token_ttl_seconds: 3600, logo: null } });
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const [before] = await scene.tenants({ _id: demo.id });
    expect((await call(admin(), 'PATCH', '/api/tenant', { password_grant: true, password_grant_until: until, api_application: 'true', access_token_ttl_seconds: 600 })).body).toMatchObject({ password_grant: true, password_grant_until: until, api_application: true, access_token_ttl_seconds: 600 });
    expect((await call(admin(), 'PATCH', '/api/tenant', { password_grant: false })).body).toMatchObject({ password_grant: false, password_grant_until: null });
    const [after] = await scene.tenants({ _id: demo.id });
    expect([after?.version, after?.rights_version, after?.sign_out_version]).toEqual([(before?.version ?? 0) + 2, (before?.rights_version ?? 0) + 1, before?.sign_out_version]);
    for (const body of [{ name: 'x' }, { administrators: [] }, { rights_version: 9 }, { access_token_ttl_seconds: 59 }, { access_token_ttl_seconds: 86_401 }, { refresh_token_ttl_seconds: 299 }, { $set: {} }, { password_grant: { $ne: 1 } }]) expect([body, (await call(admin(), 'PATCH', '/api/tenant', body)).status]).toEqual([body, 400]);
    expect(await scene.tenants({ _id: demo.id })).toEqual([after]);
  });

  test('signs everybody out', async () => {
    const [before] = await scene.tenants({ _id: demo.id });
    expect(await call(admin(), 'POST', '/api/tenant/sign-out')).toMatchObject({ status: 200, body: { signed_out: true } });
    const [after] = await scene.tenants({ _id: demo.id });
    expect([after?.rights_version, after?.sign_out_version]).toEqual([(before?.rights_version ?? 0) + 1, (before?.sign_out_version ?? 0) + 1]);
    await eventually('tenant.signed_out', () => Promise.resolve(scene.events.some(event => event.type === 'tenant.signed_out' && event.subject === demo.id)));
  });

  test('has a logo that is a PNG by its own bytes, of at most 64 KiB', async () => {
    const png = Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), randomBytes(200)]);
    expect(await call(admin(), 'PUT', '/api/tenant/logo', png)).toMatchObject({ status: 200, body: { logo: { bytes: 216, sha256: createHash('sha256').update(png).digest('hex') } } });
    expect((await scene.tenants({ _id: demo.id }))[0]?.logo).toEqual(png);
    expect((await call(admin(), 'PATCH', '/api/tenant', { refresh_token_ttl_seconds: 300 })).body).toMatchObject({ logo: { bytes: 216 } });
    for (const [bad, status] of [[Buffer.from('<svg onload="alert(1)"/>'.repeat(9)), 400], [Buffer.concat([png, Buffer.alloc(65_536)]), 413], [Buffer.alloc(0), 400], [{ url: 'http://127.0.0.1/' }, 400]] as const) expect((await call(admin(), 'PUT', '/api/tenant/logo', bad)).status).toBe(status);
    expect((await call(admin(), 'POST', '/api/applications', png)).status).toBe(400);
    expect((await call(alice, 'PUT', '/api/tenant/logo', png)).status).toBe(403);
  });
});

describe('the door', () => {
  test.each([
    ['GET', '/api/applications'], ['POST', '/api/applications'], ['GET', '/api/accounts'], ['POST', '/api/accounts'], ['GET', '/api/tenant'], ['PATCH', '/api/tenant'], ['GET', '/api/urls'], ['PUT', '/api/tenant/logo'],
  ])('%s %s needs a token, its scope, and for a write full access and level all', async (method, path) => {
    const body = method === 'GET' ? undefined : {};
    expect(await call(undefined, method, path, body)).toMatchObject({ status: 401 });
    const scopeless = await call({ ...admin(), scope: 'rest gql' }, method, path, body);
    expect(scopeless).toMatchObject({ status: 403, body: { error: 'insufficient_scope' } });
    expect(scopeless.headers.get('www-authenticate')).toContain('strowger:');
    const [readOnly, callApi] = [await call({ ...admin(), read_only: true }, method, path, body), await call({ ...admin(), access_level: 'call_api' }, method, path, body)];
    expect([readOnly.body['status'], callApi.body['status']]).toEqual(method === 'GET' ? [undefined, undefined] : ['user_access_type_deny', 'app_access_type_deny']);
    expect((await call({ ...admin(), account_kind: 'api_access' }, method, path, body)).status).toBe(403);
  });

  test('a body that is neither JSON nor a form, or too large, is refused in JSON', async () => {
    for (const [body, type, status] of [['<a/>', 'text/xml', 400], ['{"a":', 'application/json', 400], ['[]', 'application/json', 400], ['"x"', 'application/json', 400], ['a=1&a=2', 'application/x-www-form-urlencoded', 400], [`{"name":"${'a'.repeat(1_000_000)}"}`, 'application/json', 413]] as const) {
      const answer = await call(admin(), 'POST', '/api/applications', body, { 'content-type': type });
      expect([type, answer.status, typeof answer.body['error']]).toEqual([type, status, 'string']);
    }
  });
});

describe('changes at once, and parts that are away', () => {
  test('20 parallel changes through two instances all count, each with its own version and event', async () => {
    const second = await scene.service('two');
    const { path, id } = await register(alice);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => scene.call(index % 2 ? second : service, alice, 'PATCH', path, { name: `Name ${String(index)}` })));
    const good = answers.filter(answer => answer.status === 200).length;
    expect(answers.filter(answer => answer.status !== 200 && answer.status !== 503)).toEqual([]);
    expect(good).toBeGreaterThan(10);
    expect((await storedApplication(id)).version).toBe(1 + good);
    const versions = (await scene.eventsOf(id, Array.from({ length: 1 + good }, () => ''))).map(event => (event['data'] as { version: number }).version);
    expect([...new Set(versions)].sort((a, b) => a - b)).toEqual(Array.from({ length: 1 + good }, (_, index) => index + 1));
    expect(await scene.stopService(second)).toBe(true);
  }, 60_000);

  test('while the bus is away changes are stored, and their events follow when it comes back', async () => {
    await scene.servers.nats.stop();
    const { answer, id } = await register(alice);
    expect(answer.status).toBe(201);
    expect(await scene.database.collection('outbox').countDocuments()).toBeGreaterThan(0);
    await scene.servers.nats.start();
    expect((await scene.eventsOf(id, ['application.registered'])).map(event => event.type)).toContain('application.registered');
  }, 60_000);

  test('while the database\'s front is killed again and again, what was answered is stored, and nothing has two events of one change', async () => {
    const { path, id } = await register(alice);
    const answered: string[] = [];
    const ending = new AbortController();
    const work = (async () => {
      for (let index = 0; !ending.signal.aborted; index++) {
        const answer = await call(alice, 'PATCH', path, { name: `Name ${String(index)}` });
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
    const stored = await storedApplication(id);
    const events = await scene.eventsOf(id, Array.from({ length: stored.version }, () => ''));
    const byVersion = new Map(events.map(event => [(event['data'] as { version: number }).version, event.id]));
    expect([...byVersion.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: stored.version }, (_, index) => index + 1));
    expect(new Set(events.map(event => event.id)).size).toBe(stored.version);
    const named = new Set(events.map(event => (event['data'] as { name?: string }).name));
    expect(answered.filter(name => !named.has(name))).toEqual([]);
    expect(stored.name).toBe(answered.at(-1));
  }, 120_000);
});
