import { Account, Application, decodedJwt, errorOf, send, textOf, TokenScene } from '../token-service.fixture';

// Each wait inside has a bound of its own; this one is for a machine with much else to do.

let scene: TokenScene, issuer: string, alice: Account, admin: Account, robot: Application, phone: Application, opaque: Application;
beforeAll(async () => {
  scene = await TokenScene.start('token_service_introspection');
  issuer = `http://localhost:${String(scene.system.stack.ports['portal-service'])}`;
  alice = await scene.account();
  admin = await scene.account({ role: 'administrator' });
  robot = await scene.application(alice);
  phone = await scene.native(alice);
  opaque = await scene.application(alice, { token_format: 'opaque' });
});
afterAll(() => scene.stop());

describe('introspection', () => {
  it('S75: wants a client with a secret, a token, once, and a form', async () => {
    expect(errorOf(await scene.post('/oauth/introspect', { token: 'x' }))).toEqual([401, 'invalid_client']);
    expect(errorOf(await scene.post('/oauth/introspect', { token: 'x', client_id: 'api' }))).toEqual([401, 'invalid_client']);
    const as = { basic: [robot.client_id, robot.secret] as const };
    expect(errorOf(await scene.post('/oauth/introspect', {}, as))).toEqual([400, 'invalid_request']);
    expect(errorOf(await scene.post('/oauth/introspect', 'token=x&token=x', as))).toEqual([400, 'invalid_request']);
    expect(errorOf(await scene.post('/oauth/introspect', 'token[$ne]=x', as))).toEqual([400, 'invalid_request']);
    expect(errorOf(await scene.post('/oauth/introspect?token=x', { token: 'x' }, as))).toEqual([400, 'invalid_request']);
    expect(errorOf(await send(scene.url('/oauth/introspect'), { ...as, headers: { 'content-type': 'application/json' }, body: '{"token":"x"}' }))).toEqual([400, 'invalid_request']);
    expect(errorOf(await scene.post('/oauth/introspect', { token: 'x' }, { basic: ['scope-service', 'wrong'] }))).toEqual([401, 'invalid_client']);
    for (const token of ['x', '__proto__', 'a.b.c', 'e30.e30.e30', 'A'.repeat(60_000), '{"$ne":null}', textOf(await scene.login(phone, alice), 'refresh_token')]) expect((await scene.introspectAs(robot, token)).text).toBe('{"active":false}');
  });
  it.each([['a JWT', () => robot], ['an opaque token', () => opaque]])('of %s gives exactly the claims it was issued with', async (_what, of) => {
    const application = of(), token = textOf(await scene.credentials(application), 'access_token'), answer = await scene.introspect(token, 1);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json).toEqual({
      active: true, token_type: 'Bearer', username: alice.username, iss: issuer, sub: alice._id, aud: `${issuer}/api`, client_id: application.client_id, exp: expect.any(Number) as unknown, iat: expect.any(Number) as unknown,
      jti: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/) as unknown, scope: 'rest', tenant_id: scene.tenant.id, application_id: application._id, account_kind: 'user', role: 'user', access_level: 'call_api', read_only: false,
      impersonation: false, rights: { tenant: 1, application: 1, account: 1 },
    });
    if (application === robot) expect(answer.json).toMatchObject(decodedJwt(token).claims);
    else expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
  it('S65: shows a client its own tokens, an administrator\'s with strowger:tokens:read its tenant\'s, nobody else any', async () => {
    const token = textOf(await scene.credentials(robot), 'access_token'), stranger = await scene.application(alice), elsewhere = await scene.account({ tenant_id: 'elsewhere', role: 'administrator' });
    const seeing = async (application: Application): Promise<boolean> => {
      const answer = await scene.introspectAs(application, token);
      if (answer.json['active'] !== true) expect(answer.text).toBe('{"active":false}');
      return answer.json['active'] === true;
    };
    expect(await seeing(robot)).toBe(true);
    expect(await seeing(stranger)).toBe(false);
    expect(await seeing(await scene.application(admin))).toBe(false);
    expect(await seeing(await scene.application(alice, { scope: 'strowger' }))).toBe(false);
    expect(await seeing(await scene.application(admin, { scope: 'strowger:tokens:read' }))).toBe(true);
    expect(await seeing(await scene.application(admin, { scope: 'strowger:tokens:read', status: 'disabled' }))).toBe(false);
    expect(await seeing(await scene.application(elsewhere, { scope: 'strowger', tenant_id: 'elsewhere' }))).toBe(false);
    expect((await scene.introspectAs(stranger, textOf(await scene.credentials(stranger), 'access_token'))).json['active']).toBe(true);
  });
  it.each([['a JWT', () => robot], ['an opaque token', () => opaque]])('S58: %s that was truncated, extended, case-flipped, or has one other character, is inactive', async (_what, of) => {
    const token = textOf(await scene.credentials(of()), 'access_token'), alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const flip = (text: string): string => text.replace(/[a-zA-Z]/g, c => c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase());
    const places = Array.from({ length: 30 }, (_, i) => Math.floor(i * token.length / 30)).concat(token.length - 1);
    const changed = [token.slice(0, -1), token.slice(1), `${token}A`, `${token}=`, ` ${token}`, token + token, flip(token), token.toLowerCase(), ...places.map(i => token.slice(0, i) + (token[i] === '.' ? ',' : alphabet[(alphabet.indexOf(token[i] ?? '') + 1) % 64] ?? '') + token.slice(i + 1))];
    const parts = token.split('.');
    if (parts.length === 3) changed.push(`${parts[0] ?? ''}.${parts[1] ?? ''}.`, `${parts[0] ?? ''}.${parts[1] ?? ''}.${'A'.repeat(86)}`, `eyJhbGciOiJub25lIn0.${parts[1] ?? ''}.`, `${token}.x`);
    for (const answer of await Promise.all(changed.map(text => scene.introspect(text)))) expect(answer.text).toBe('{"active":false}');
    expect((await scene.introspect(token)).json['active']).toBe(true);
  });
  it('S58: thousands of tokens have nothing in common, and each has 128 random bits or more', async () => {
    const batches = await Promise.all(Array.from({ length: 400 }, (_, i) => scene.credentials(opaque, {}, { instance: i })));
    const tokens = batches.map(answer => textOf(answer, 'access_token'));
    expect(new Set(tokens.map(token => token.slice(0, 8))).size).toBe(tokens.length);
    for (let place = 0; place < 42; place++) expect(new Set(tokens.map(token => token[place])).size).toBeGreaterThan(50);
  });
  it('judges the rights a token carries: older than the known ones is dead at once for a service, within five seconds for a client; newer than a cached one is read again', async () => {
    const owner = await scene.account(), application = await scene.application(owner), rights = { rights_version: 2 };
    const token = textOf(await scene.credentials(application), 'access_token');
    expect((await scene.introspectAs(application, token)).json['active']).toBe(true);
    await scene.database.collection<{ _id: string }>('accounts').updateOne({ _id: owner._id }, { $set: rights });
    expect((await scene.introspect(token)).text).toBe('{"active":false}');
    const other = await scene.account(), otherApplication = await scene.application(other), cached = textOf(await scene.credentials(otherApplication), 'access_token');
    expect((await scene.post('/oauth/introspect', { token: cached }, { basic: [otherApplication.client_id, otherApplication.secret], instance: 1 })).json['active']).toBe(true);
    await scene.database.collection<{ _id: string }>('accounts').updateOne({ _id: other._id }, { $set: rights });
    await scene.introspect(cached, 0);      // the first instance has read it anew, the second has not
    const newer = textOf(await scene.credentials(otherApplication, {}, { instance: 0 }), 'access_token');
    expect(decodedJwt(newer).claims).toMatchObject({ rights: { account: 2 } });
    expect((await scene.post('/oauth/introspect', { token: newer }, { basic: [otherApplication.client_id, otherApplication.secret], instance: 1 })).json['active']).toBe(true);
    expect((await scene.post('/oauth/introspect', { token: cached }, { basic: [otherApplication.client_id, otherApplication.secret], instance: 1 })).json['active']).toBe(false);
  });
  it.each<[string, string, Record<string, unknown>]>([
    ['a disabled application', 'applications', { status: 'disabled' }], ['a blocked account', 'accounts', { status: 'blocked' }], ['a deleted account', 'accounts', { status: 'deleted' }], ['a deleted application', 'applications', { status: 'deleted' }],
  ])('of a token of %s is inactive at once for a service of the deployment', async (_what, collection, change) => {
    const owner = await scene.account(), application = await scene.application(owner), token = textOf(await scene.credentials(application), 'access_token');
    expect((await scene.introspect(token)).json['active']).toBe(true);
    await scene.database.collection<{ _id: string }>(collection).updateOne({ _id: collection === 'accounts' ? owner._id : application._id }, { $set: change });
    for (const instance of [0, 1]) expect((await scene.introspect(token, instance)).text).toBe('{"active":false}');
  });
  it('of a token past its end is inactive', async () => {
    const token = textOf(await scene.credentials(opaque), 'access_token'), id = String((await scene.introspect(token)).json['jti']);
    await scene.database.collection<{ _id: Buffer }>('access_tokens').updateOne({ _id: Buffer.from(id, 'base64url') }, { $set: { exp: Math.floor(Date.now() / 1000) }, $inc: { version: 1 } });
    expect((await scene.introspect(token)).text).toBe('{"active":false}');
  });
});

describe('who a token speaks for', () => {
  it.each(['/oauth/resource', '/user/', '/user'])('is told at %s', async path => {
    const owner = await scene.account({ role: 'administrator', extension_id: '204', access: 'read_only' }), token = textOf(await scene.credentials(await scene.application(owner)), 'access_token');
    const answer = await send(scene.url(path), { method: 'GET', headers: { authorization: `Bearer ${token}` } });
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(answer.json).toEqual({ id: owner._id, login: owner.username, client_id: expect.any(String) as unknown, tenant_id: scene.tenant.id, admin: true, access: 'read_only', extension_id: '204', scope: 'rest' });
  });
  it('S71: to nobody without a token, with a bad one, or with one in the URL', async () => {
    const ask = (headers: Record<string, string>, path = '/oauth/resource') => send(scene.url(path), { method: 'GET', headers });
    const token = textOf(await scene.credentials(robot), 'access_token');
    for (const none of [await ask({}), await ask({ authorization: 'Basic eDp5' })]) expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Bearer realm="strowger"']);
    for (const bad of ['Bearer x', `Bearer ${token}x`, 'Bearer', `Bearer ${token} ${token}`, 'Bearer __proto__']) {
      const answer = await ask({ authorization: bad });
      expect([bad, answer.status, answer.headers['www-authenticate']]).toEqual([bad, 401, 'Bearer realm="strowger", error="invalid_token"']);
    }
    expect(errorOf(await ask({}, `/oauth/resource?access_token=${token}`))).toEqual([400, 'invalid_request']);
    expect(errorOf(await ask({ authorization: `Bearer ${token}` }, `/oauth/resource?access_token=${token}`))).toEqual([400, 'invalid_request']);
  });
});

test('S61, S85: no secret, password or token stands in a log, an event, a metric, a collection or the stream\'s files; of a secret the hash alone', async () => {
  await scene.nothingLeaked(400, robot);
});
