import { createPublicKey, KeyObject, verify } from 'node:crypto';
import { encodeBatch } from '@strowger/contracts/cloud-event';
import { subjectOf } from '@strowger/contracts/event-catalogue';
import { Bus } from '@strowger/messaging/bus';
import { JetStreamPublisher } from '@strowger/messaging/jetstream-publisher';
import { makeEvent, randomEventId } from '@strowger/models/outbox/make-event';
import { eventually, turned } from '../../../test/system';
import { Account, Application, decodedJwt, errorOf, Form, RequestOptions, send, someAtATime, textOf, TokenScene, without } from './token-service.fixture';

// Each wait inside has a bound of its own; this one is for a machine with much else to do.

let scene: TokenScene, issuer: string, alice: Account, robot: Application, phone: Application;
beforeAll(async () => {
  scene = await TokenScene.start('token_service_endpoint', { env: { WRONG_SECRETS_PER_ADDRESS_AND_MINUTE: '1000000' } });
  issuer = `http://localhost:${String(scene.system.stack.ports['portal-service'])}`;
  alice = await scene.account();
  robot = await scene.application(alice);
  phone = await scene.native(alice);
});
afterAll(() => scene.stop());

const good = (): Record<string, string> => ({ grant_type: 'client_credentials', client_id: robot.client_id, client_secret: robot.secret, scope: 'rest' });
const goodPassword = (): Record<string, string> => ({ grant_type: 'password', client_id: phone.client_id, client_secret: phone.secret, username: alice.username, password: alice.password });

describe('a token by client credentials', () => {
  it('S33, S53: is 200, JSON, no-store, at both paths, of both instances, without a refresh token', async () => {
    for (const path of ['/oauth/token', '/token']) for (const instance of [0, 1]) {
      const answer = await scene.post(path, good(), { instance });
      expect(answer.status).toBe(200);
      expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache', 'content-type': 'application/json; charset=utf-8' });
      expect(answer.json).toEqual({ access_token: expect.any(String) as unknown, token_type: 'Bearer', expires_in: 3600, scope: 'rest' });
    }
  });
  it('is an at+jwt of exactly the agreed claims, which the published key verifies', async () => {
    const before = Math.floor(Date.now() / 1000), token = textOf(await scene.credentials(robot), 'access_token'), jwks = await send(scene.url('/.well-known/jwks.json', 1), { method: 'GET' });
    const { header, claims, input, signature } = decodedJwt(token);
    const keys = jwks.json['keys'] as (Record<string, string>)[];
    expect(keys.map(key => Object.keys(key).sort())).toEqual(Array(2).fill(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']));
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) as unknown });
    const key: KeyObject = createPublicKey({ key: keys.find(({ kid }) => kid === header['kid']) ?? {}, format: 'jwk' });
    expect(verify('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
    expect(verify('sha256', Buffer.from(`${input}x`), { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(false);
    expect(claims).toEqual({
      iss: issuer, sub: alice._id, aud: `${issuer}/api`, client_id: robot.client_id, exp: expect.any(Number) as unknown, iat: expect.any(Number) as unknown, jti: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/) as unknown, scope: 'rest',
      tenant_id: scene.tenant.id, application_id: robot._id, account_kind: 'user', role: 'user', access_level: 'call_api', read_only: false, impersonation: false, rights: { tenant: 1, application: 1, account: 1 },
    });
    expect([Number(claims['exp']) - Number(claims['iat']), Number(claims['iat']) >= before]).toEqual([3600, true]);
  });
  it('signs so that every signature is verified by others, whatever its leading zeros', async () => {
    const jwks = await send(scene.url('/.well-known/jwks.json'), { method: 'GET' }), { kid } = decodedJwt(textOf(await scene.credentials(robot), 'access_token')).header;
    const key = createPublicKey({ key: (jwks.json['keys'] as Record<string, string>[]).find(one => one['kid'] === kid) ?? {}, format: 'jwk' });
    const answers = await Promise.all(Array.from({ length: 600 }, (_, i) => scene.credentials(robot, {}, { instance: i })));
    const jtis = new Set(answers.map(answer => {
      const { claims, input, signature } = decodedJwt(textOf(answer, 'access_token'));
      expect(signature).toHaveLength(64);
      expect(verify('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
      return claims['jti'];
    }));
    expect(jtis.size).toBe(600);
  });
  it('is recorded with all that the trail is asked for, and its request id', async () => {
    const id = scene.requestId(), answer = await scene.credentials(robot, { scope: 'rest:callforward' }, { headers: { 'x-request-id': id, 'user-agent': 'a phone', 'x-forwarded-for': '203.0.113.9' } });
    const { claims } = decodedJwt(textOf(answer, 'access_token')), [event] = await scene.eventsOf(id);
    expect(event).toMatchObject({ _id: claims['jti'], type: 'token.issued', subject: claims['jti'], tenant_id: scene.tenant.id, source: '/token-service/token-service-1' });
    expect(event?.data).toEqual({
      tenant_id: scene.tenant.id, version: 1, by: { account_id: alice._id, client_id: robot.client_id }, request_id: id, ip: '203.0.113.9', user_agent: 'a phone', token_id: claims['jti'], application_id: robot._id,
      client_id: robot.client_id, client_name: robot.name, account_id: alice._id, username: alice.username, grant_type: 'client_credentials', scope: 'rest:callforward', token_format: 'jwt',
      expires_at: new Date(Number(claims['exp']) * 1000).toISOString(), secret_id: robot.secrets[0]?.id,
    });
  });
  it('cuts a user agent to 256 characters and believes no address that is none', async () => {
    const id = scene.requestId();
    expect((await scene.credentials(robot, {}, { headers: { 'x-request-id': id, 'user-agent': 'u'.repeat(4000), 'x-forwarded-for': `<script>${'x'.repeat(3000)}` } })).status).toBe(200);
    const [event] = await scene.eventsOf(id);
    expect([event?.data?.['ip'], String(event?.data?.['user_agent']).length, event?.unparsed]).toEqual(['127.0.0.1', 256, undefined]);
  });
  it('S53: speaks for the application\'s owner: read_only, role and block come with the next token', async () => {
    const owner = await scene.account({ access: 'read_only', role: 'auditor' }), application = await scene.application(owner);
    const first = textOf(await scene.credentials(application), 'access_token');
    expect(decodedJwt(first).claims).toMatchObject({ sub: owner._id, read_only: true, role: 'auditor' });
    await scene.database.collection<{ _id: string }>('accounts').updateOne({ _id: owner._id }, { $set: { status: 'blocked', rights_version: 2, sign_out_version: 2 } });
    expect((await scene.introspect(first)).text).toBe('{"active":false}');
    const { value, lastOtherwise } = await turned('a refusal', async () => { const one = await scene.credentials(application); return one.status !== 200 && one; });
    expect([...errorOf(value), lastOtherwise < 6000]).toEqual([400, 'invalid_grant', true]);
  });
  it('takes the tenant\'s lifetime, and never more than the deployment\'s', async () => {
    await scene.database.collection<{ _id: string }>('tenants').updateOne({ _id: scene.tenant.id }, { $set: { access_token_ttl_seconds: 10_000_000 } });
    const lifetime = await eventually('another lifetime', async () => { const one = (await scene.credentials(robot)).json['expires_in']; return one !== 3600 && one; });
    expect(lifetime).toBe(86_400);
    await scene.database.collection<{ _id: string }>('tenants').updateOne({ _id: scene.tenant.id }, { $set: { access_token_ttl_seconds: 3600 } });
  });
});

describe('a method, a content type, a body', () => {
  it('S33: GET, PUT, DELETE, HEAD on the token endpoint are 405 with Allow, also with the secret in the query', async () => {
    for (const path of ['/oauth/token', '/token', '/oauth/introspect']) for (const method of ['GET', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS']) {
      const answer = await send(scene.url(`${path}?client_id=x&client_secret=y`), { method });
      expect([path, method, answer.status, answer.headers.allow]).toEqual([path, method, 405, 'POST']);
    }
  });
  it('S68: another spelling of the path has the same rules, or is nothing', async () => {
    for (const path of ['/oauth/%74oken', '/%6fauth/token']) await scene.refused(options => scene.post(path, { ...good(), client_secret: 'wrong' }, options), 401, 'invalid_client');
    for (const path of ['/oauth/token/', '//oauth/token', '/OAuth/Token', '/oauth/token;x', '/oauth%2ftoken', '/oauth/../oauth/token']) {
      const answer = await scene.post(path, { ...good(), client_secret: 'wrong' });
      expect([path, [401, 404].includes(answer.status)]).toEqual([path, true]);
    }
  });
  it.each<[string, RequestOptions]>([
    ['JSON', { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ grant_type: 'client_credentials' }) }],
    ['JSON that says it is a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: '{"grant_type":"client_credentials","client_id":{"$ne":""}}' }],
    ['multipart', { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x\r\ncontent-disposition: form-data; name="grant_type"\r\n\r\nclient_credentials\r\n--x--' }],
    ['text', { headers: { 'content-type': 'text/plain' }, body: 'grant_type=client_credentials' }],
    ['no content type', { body: 'grant_type=client_credentials' }],
    ['an empty content type', { headers: { 'content-type': '' }, body: 'grant_type=client_credentials' }],
    ['a content type that is none', { headers: { 'content-type': 'application/x-www-form-urlencoded2' }, body: 'grant_type=client_credentials' }],
    ['another charset', { headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-16' }, body: 'grant_type=client_credentials' }],
    ['a compressed body', { headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' }, body: Buffer.from('1f8b08', 'hex') }],
    ['bytes that are no UTF-8', { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: Buffer.from('6772616e745f747970653dff', 'hex') }],
  ])('S34: %s is invalid_request or invalid_client, never read as a form', async (what, options) => {
    await scene.refused(({ headers }) => send(scene.url('/oauth/token'), { ...options, headers: { ...options.headers, ...headers } }), what === 'JSON that says it is a form' ? 401 : 400, what === 'JSON that says it is a form' ? 'invalid_client' : 'invalid_request');
  });
  it('S37: 1 MB is 413 and never read to the end; 10,000 parameters are 400 or 413 within 50 ms; neither harms the next request', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const body of [`grant_type=${'x'.repeat(1024 * 1024)}`, Array.from({ length: 10_000 }, (_, i) => `p${String(i)}=1`).join('&')]) {
      const answer = await send(scene.url('/oauth/token'), { headers: form, body });
      expect(errorOf(answer)).toEqual([413, 'request_too_large']);
    }
    const short = Array.from({ length: 10_000 }, (_, i) => `${i.toString(36)}=`).join('&');
    expect(short.length).toBeLessThan(65_536);
    // On a machine with much else to do one answer proves nothing: the fastest does.
    await eventually('a refusal within 50 ms', async () => {
      const answer = await send(scene.url('/oauth/token'), { headers: form, body: short });
      expect(errorOf(answer)).toEqual([400, 'invalid_request']);
      return answer.milliseconds < 50;
    });
    expect((await scene.credentials(robot)).status).toBe(200);
  });
  it('S32: a password of 1 MB is 413, one of 300 characters 400, the empty one 400: before any hashing', async () => {
    expect((await scene.token({ ...goodPassword(), password: 'x'.repeat(1024 * 1024) })).status).toBe(413);
    for (const password of ['x'.repeat(300), '☎'.repeat(257), 'x'.repeat(60_000)]) await scene.refused(options => scene.token({ ...goodPassword(), password }, options), 400, 'invalid_request');
    await scene.refused(options => scene.token({ ...goodPassword(), password: '' }, options), 400, 'invalid_request');
    expect((await scene.login(phone, alice)).status).toBe(200);
  });
});

describe('parameters', () => {
  const forms: [string, () => Record<string, string>][] = [
    ['client_credentials', good], ['password', goodPassword], ['refresh_token', () => ({ grant_type: 'refresh_token', client_id: phone.client_id, client_secret: phone.secret, refresh_token: 'x', scope: 'rest' })],
  ];
  it.each(forms)('S35: of %s, each sent twice, is invalid_request, also where both are equal or one is empty', async (_name, make) => {
    const form = make();
    await someAtATime(Object.entries(form).flatMap(([name, value]) => [value, 'other', ''].map(again => () =>
      scene.refused(options => scene.token(`${new URLSearchParams(form).toString()}&${new URLSearchParams({ [name]: again }).toString()}`, options), 400, 'invalid_request'))));
  });
  it.each(forms)('S36, S67: of %s, each as an object or a list, is invalid_request, with no driver\'s word', async (_name, make) => {
    const form = make();
    const shapes = ['[$ne]', '[]', '[a][b]', '[$gt]', '[$regex]', '[$where]', '%5B%24ne%5D', '[', ']'];
    const answers = await someAtATime(Object.entries(form).flatMap(([name, value]) => shapes.map(shape => () =>
      scene.refused(options => scene.token(`${new URLSearchParams(without(form, name)).toString()}&${name}${shape}=${encodeURIComponent(value)}`, options), 400, 'invalid_request'))));
    expect(answers).toHaveLength(Object.keys(form).length * shapes.length);
    for (const answer of answers) expect(answer.text).not.toMatch(/cast|mongo|bson|objectid|stack|at .*\.js/i);
    expect(scene.logs()).not.toMatch(/CastError|BSONError|ObjectParameterError|MongoServerError/);
  });
  it.each(['__proto__', 'constructor', 'prototype', '__proto__[admin]', 'constructor[prototype][admin]', '__proto__.admin'])('S66: %s as a name is 400, as a value is refused like any other, and nothing is polluted', async word => {
    await someAtATime([
      ...(word.includes('.') ? [] : [() => scene.refused(options => scene.token(`${new URLSearchParams(good()).toString()}&${word}=1`, options), 400, 'invalid_request')]),
      ...([['grant_type', 400, 'unsupported_grant_type'], ['scope', 400, 'invalid_scope'], ['client_id', 401, 'invalid_client'], ['client_secret', 401, 'invalid_client']] as const).map(([name, status, error]) => () =>
        scene.refused(options => scene.token({ ...good(), [name]: word }, options), status, error)),
    ]);
    for (const instance of [0, 1]) expect((await send(scene.url('/health/live', instance), { method: 'GET' })).status).toBe(200);
  });
  it.each(['{"$ne":null}', '{"$where":"sleep(5000)"}', '$where', '{"$or":[{"$where":"1"}]}', '/.*/', '[object Object]', 'a.b', '*', '>', '\u2028'])('S67, S82: %j as a value is text and matches nothing', async word => {
    await scene.refused(options => scene.token({ ...good(), client_id: word }, options), 401, 'invalid_client');
    await scene.refused(options => scene.token({ ...good(), scope: word }, options), 400, 'invalid_scope');
    const answer = await scene.token({ ...goodPassword(), username: word });
    expect(errorOf(answer)).toEqual([400, 'invalid_grant']);
  });
  it('S82: control characters and CRLF are refused in every parameter, and no log line is forged', async () => {
    const names = Object.keys(goodPassword()).filter(one => one !== 'password');
    await someAtATime(names.flatMap(name => ['a\r\n{"level":"info","msg":"forged"}', 'a\0b', 'a\tb', '\x7f'].map(bad => () => scene.refused(options => scene.token({ ...goodPassword(), [name]: bad }, options), 400, 'invalid_request'))));
    expect(scene.logs()).not.toContain('forged');
  });
  it('S38: grant_type missing, unknown, or not for this application, each by its name', async () => {
    await scene.refused(options => scene.token(without(good(), 'grant_type'), options), 400, 'invalid_request');
    await scene.refused(options => scene.token({ ...good(), grant_type: '' }, options), 400, 'invalid_request');
    const unknown = ['implicit', 'CLIENT_CREDENTIALS', 'client_credentials ', 'client_credentials password', '*', 'code', 'toString'];
    await someAtATime(unknown.map(grant_type => () => scene.refused(options => scene.token({ ...good(), grant_type }, options), 400, 'unsupported_grant_type')));
    for (const [application, form] of [[phone, good()], [robot, goodPassword()], [robot, { grant_type: 'refresh_token', refresh_token: 'x' }]] as [Application, Form & object][]) {
      const answer = await scene.refused(options => scene.token({ ...form, client_id: application.client_id, client_secret: application.secret }, options), 400, 'unauthorized_client');
      expect(answer.json['error_description']).toMatch(/register|request|use /);
    }
  });
  it('ignores what it does not know', async () => { expect((await scene.token({ ...good(), foo: 'bar', redirect_uri: 'x', code: '' })).status).toBe(200); });
});

test('an event of the feed makes a disabling known at once, in every instance', async () => {
  const application = await scene.application(alice), bus = new Bus({ NATS_URL: scene.system.servers.natsUrl, NATS_USER: 'app-registry-service', NATS_PASSWORD: scene.system.servers.busPassword('app-registry-service') }, { info: () => undefined, warn: () => undefined, error: () => undefined });
  try {
    for (const instance of [0, 1]) expect((await scene.credentials(application, {}, { instance })).status).toBe(200);
    await scene.database.collection<{ _id: string }>('applications').updateOne({ _id: application._id }, { $set: { status: 'disabled', rights_version: 2, sign_out_version: 2, version: 2 } });
    const event = makeEvent({ service: 'app-registry-service', instance: 'test' }, 'application.disabled', randomEventId(), application._id, new Date(), { tenant_id: scene.tenant.id, version: 2, application_id: application._id, client_id: application.client_id, rights_version: 2 });
    await bus.connection();
    await new JetStreamPublisher(bus).publish(subjectOf('application.disabled'), encodeBatch([event]));
    for (const instance of [0, 1]) expect((await turned('the refusal', async () => (await scene.credentials(application, {}, { instance })).json['error'] === 'unauthorized_client')).lastOtherwise).toBeLessThan(4000);
  } finally { await bus.close(); }
});

test('S54: the password grant works only where application and tenant allow it, and for the reserved application api', async () => {
  const plain = await scene.native(alice, { password_grant: false }), closed = await scene.application(alice, { type: 'web_server', password_grant: true });
  for (const application of [plain, closed]) await scene.refused(options => scene.login(application, alice, {}, options), 400, 'unauthorized_client');
  const answer = await scene.post('/token', { grant_type: 'password', client_id: 'api', username: alice.username, password: alice.password });
  expect(answer.json).toMatchObject({ token_type: 'Bearer', refresh_token: expect.any(String) as unknown, scope: 'gql rest strowger' });
  expect((await scene.post('/token', { grant_type: 'refresh_token', client_id: 'api', refresh_token: textOf(answer, 'refresh_token') })).status).toBe(200);
});

test('S12: a scope that is unknown or not the application\'s is refused by its name; the granted one is returned', async () => {
  await someAtATime(['gql', 'rest:unheard', 'strowger:audit:read', 'rest gql', 'REST', ' '].map(scope => () => scene.refused(options => scene.credentials(robot, { scope }, options), 400, 'invalid_scope')));
  expect((await scene.credentials(robot, { scope: 'rest:callforward:read rest:calllog' })).json['scope']).toBe('rest:callforward:read rest:calllog');
  expect((await scene.credentials(robot, { scope: 'all' })).json['scope']).toBe('rest');
});

test('a flood of refusals is counted: one event a second for what is over ten', async () => {
  const FLOOD = 120, agent = `flood ${scene.requestId()}`;
  const answers = await Promise.all(Array.from({ length: FLOOD }, () => scene.token({ ...good(), client_secret: 'x' }, { headers: { 'user-agent': agent, 'x-forwarded-for': '203.0.113.77' } })));
  expect(new Set(answers.map(answer => answer.status))).toEqual(new Set([401]));
  const found = async () => scene.database.collection<{ data: { count?: number } }>('audit_events').find({ type: 'token.rejected', 'data.user_agent': agent }).toArray();
  const counted = (events: readonly { data: { count?: number } }[]): number => events.reduce((sum, event) => sum + (event.data.count ?? 1), 0);
  const events = await eventually('all of the flood', async () => { const now = await found(); return counted(now) >= FLOOD && now; });
  expect(counted(events)).toBe(FLOOD);
  expect(events.length).toBeLessThan(FLOOD / 2);
});

test('S70, S69: metadata names the configured issuer exactly, whatever the Host, and only what works', async () => {
  for (const headers of [{}, { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' }]) {
    const answer = await send(scene.url('/.well-known/oauth-authorization-server'), { method: 'GET', headers });
    expect(answer.json).toEqual({
      issuer, authorization_endpoint: `${issuer}/oauth/authorize`, token_endpoint: `${issuer}/oauth/token`, introspection_endpoint: `${issuer}/oauth/introspect`, revocation_endpoint: `${issuer}/oauth/revoke`, device_authorization_endpoint: `${issuer}/oauth/device_authorization`, jwks_uri: `${issuer}/.well-known/jwks.json`, response_types_supported: ['code', 'token'],
      response_modes_supported: ['query', 'fragment'], code_challenge_methods_supported: ['S256'], authorization_response_iss_parameter_supported: true,
      grant_types_supported: ['authorization_code', 'client_credentials', 'password', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code', 'urn:ietf:params:oauth:grant-type:token-exchange', 'implicit'], token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'], revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    });
  }
  for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke', '/oauth/device_authorization']) expect((await scene.post(path, {})).status).not.toBe(404);
  expect((await send(scene.url('/oauth/authorize'), { method: 'GET' })).status).toBe(400);
  for (const path of ['/admin', '/', '/oauth']) expect(errorOf(await send(scene.url(path), { method: 'GET' }))).toEqual([404, 'not_found']);
});

test('a request id of the client is kept where it is harmless text, and replaced where not', async () => {
  for (const [given, kept] of [['abc-1.2_3', true], ['x'.repeat(65), false], ['a b', false], ['{"a":1}', false]] as const) {
    const { headers } = await scene.credentials(robot, {}, { headers: { 'x-request-id': given } });
    expect(headers['x-request-id'] === given).toBe(kept);
    expect(headers['x-request-id']).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
  }
});

test('S61, S85: no secret, password or token stands in a log, an event, a metric, a collection or the stream\'s files; of a secret the hash alone', async () => {
  await scene.nothingLeaked(600, robot);
});
