import { createServer } from 'node:http';
import { AddressInfo } from 'node:net';
import { AppRegistryScene, CallerClaims, isOfCatalogue } from '../app-registry-scene.fixture';
import { containing, DemoTenant, items, matching, sha256, text } from '../demo-tenant.fixture';
import { applicationReachBehaviour } from './application-reach.behaviour';

const someText: unknown = expect.any(String);
let scene: AppRegistryScene, demo: DemoTenant, alice: CallerClaims, bob: CallerClaims;
beforeAll(async () => {
  scene = await AppRegistryScene.start('app_registry_applications');
  demo = await DemoTenant.in(scene);
  alice = (await demo.newUser()).claims;
  bob = (await demo.newUser()).claims;
});
afterAll(async () => { await scene.stop(); });

describe('registering an application', () => {
  test('answers with its credentials and URLs, and its event follows', async () => {
    const { answer, clientId, id, secret } = await demo.register(alice, { name: ' Dialler  ', scope: 'rest:calllog:read rest:callforward:read rest:callforward', redirect_uris: 'https://a.example/cb http://127.0.0.1/cb' });
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
    expect((await demo.call(alice, 'GET', '/api/urls')).body).toEqual(answer.body['urls']);
    expect(JSON.stringify(event)).not.toContain(secret);
  });

  test('S61: shows a secret once; the database has its hash, and nothing else ever has it', async () => {
    const { id, secret, path } = await demo.register(alice);
    const rotated = text(await demo.call(alice, 'POST', `${path}/secrets`, { overlap_seconds: 60 }), 'client_secret');
    const generated = await demo.newUser();
    await scene.settled();
    const said = [
      ...(await Promise.all(['', '?limit=200'].map(query => demo.call(demo.administrator, 'GET', `/api/applications${query}`)))).map(answer => answer.text),
      (await demo.call(alice, 'GET', path)).text, (await demo.call(alice, 'PATCH', path, { name: 'Other' })).text, (await demo.call(demo.administrator, 'GET', `/api/accounts/${generated.id}`)).text,
      (await demo.call(demo.administrator, 'GET', '/api/accounts?limit=200')).text, JSON.stringify(scene.events), JSON.stringify(await scene.applications({})), JSON.stringify(await scene.accounts({})),
    ].join();
    for (const hidden of [secret, rotated, generated.password]) expect(said).not.toContain(hidden);
    expect((await demo.storedApplication(id)).secrets.map(({ hash }) => hash.toString('hex'))).toEqual([sha256(secret), sha256(rotated)]);
    for (const word of ['hash', 'password_hash', 'attempt', '_id']) expect((await demo.call(alice, 'GET', path)).text).not.toContain(`"${word}"`);
  });

  test.each([
    ['public', 'web_server', 'user', 201], ['trusted', 'machine_to_machine', 'user', 201], ['native', 'native', 'user', 201], ['browser', 'browser', 'user', 201],
    ['password_credentials', 'native', 'administrator', 201], ['password_credentials', undefined, 'user', 403], ['spa', undefined, 'user', 400],
  ])('takes the type %s as %s from a %s: %d', async (typed, type, role, status) => {
    const { answer } = await demo.register(role === 'administrator' ? demo.administrator : alice, { type: typed });
    expect(answer.status).toBe(status);
    if (type !== undefined) expect(answer.body).toMatchObject({ type, password_grant: typed === 'password_credentials' });
    if (status === 201) expect('client_secret' in answer.body).toBe(type !== 'browser');
  });

  test('a browser or a public native application gets no secret, and none later', async () => {
    for (const more of [{ type: 'browser' }, { type: 'native', token_endpoint_auth_method: 'none' }]) {
      const { answer, id, path } = await demo.register(alice, more);
      expect(answer.body).not.toHaveProperty('client_secret');
      expect((await demo.storedApplication(id)).secrets).toEqual([]);
      expect(await demo.call(alice, 'POST', `${path}/secrets`, {})).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
      expect((await demo.call(alice, 'POST', `${path}/regenerate-credentials`)).body).not.toHaveProperty('client_secret');
    }
  });

  test('takes a form as it takes JSON', async () => {
    const form = new URLSearchParams({ name: 'Form', type: 'password_credentials', scope: 'all', redirect_uris: 'https://a.example/1 https://a.example/2', access_level: 'all', password_grant: 'true' });
    expect(await demo.call(demo.administrator, 'POST', '/api/applications', form)).toMatchObject({
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
    ['S66: constructor as the type', { type: 'constructor' }, 400, /^type is none of web_server/], ['S66: __proto__ as the scope', { scope: '__proto__' }, 400, /__proto__/],
    ['S25: a name that turns its direction', { name: 'Dialler\u202e' }, 400, /name/], ['a name of two lines', { name: 'a\nb' }, 400, /name/], ['a website that is a script', { website: 'javascript:alert(1)' }, 400, /website/],
    ['S63: a name of 50 KB', { name: 'a'.repeat(50_000) }, 400, /name/], ['S63: an evil redirect URI', { redirect_uris: [`https://${'a.'.repeat(25_000)}`] }, 400, /longer/],
    ['a secret for a browser', { type: 'browser', token_endpoint_auth_method: 'client_secret_basic' }, 400, /has no secret/], ['no secret for a server', { token_endpoint_auth_method: 'none' }, 400, /always has a secret/],
  ])('refuses %s and stores nothing', async (_what, more, status, message) => {
    const before = (await scene.applications({})).length;
    const started = performance.now();
    const { answer } = await demo.register(alice, more);
    expect(answer).toMatchObject({ status, body: { error_description: matching(message) } });
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(await scene.applications({})).toHaveLength(before);
  });

  test('S66: refuses names that reach a prototype, in JSON and in forms', async () => {
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      expect((await demo.call(alice, 'POST', '/api/applications', `{"name":"a","type":"native","scope":"rest","${key}":{"x":1}}`, { 'content-type': 'application/json' })).status).toBe(400);
      expect((await demo.call(alice, 'POST', '/api/applications', new URLSearchParams({ name: 'a', type: 'native', scope: 'rest', [key]: 'x' }))).status).toBe(400);
    }
    expect(await (await fetch(`${demo.service.url}/health/live`)).json()).toEqual({ status: 'live' });
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  test('S62: nothing that is registered is ever fetched', async () => {
    let met = 0;
    const canary = createServer((_request, response) => { met++; response.end(); }).on('connection', () => { met++; });
    await new Promise<void>(done => canary.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${String((canary.address() as AddressInfo).port)}/`;
    expect((await demo.register(alice, { website: url, redirect_uris: [url] })).answer.status).toBe(201);
    expect((await demo.call(demo.administrator, 'PUT', '/api/tenant/logo', { url })).status).toBe(400);
    await scene.settled();
    await new Promise<void>(done => canary.close(() => { done(); }));
    expect(met).toBe(0);
  });
});

describe('an application', () => {
  test('is seen and changed by its owner and the tenant\'s administrators; to others it is not there', async () => {
    const { path, clientId } = await demo.register(alice);
    for (const caller of [alice, demo.administrator]) expect((await demo.call(caller, 'GET', path)).status).toBe(200);
    const routes: [string, string, unknown?][] = [
      ['GET', path], ['PATCH', path, { name: 'Mine' }], ['DELETE', path], ['POST', `${path}/secrets`, {}], ['DELETE', `${path}/secrets/x`], ['POST', `${path}/regenerate-credentials`],
      ['POST', `${path}/disable`], ['POST', `${path}/enable`], ['POST', `${path}/access-level-request`, { reason: 'r' }], ['POST', `${path}/sign-out`],
    ];
    for (const caller of [bob, demo.other.administrator, { ...bob, role: 'auditor' as const }]) {
      for (const [method, route, body] of routes) expect([method, route, (await demo.call(caller, method, route, body)).status]).toEqual([method, route, 404]);
      expect(items(await demo.call(caller, 'GET', '/api/applications?limit=200')).map(item => item['client_id'])).not.toContain(clientId);
    }
    expect(items(await demo.call(demo.administrator, 'GET', '/api/applications?limit=200')).map(item => item['client_id'])).toContain(clientId);
    expect(await scene.eventsOf(text(await demo.call(alice, 'GET', path), 'application_id'), ['application.registered'])).toHaveLength(1);
  });

  test('api is changed by nobody over HTTP, and listed to nobody', async () => {
    for (const [method, route, body] of [['GET', ''], ['PATCH', '', { name: 'x' }], ['DELETE', ''], ['POST', '/secrets', {}], ['POST', '/disable'], ['POST', '/sign-out']] as const) {
      for (const tenant_id of [demo.id, '_']) expect((await demo.call({ ...demo.administrator, tenant_id }, method, `/api/applications/api${route}`, body)).status).toBe(404);
    }
    expect((await demo.storedApplication('api')).version).toBe(1);
  });

  test('S82: ids of wildcards, blanks and line breaks are no ids, and nothing is published', async () => {
    await scene.settled();
    const before = scene.events.length;
    for (const id of ['*', '%3E', 'a.b', 'a%20b', 'a%0d%0aPUB', '%00', `${'a'.repeat(32)}%0a`, '%F0%9F%93%9E']) {
      expect([id, (await demo.call(demo.administrator, 'POST', `/api/applications/${id}/disable`)).status]).toEqual([id, 404]);
      expect([id, (await demo.call(demo.administrator, 'POST', `/api/accounts/${id}/sign-out`)).status]).toEqual([id, 404]);
    }
    await scene.settled();
    expect(scene.events).toHaveLength(before);
  });

  test('is described in several lines by a form as well as by JSON', async () => {
    const fields = { name: 'Dialler', type: 'web_server', scope: 'rest:callforward:read', redirect_uris: 'https://a.example/cb', description: 'one\r\n\ttwo\r\n' };
    const made = await demo.call(alice, 'POST', '/api/applications', new URLSearchParams(fields));
    expect(made).toMatchObject({ status: 201, body: { description: 'one\n\ttwo\n' } });
    for (const bad of [{ ...fields, description: '\u001b[2J' }, { ...fields, name: 'two\nlines' }]) {
      expect((await demo.call(alice, 'POST', '/api/applications', new URLSearchParams(bad))).status).toBe(400);
    }
  });

  test('is changed in the fields that may change, and says what changed', async () => {
    const { path, id } = await demo.register(alice, { description: 'old', website: 'https://w.example' });
    const changed = await demo.call(alice, 'PATCH', path, { name: 'New', scope: 'rest:calllog:read', redirect_uris: [], description: null, website: '', token_format: 'opaque' }).catch((error: unknown) => error);
    expect(changed).toMatchObject({ status: 400, body: { error_description: containing('website') } });
    const good = await demo.call(alice, 'PATCH', path, { name: 'New', scope: 'rest:calllog:read', redirect_uris: [], description: null, website: null, token_format: 'opaque' });
    expect(good).toMatchObject({ status: 200, body: { name: 'New', scope: 'rest:calllog:read', redirect_uris: [], token_format: 'opaque' } });
    expect(good.body).not.toHaveProperty('description');
    const stored = await demo.storedApplication(id);
    expect(stored).toMatchObject({ version: 2, rights_version: 2, sign_out_version: 1, name: 'New' });
    expect(stored).not.toHaveProperty('website');
    const events = await scene.eventsOf(id, ['application.registered', 'application.narrowed', 'application.updated']);
    expect(events.map(event => event.type).sort()).toEqual(['application.narrowed', 'application.registered', 'application.updated']);
    expect(events.every(isOfCatalogue)).toBe(true);
  });

  test('keeps when a redirect URI was added, which taking one away does not change', async () => {
    const { path, id } = await demo.register(alice, { redirect_uris: [] }), at = async () => (await demo.storedApplication(id)).redirect_uris_at?.getTime();
    expect(await at()).toBeUndefined();
    await demo.call(alice, 'PATCH', path, { redirect_uris: ['https://a.example/1', 'https://a.example/2'] });
    const added = await at();
    expect(Math.abs((added ?? 0) - Date.now())).toBeLessThan(60_000);
    for (const change of [{ redirect_uris: ['https://a.example/1'] }, { name: 'Other' }]) await demo.call(alice, 'PATCH', path, change);
    expect(await at()).toBe(added);
    expect((await demo.storedApplication((await demo.register(alice)).id)).redirect_uris_at).toBeInstanceOf(Date);
  });

  test.each<[string, Record<string, unknown>, number]>([
    ['access_level all', { access_level: 'all' }, 403], ['password_grant', { password_grant: true }, 403], ['type', { type: 'native' }, 400], ['client_id', { client_id: 'a'.repeat(32) }, 400],
    ['owner', { owner: 'x' }, 400], ['tenant_id', { tenant_id: 'x' }, 400], ['status', { status: 'active' }, 400], ['secrets', { secrets: [] }, 400], ['an update operator', { $set: { owner: 'x' } }, 400],
    ['a field by its path', { 'secrets.0.hash': 'x' }, 400], ['a good field beside a bad one', { name: 'Fine', owner: 'x' }, 400],
  ])('S60: its owner cannot set %s, and read back it is unchanged', async (_what, change, status) => {
    const { path, id } = await demo.register(alice, { type: 'native' });
    const before = JSON.stringify(await demo.storedApplication(id));
    expect((await demo.call(alice, 'PATCH', path, change)).status).toBe(status);
    expect(JSON.stringify(await demo.storedApplication(id))).toBe(before);
  });

  test('gets its level by asking for it and an administrator\'s decision', async () => {
    const { path, id, clientId } = await demo.register(alice);
    expect((await demo.call(alice, 'POST', `${path}/access-level-request`, { reason: 'It changes call forwarding' })).body).toMatchObject({ access_level: 'call_api', access_level_request: { reason: 'It changes call forwarding', account_id: alice.sub } });
    expect(items(await demo.call(demo.administrator, 'GET', '/api/applications?limit=200')).find(item => item['client_id'] === clientId)).toHaveProperty('access_level_request');
    const decided = await demo.call(demo.administrator, 'PATCH', path, { access_level: 'all' });
    expect(decided.body).toMatchObject({ access_level: 'all' });
    expect(decided.body).not.toHaveProperty('access_level_request');
    expect((await demo.call(alice, 'POST', `${path}/access-level-request`, { reason: 'again' })).status).toBe(400);
    expect(await demo.storedApplication(id)).toMatchObject({ version: 3, rights_version: 1, sign_out_version: 1 });
    expect((await scene.eventsOf(id, ['', '', ''])).map(event => event.type)).toEqual(['application.registered', 'access_level.requested', 'application.updated']);
  });

  test('rotates its secret with an overlap or at once, burns one, and keeps five at most', async () => {
    const { path, id, secret } = await demo.register(alice);
    const second = await demo.call(alice, 'POST', `${path}/secrets`, new URLSearchParams({ overlap_seconds: '600' }));
    expect(second).toMatchObject({ status: 201, body: { secrets: [{ expires_at: someText }, {}] } });
    expect((await demo.storedApplication(id)).secrets.map(one => one.hash.toString('hex'))).toEqual([sha256(secret), sha256(text(second, 'client_secret'))]);
    const [first] = second.body['secrets'] as { id: string }[];
    expect((await demo.call(alice, 'DELETE', `${path}/secrets/${first?.id ?? ''}`)).status).toBe(204);
    expect((await demo.call(alice, 'DELETE', `${path}/secrets/${first?.id ?? ''}`)).status).toBe(404);
    const third = await demo.call(alice, 'POST', `${path}/secrets`, { overlap_seconds: 0 });
    expect((await demo.storedApplication(id)).secrets.map(one => one.hash.toString('hex'))).toEqual([sha256(text(third, 'client_secret'))]);
    expect(await demo.storedApplication(id)).toMatchObject({ version: 4, rights_version: 3, sign_out_version: 1 });
    expect((await scene.eventsOf(id, Array.from({ length: 5 }, () => ''))).map(event => event.type).sort()).toEqual(['application.registered', 'secret.burned', 'secret.burned', 'secret.rotated', 'secret.rotated']);
    for (let more = 0; more < 5; more++) expect((await demo.call(alice, 'POST', `${path}/secrets`)).status).toBe(more < 4 ? 201 : 400);
    for (const overlap_seconds of [-1, 0.5, 2_592_001, '1e3', {}, [0]]) expect((await demo.call(alice, 'POST', `${path}/secrets`, { overlap_seconds })).status).toBe(400);
  });

  test('gets new credentials, under which alone it is there', async () => {
    const { path, id, clientId } = await demo.register(alice);
    const fresh = await demo.call(alice, 'POST', `${path}/regenerate-credentials`);
    expect(fresh).toMatchObject({ status: 200, body: { application_id: id, previous_client_ids: [clientId] } });
    expect(text(fresh, 'client_id')).not.toBe(clientId);
    expect((await demo.call(alice, 'GET', path)).status).toBe(404);
    expect((await demo.storedApplication(id)).secrets.map(one => one.hash.toString('hex'))).toEqual([sha256(text(fresh, 'client_secret'))]);
    expect(await demo.storedApplication(id)).toMatchObject({ version: 2, rights_version: 2, sign_out_version: 2 });
    expect(await scene.eventsOf(id, ['', ''])).toMatchObject([{}, { type: 'credentials.regenerated', data: { client_id: clientId, new_client_id: text(fresh, 'client_id'), rights_version: 2 } }]);
  });

  test('is disabled, enabled, signed out and deleted; doing it twice does nothing', async () => {
    const { path, id } = await demo.register(alice);
    for (const [method, act] of [['POST', '/disable'], ['POST', '/disable'], ['POST', '/enable'], ['POST', '/enable'], ['POST', '/sign-out'], ['DELETE', '']] as const) expect((await demo.call(alice, method, `${path}${act}`)).status).toBe(act === '' ? 204 : 200);
    expect((await demo.call(alice, 'DELETE', path)).status).toBe(404);
    expect((await demo.call(demo.administrator, 'GET', path)).status).toBe(404);
    expect(await demo.storedApplication(id)).toMatchObject({ status: 'deleted', version: 5, rights_version: 4, sign_out_version: 4 });
    expect((await scene.eventsOf(id, Array.from({ length: 5 }, () => ''))).map(event => event.type).sort()).toEqual(['application.deleted', 'application.disabled', 'application.enabled', 'application.registered', 'application.signed_out']);
  });

  test('is listed once, in pages, in the order of registration', async () => {
    const { claims } = await demo.newUser();
    const made: string[] = [];
    for (let one = 0; one < 5; one++) made.push((await demo.register(claims)).clientId);
    const walked: unknown[] = [];
    let cursor = '';
    do {
      const page = await demo.call(claims, 'GET', `/api/applications?limit=2${cursor}`);
      walked.push(...items(page).map(item => item['client_id']));
      cursor = page.body['next_cursor'] === null ? '' : `&cursor=${text(page, 'next_cursor')}`;
    } while (cursor !== '');
    expect(walked).toEqual(made);
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'cursor=%24ne', 'cursor[$gt]=', 'limit=1&limit=2', 'q=x', '$where=1']) expect([query, (await demo.call(claims, 'GET', `/api/applications?${query}`)).status]).toEqual([query, 400]);
  });
});

describe('what an application opens', () => { applicationReachBehaviour(() => ({ demo, alice, bob })); });
