import { createPublicKey, KeyObject, verify } from 'node:crypto';
import { hashSecret } from '@strowger/credentials/client-secret';
import { encodeBatch } from '@strowger/contracts/cloud-event';
import { subjectOf } from '@strowger/contracts/event-catalogue';
import { Bus } from '@strowger/messaging/bus';
import { JetStreamPublisher } from '@strowger/messaging/jetstream-publisher';
import { makeEvent, randomEventId } from '@strowger/models/outbox/make-event';
import { eventually } from '../../../test/system';
import { Account, Answer, Application, decodedJwt, Form, RequestOptions, send, textOf, TokenScene } from './token-service.fixture';

const SECRET_WITH_EVERYTHING = 'a:b+c d%é☎&=';
let scene: TokenScene, issuer: string, alice: Account, admin: Account, robot: Application, phone: Application, opaque: Application;
beforeAll(async () => {
  scene = await TokenScene.start('token_service_endpoint', { env: { WRONG_SECRETS_PER_ADDRESS_AND_MINUTE: '1000000' } });
  issuer = `http://localhost:${String(scene.system.stack.ports['portal-service'])}`;
  alice = await scene.account();
  admin = await scene.account({ role: 'administrator' });
  robot = await scene.application(alice);
  phone = await scene.native(alice);
  opaque = await scene.application(alice, { token_format: 'opaque' });
}, 120_000);
afterAll(() => scene.stop(), 60_000);

const errorOf = (answer: Answer): [number, unknown] => [answer.status, answer.json['error']];
const good = (): Record<string, string> => ({ grant_type: 'client_credentials', client_id: robot.client_id, client_secret: robot.secret, scope: 'rest' });
const goodPassword = (): Record<string, string> => ({ grant_type: 'password', client_id: phone.client_id, client_secret: phone.secret, username: alice.username, password: alice.password });
const without = (form: Record<string, string>, ...names: string[]): Record<string, string> => Object.fromEntries(Object.entries(form).filter(([name]) => !names.includes(name)));
let addresses = 0;
/** An address that nobody used before: refusals of one address in one second are counted as one event. */
const newAddress = (): string => `10.${String(++addresses >> 16)}.${String((addresses >> 8) & 255)}.${String(addresses & 255)}`;
/** What every refusal is: an RFC answer, told at once, never stored but as one event. */
async function refused(work: (options: { headers: Record<string, string> }) => Promise<Answer>, status: number, error: string): Promise<Answer> {
  const before = await scene.stored(), id = scene.requestId(), answer = await work({ headers: { 'x-request-id': id, 'x-forwarded-for': newAddress() } });
  expect([...errorOf(answer), answer.text]).toEqual([status, error, answer.text]);
  expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8', 'x-request-id': id });
  expect(Object.keys(answer.json).sort()).toEqual(['error', 'error_description']);
  expect(answer.json['error_description']).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]{3,300}$/);
  if (status === 401) expect(answer.headers['www-authenticate']).toBe('Basic realm="strowger"');
  const events = await scene.eventsOf(id);
  expect(events.map(event => [event.type, event.data?.['reason']])).toEqual([['token.rejected', error]]);
  expect(await scene.stored()).toEqual(before);
  return answer;
}

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
    expect(keys.map(key => Object.keys(key).sort())).toEqual([['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']]);
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: keys[0]?.['kid'] });
    const key: KeyObject = createPublicKey({ key: keys[0] ?? {}, format: 'jwk' });
    expect(verify('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
    expect(verify('sha256', Buffer.from(`${input}x`), { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(false);
    expect(claims).toEqual({
      iss: issuer, sub: alice._id, aud: `${issuer}/api`, client_id: robot.client_id, exp: expect.any(Number) as unknown, iat: expect.any(Number) as unknown, jti: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/) as unknown, scope: 'rest',
      tenant_id: scene.tenant.id, application_id: robot._id, account_kind: 'user', role: 'user', access_level: 'call_api', read_only: false, impersonation: false, rights: { tenant: 1, application: 1, account: 1 },
    });
    expect([Number(claims['exp']) - Number(claims['iat']), Number(claims['iat']) >= before]).toEqual([3600, true]);
  });
  it('signs so that every signature is verified by others, whatever its leading zeros', async () => {
    const jwks = await send(scene.url('/.well-known/jwks.json'), { method: 'GET' }), key = createPublicKey({ key: (jwks.json['keys'] as Record<string, string>[])[0] ?? {}, format: 'jwk' });
    const answers = await Promise.all(Array.from({ length: 600 }, (_, i) => scene.credentials(robot, {}, { instance: i })));
    const jtis = new Set(answers.map(answer => {
      const { claims, input, signature } = decodedJwt(textOf(answer, 'access_token'));
      expect(signature).toHaveLength(64);
      expect(verify('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
      return claims['jti'];
    }));
    expect(jtis.size).toBe(600);
  }, 60_000);
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
    const answer = await eventually('a refusal', async () => { const one = await scene.credentials(application); return one.status !== 200 && one; }, 6);
    expect(errorOf(answer)).toEqual([400, 'invalid_grant']);
  }, 15_000);
  it('takes the tenant\'s lifetime, and never more than the deployment\'s', async () => {
    await scene.database.collection<{ _id: string }>('tenants').updateOne({ _id: scene.tenant.id }, { $set: { access_token_ttl_seconds: 10_000_000 } });
    const lifetime = await eventually('another lifetime', async () => { const one = (await scene.credentials(robot)).json['expires_in']; return one !== 3600 && one; }, 6);
    expect(lifetime).toBe(86_400);
    await scene.database.collection<{ _id: string }>('tenants').updateOne({ _id: scene.tenant.id }, { $set: { access_token_ttl_seconds: 3600 } });
  }, 15_000);
});

describe('a method, a content type, a body', () => {
  it('S33: GET, PUT, DELETE, HEAD on the token endpoint are 405 with Allow, also with the secret in the query', async () => {
    for (const path of ['/oauth/token', '/token', '/oauth/introspect']) for (const method of ['GET', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS']) {
      const answer = await send(scene.url(`${path}?client_id=x&client_secret=y`), { method });
      expect([path, method, answer.status, answer.headers.allow]).toEqual([path, method, 405, 'POST']);
    }
  });
  it('S68: another spelling of the path has the same rules, or is nothing', async () => {
    for (const path of ['/oauth/%74oken', '/%6fauth/token']) await refused(options => scene.post(path, { ...good(), client_secret: 'wrong' }, options), 401, 'invalid_client');
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
    await refused(({ headers }) => send(scene.url('/oauth/token'), { ...options, headers: { ...options.headers, ...headers } }), what === 'JSON that says it is a form' ? 401 : 400, what === 'JSON that says it is a form' ? 'invalid_client' : 'invalid_request');
  });
  it('S37: 1 MB is 413 and never read to the end; 10,000 parameters are 400 or 413 within 50 ms; neither harms the next request', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const body of [`grant_type=${'x'.repeat(1024 * 1024)}`, Array.from({ length: 10_000 }, (_, i) => `p${String(i)}=1`).join('&')]) {
      const answer = await send(scene.url('/oauth/token'), { headers: form, body });
      expect(errorOf(answer)).toEqual([413, 'request_too_large']);
    }
    const short = Array.from({ length: 10_000 }, (_, i) => `${i.toString(36)}=`).join('&');
    expect(short.length).toBeLessThan(65_536);
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const answer = await send(scene.url('/oauth/token'), { headers: form, body: short });
      expect(errorOf(answer)).toEqual([400, 'invalid_request']);
      times.push(answer.milliseconds);
    }
    expect(Math.min(...times)).toBeLessThan(50);
    expect((await scene.credentials(robot)).status).toBe(200);
  });
  it('S32: a password of 1 MB is 413, one of 300 characters 400, the empty one 400: before any hashing', async () => {
    expect((await scene.token({ ...goodPassword(), password: 'x'.repeat(1024 * 1024) })).status).toBe(413);
    for (const password of ['x'.repeat(300), '☎'.repeat(257), 'x'.repeat(60_000)]) await refused(options => scene.token({ ...goodPassword(), password }, options), 400, 'invalid_request');
    await refused(options => scene.token({ ...goodPassword(), password: '' }, options), 400, 'invalid_request');
    expect((await scene.login(phone, alice)).status).toBe(200);
  });
});

describe('parameters', () => {
  const forms: [string, () => Record<string, string>][] = [
    ['client_credentials', good], ['password', goodPassword], ['refresh_token', () => ({ grant_type: 'refresh_token', client_id: phone.client_id, client_secret: phone.secret, refresh_token: 'x', scope: 'rest' })],
  ];
  it.each(forms)('S35: of %s, each sent twice, is invalid_request, also where both are equal or one is empty', async (_name, make) => {
    const form = make();
    for (const [name, value] of Object.entries(form)) for (const again of [value, 'other', '']) {
      await refused(options => scene.token(`${new URLSearchParams(form).toString()}&${new URLSearchParams({ [name]: again }).toString()}`, options), 400, 'invalid_request');
    }
  }, 60_000);
  it.each(forms)('S36, S67: of %s, each as an object or a list, is invalid_request, with no driver\'s word', async (_name, make) => {
    const form = make();
    for (const name of Object.keys(form)) for (const shape of ['[$ne]', '[]', '[a][b]', '[$gt]', '[$regex]', '[$where]', '%5B%24ne%5D', '[', ']']) {
      const value = form[name] ?? '', others = without(form, name);
      const answer = await refused(options => scene.token(`${new URLSearchParams(others).toString()}&${name}${shape}=${encodeURIComponent(value)}`, options), 400, 'invalid_request');
      expect(answer.text).not.toMatch(/cast|mongo|bson|objectid|stack|at .*\.js/i);
    }
    expect(scene.logs()).not.toMatch(/CastError|BSONError|ObjectParameterError|MongoServerError/);
  }, 120_000);
  it.each(['__proto__', 'constructor', 'prototype', '__proto__[admin]', 'constructor[prototype][admin]', '__proto__.admin'])('S66: %s as a name is 400, as a value is refused like any other, and nothing is polluted', async word => {
    if (!word.includes('.')) await refused(options => scene.token(`${new URLSearchParams(good()).toString()}&${word}=1`, options), 400, 'invalid_request');
    await refused(options => scene.token({ ...good(), grant_type: word }, options), 400, 'unsupported_grant_type');
    await refused(options => scene.token({ ...good(), scope: word }, options), 400, 'invalid_scope');
    await refused(options => scene.token({ ...good(), client_id: word }, options), 401, 'invalid_client');
    await refused(options => scene.token({ ...good(), client_secret: word }, options), 401, 'invalid_client');
    for (const instance of [0, 1]) expect((await send(scene.url('/health/live', instance), { method: 'GET' })).status).toBe(200);
  });
  it.each(['{"$ne":null}', '{"$where":"sleep(5000)"}', '$where', '{"$or":[{"$where":"1"}]}', '/.*/', '[object Object]', 'a.b', '*', '>', '\u2028'])('S67, S82: %j as a value is text and matches nothing', async word => {
    await refused(options => scene.token({ ...good(), client_id: word }, options), 401, 'invalid_client');
    await refused(options => scene.token({ ...good(), scope: word }, options), 400, 'invalid_scope');
    const answer = await scene.token({ ...goodPassword(), username: word });
    expect(errorOf(answer)).toEqual([400, 'invalid_grant']);
  });
  it('S82: control characters and CRLF are refused in every parameter, and no log line is forged', async () => {
    for (const name of Object.keys(goodPassword()).filter(one => one !== 'password')) {
      for (const bad of ['a\r\n{"level":"info","msg":"forged"}', 'a\0b', 'a\tb', '\x7f']) await refused(options => scene.token({ ...goodPassword(), [name]: bad }, options), 400, 'invalid_request');
    }
    expect(scene.logs()).not.toContain('forged');
  }, 60_000);
  it('S38: grant_type missing, unknown, or not for this application, each by its name', async () => {
    await refused(options => scene.token(without(good(), 'grant_type'), options), 400, 'invalid_request');
    await refused(options => scene.token({ ...good(), grant_type: '' }, options), 400, 'invalid_request');
    for (const unknown of ['implicit', 'CLIENT_CREDENTIALS', 'client_credentials ', 'client_credentials password', '*', 'authorization_code', 'toString']) await refused(options => scene.token({ ...good(), grant_type: unknown }, options), 400, 'unsupported_grant_type');
    for (const [application, form] of [[phone, good()], [robot, goodPassword()], [robot, { grant_type: 'refresh_token', refresh_token: 'x' }]] as [Application, Form & object][]) {
      const answer = await refused(options => scene.token({ ...form, client_id: application.client_id, client_secret: application.secret }, options), 400, 'unauthorized_client');
      expect(answer.json['error_description']).toMatch(/register|request|use /);
    }
  });
  it('ignores what it does not know', async () => { expect((await scene.token({ ...good(), foo: 'bar', redirect_uri: 'x', code: '' })).status).toBe(200); });
});

describe('client authentication', () => {
  const basic = (id: string, secret: string) => ({ basic: [id, secret] as const });
  it('S39: a wrong secret is 401 with a challenge, by Basic and in the body; so is an unknown client, alike', async () => {
    const rest = without(good(), 'client_id', 'client_secret');
    const answers: Answer[] = [];
    for (const secret of ['wrong', robot.secret.toUpperCase(), robot.secret.slice(1), `${robot.secret} `]) {
      answers.push(await refused(options => scene.token({ ...good(), client_secret: secret }, options), 401, 'invalid_client'));
      answers.push(await refused(options => scene.token(rest, { ...options, ...basic(robot.client_id, encodeURIComponent(secret)) }), 401, 'invalid_client'));
    }
    answers.push(await refused(options => scene.token({ ...good(), client_id: 'f'.repeat(32) }, options), 401, 'invalid_client'), await refused(options => scene.token({ grant_type: 'client_credentials', client_id: robot.client_id }, options), 401, 'invalid_client'));
    expect(new Set(answers.map(answer => answer.text)).size).toBe(1);
  });
  it('S39: two methods together, and a secret in the query, are refused, though both are right', async () => {
    await refused(options => scene.token(good(), { ...options, ...basic(robot.client_id, robot.secret) }), 400, 'invalid_request');
    await refused(options => scene.post(`/oauth/token?client_secret=${robot.secret}`, without(good(), 'client_secret'), options), 400, 'invalid_request');
    await refused(options => scene.post(`/oauth/token?client_id=${robot.client_id}&client_secret=${robot.secret}&grant_type=client_credentials`, '', options), 400, 'invalid_request');
  });
  it('S40: Basic is form-decoded after the split: colon, plus, percent and non-ASCII arrive', async () => {
    const odd = await scene.application(alice, { client_id: 'odd:client +é', secrets: [{ id: 'odd', hash: hashSecret(SECRET_WITH_EVERYTHING), created_at: new Date() }] });
    const form = { grant_type: 'client_credentials' }, encode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);
    expect((await scene.token(form, basic(encode(odd.client_id), encode(SECRET_WITH_EVERYTHING)))).status).toBe(200);
    expect((await scene.token(form, basic(encode(odd.client_id), encodeURIComponent(SECRET_WITH_EVERYTHING)))).status).toBe(200);
    expect((await scene.token({ ...form, client_id: odd.client_id, client_secret: SECRET_WITH_EVERYTHING })).status).toBe(200);
    await refused(options => scene.token(form, { ...options, ...basic(odd.client_id, SECRET_WITH_EVERYTHING) }), 401, 'invalid_client');
  });
  it.each(['Basic', 'Basic ', 'Basic !!!', 'Basic Zm9v', `Basic ${Buffer.from(':').toString('base64')}`, 'Bearer abc', 'Digest username="x"', `Basic ${Buffer.from('%zz:%zz').toString('base64')}`, 'Basic Zm9vOmJhcg', `Basic ${Buffer.from([0xff, 0x3a, 0xff]).toString('base64')}`])(
    'S39: the header %j is 401, although the body\'s secret is right or there is none', async authorization => {
      await refused(({ headers }) => scene.token({ grant_type: 'client_credentials' }, { headers: { ...headers, authorization } }), 401, 'invalid_client');
      const answer = await scene.token(good(), { headers: { authorization } });
      expect([400, 401]).toContain(answer.status);
    });
  it('S41: client_id in the body must be the one of the header', async () => {
    await refused(options => scene.token({ grant_type: 'client_credentials', client_id: phone.client_id }, { ...options, ...basic(robot.client_id, robot.secret) }), 400, 'invalid_request');
    expect((await scene.token({ grant_type: 'client_credentials', client_id: robot.client_id }, basic(robot.client_id, robot.secret))).status).toBe(200);
  });
  it('takes an application without a secret by its client_id alone, never one that has a secret, never with a secret it has not', async () => {
    const open = await scene.native(alice, { secrets: [] }), form = { grant_type: 'password', username: alice.username, password: alice.password };
    expect((await scene.token({ ...form, client_id: open.client_id })).status).toBe(200);
    expect((await scene.token(form, basic(open.client_id, ''))).status).toBe(200);
    await refused(options => scene.token({ ...form, client_id: open.client_id, client_secret: 'x' }, options), 401, 'invalid_client');
    await refused(options => scene.token({ ...form, client_id: phone.client_id }, options), 401, 'invalid_client');
    const emptied = await scene.application(alice, { secrets: [] });
    await refused(options => scene.token({ grant_type: 'client_credentials', client_id: emptied.client_id }, options), 401, 'invalid_client');
  });
  it('a fresh secret works at once, an ended or burned one within five seconds no more, and both live during an overlap', async () => {
    const application = await scene.application(alice), applications = scene.database.collection<{ _id: string }>('applications'), old = application.secrets[0];
    expect((await scene.credentials(application)).status).toBe(200);
    const [fresh, ended] = ['f'.repeat(32), 'e'.repeat(32)], made = (id: string, text: string) => ({ id, hash: hashSecret(text), created_at: new Date() });
    await applications.updateOne({ _id: application._id }, { $set: { secrets: [old, made('fresh', fresh), { ...made('ended', ended), expires_at: new Date(Date.now() - 1) }] } });
    await eventually('the fresh secret', async () => (await scene.credentials({ ...application, secret: fresh })).status === 200, 0.5);
    const id = scene.requestId();
    await scene.credentials({ ...application, secret: fresh }, {}, { headers: { 'x-request-id': id } });
    expect((await scene.eventsOf(id))[0]?.data).toMatchObject({ secret_id: 'fresh' });
    expect([(await scene.credentials(application)).status, (await scene.credentials({ ...application, secret: ended })).status]).toEqual([200, 401]);
    await applications.updateOne({ _id: application._id }, { $set: { secrets: [made('fresh', fresh)], rights_version: 2 } });
    const status = await eventually('a refusal', async () => { const one = await scene.credentials(application); return one.status !== 200 && one.status; }, 6);
    expect(status).toBe(401);
  }, 15_000);
  it('a new application works at once, also where it was asked for in vain a moment ago', async () => {
    const application = { client_id: 'a'.repeat(32) };
    expect((await scene.token({ grant_type: 'client_credentials', ...application, client_secret: 'x' })).status).toBe(401);
    const made = await scene.application(alice, application);
    await eventually('the new application', async () => (await scene.credentials(made)).status === 200, 1.5);
  });
  it('a disabled application is told so, a deleted one is unknown', async () => {
    const [disabled, deleted] = [await scene.application(alice, { status: 'disabled' }), await scene.application(alice, { status: 'deleted' })];
    await refused(options => scene.credentials(disabled, {}, options), 400, 'unauthorized_client');
    await refused(options => scene.credentials(deleted, {}, options), 401, 'invalid_client');
  });
});

test('an event of the feed makes a disabling known at once, in every instance', async () => {
  const application = await scene.application(alice), bus = new Bus({ NATS_URL: scene.system.servers.natsUrl, NATS_USER: 'app-registry-service', NATS_PASSWORD: scene.system.servers.busPassword('app-registry-service') }, { info: () => undefined, warn: () => undefined, error: () => undefined });
  try {
    for (const instance of [0, 1]) expect((await scene.credentials(application, {}, { instance })).status).toBe(200);
    await scene.database.collection<{ _id: string }>('applications').updateOne({ _id: application._id }, { $set: { status: 'disabled', rights_version: 2, sign_out_version: 2, version: 2 } });
    const event = makeEvent({ service: 'app-registry-service', instance: 'test' }, 'application.disabled', randomEventId(), application._id, new Date(), { tenant_id: scene.tenant.id, version: 2, application_id: application._id, client_id: application.client_id, rights_version: 2 });
    await bus.connection();
    await new JetStreamPublisher(bus).publish(subjectOf('application.disabled'), encodeBatch([event]));
    for (const instance of [0, 1]) await eventually('the refusal', async () => (await scene.credentials(application, {}, { instance })).json['error'] === 'unauthorized_client', 1);
  } finally { await bus.close(); }
});

test('S54: the password grant works only where application and tenant allow it, and for the reserved application api', async () => {
  const plain = await scene.native(alice, { password_grant: false }), closed = await scene.application(alice, { type: 'web_server', password_grant: true });
  for (const application of [plain, closed]) await refused(options => scene.login(application, alice, {}, options), 400, 'unauthorized_client');
  const answer = await scene.post('/token', { grant_type: 'password', client_id: 'api', username: alice.username, password: alice.password });
  expect(answer.json).toMatchObject({ token_type: 'Bearer', refresh_token: expect.any(String) as unknown, scope: 'gql rest strowger' });
  expect((await scene.post('/token', { grant_type: 'refresh_token', client_id: 'api', refresh_token: textOf(answer, 'refresh_token') })).status).toBe(200);
});

test('S12: a scope that is unknown or not the application\'s is refused by its name; the granted one is returned', async () => {
  for (const scope of ['gql', 'rest:unheard', 'strowger:audit:read', 'rest gql', 'REST', ' ']) await refused(options => scene.credentials(robot, { scope }, options), 400, 'invalid_scope');
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
}, 20_000);

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
  }, 60_000);
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
    await scene.database.collection<{ _id: Buffer }>('access_tokens').updateOne({ _id: Buffer.from(id, 'base64url') }, { $set: { exp: Math.floor(Date.now() / 1000) } });
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

test('S70, S69: metadata names the configured issuer exactly, whatever the Host, and only what works', async () => {
  for (const headers of [{}, { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' }]) {
    const answer = await send(scene.url('/.well-known/oauth-authorization-server'), { method: 'GET', headers });
    expect(answer.json).toEqual({
      issuer, token_endpoint: `${issuer}/oauth/token`, introspection_endpoint: `${issuer}/oauth/introspect`, revocation_endpoint: `${issuer}/oauth/revoke`, jwks_uri: `${issuer}/.well-known/jwks.json`, response_types_supported: [],
      grant_types_supported: ['client_credentials', 'password', 'refresh_token'], token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'], revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    });
  }
  for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke']) expect((await scene.post(path, {})).status).not.toBe(404);
  for (const path of ['/oauth/authorize', '/oauth/device_authorization', '/admin', '/', '/oauth']) expect(errorOf(await send(scene.url(path), { method: 'GET' }))).toEqual([404, 'not_found']);
});

test('a request id of the client is kept where it is harmless text, and replaced where not', async () => {
  for (const [given, kept] of [['abc-1.2_3', true], ['x'.repeat(65), false], ['a b', false], ['{"a":1}', false]] as const) {
    const { headers } = await scene.credentials(robot, {}, { headers: { 'x-request-id': given } });
    expect(headers['x-request-id'] === given).toBe(kept);
    expect(headers['x-request-id']).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
  }
});

test('S61, S85: no secret, password or token stands in a log, an event, a metric, a collection or the stream\'s files; of a secret the hash alone', async () => {
  await scene.settled();
  const dump = await scene.dump(), said = [scene.logs(), dump, ...(await Promise.all([0, 1].map(async instance => (await send(scene.url('/metrics', instance), { method: 'GET' })).text)))].join('\n');
  expect(scene.secrets.size).toBeGreaterThan(1000);
  expect([...scene.secrets].filter(secret => said.includes(secret))).toEqual([]);
  expect(dump.includes(robot.secrets[0]?.hash.toString('base64') ?? 'no hash')).toBe(true);
  expect(scene.log('token-service-1').length).toBeGreaterThan(1000);
}, 60_000);
