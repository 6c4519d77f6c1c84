import { AccessTokenDocument, ACCESS_TOKENS } from '@strowger/models/access-tokens/access-tokens.schema';
import { GrantDocument, GRANTS } from '@strowger/models/grants/grants.schema';
import { eventually } from '../../../../test/system';
import { Account, Answer, Application, RequestOptions, textOf, TokenScene } from '../token-service.fixture';

let scene: TokenScene, alice: Account, phone: Application;
beforeAll(async () => {
  scene = await TokenScene.start('token_service_revocation');
  alice = await scene.account();
  phone = await scene.native(alice);
});
afterAll(() => scene.stop());

interface Begun { readonly refresh: string; readonly access: string; readonly grant: string }
const begun = async (application = phone): Promise<Begun> => {
  const answer = await scene.login(application, alice), refresh = textOf(answer, 'refresh_token');
  return { refresh, access: textOf(answer, 'access_token'), grant: Buffer.from(refresh, 'base64url').subarray(0, 16).toString('base64url') };
};
const revoke = (application: Application, token: string, form: Record<string, string> = {}, options: RequestOptions & { instance?: number } = {}): Promise<Answer> =>
  scene.post('/oauth/revoke', { token, ...form }, { basic: [application.client_id, application.secret], ...options });
/** On each instance. */
const isActive = async (token: string): Promise<unknown[]> => Promise.all([0, 1].map(async instance => (await scene.introspect(token, instance)).json['active']));
const errorOf = (answer: Answer): [number, unknown] => [answer.status, answer.json['error']];
const grantOf = (id: string) => scene.database.collection<GrantDocument>(GRANTS).findOne({ _id: id });
/** Of one type that this request caused, once the trail has an event of a later change: nothing more can come of it. */
const eventsOf = async (requestId: string, type: string) => {
  const later = scene.requestId(), application = await scene.application(alice);
  await scene.settled();
  await revoke(application, textOf(await scene.credentials(application), 'access_token'), {}, { headers: { 'x-request-id': later } });
  await scene.eventsOf(later);
  return scene.database.collection('audit_events').find({ 'data.request_id': requestId, type }).toArray();
};

describe('revoking an access token', () => {
  it.each([['a JWT', 'jwt'], ['an opaque one', 'opaque']] as const)('S74: %s is dead at once in every instance, with one event, however often it is revoked', async (_what, token_format) => {
    const application = await scene.application(alice, { token_format }), token = textOf(await scene.credentials(application), 'access_token'), id = scene.requestId();
    expect(await isActive(token)).toEqual([true, true]);
    const answer = await revoke(application, token, {}, { headers: { 'x-request-id': id } });
    expect([answer.status, answer.text, answer.headers['cache-control']]).toEqual([200, '{}', 'no-store']);
    expect(await isActive(token)).toEqual([false, false]);
    const again = await Promise.all(Array.from({ length: 10 }, (_, i) => revoke(application, token, {}, { instance: i, headers: { 'x-request-id': id } })));
    expect(again.map(one => one.status)).toEqual(Array(10).fill(200));
    const [event, ...more] = (await scene.eventsOf(id)).filter(one => one.type === 'token.revoked');
    expect(event?.data).toMatchObject({ tenant_id: scene.tenant.id, version: 2, by: { client_id: application.client_id }, reason: 'revoked_by_client', request_id: id, token_id: event?.subject });
    expect([more, await eventsOf(id, 'token.revoked')]).toEqual([[], [event]]);
  });
  it('revokes it once for many who ask at the same moment', async () => {
    const application = await scene.application(alice), token = textOf(await scene.credentials(application), 'access_token'), id = scene.requestId();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => revoke(application, token, {}, { instance: i, headers: { 'x-request-id': id } })));
    expect(answers.map(one => one.status)).toEqual(Array(20).fill(200));
    await scene.eventsOf(id);
    expect(await eventsOf(id, 'token.revoked')).toHaveLength(1);
    expect(await scene.database.collection<AccessTokenDocument>(ACCESS_TOKENS).findOne({ application_id: application._id })).toMatchObject({ version: 2, revoked_at: expect.any(Date) as Date });
  });
  it('leaves the grant it came of, and its other tokens', async () => {
    const first = await begun(), second = textOf(await scene.refresh(phone, first.refresh), 'access_token');
    expect((await revoke(phone, first.access)).status).toBe(200);
    expect([await isActive(first.access), await isActive(second)]).toEqual([[false, false], [true, true]]);
    expect((await scene.refresh(phone, first.refresh, {}, { instance: 1 })).status).toBe(200);
  });
});

describe('revoking a refresh token', () => {
  it('S76: ends its grant: every access token that came of it is dead at once, nothing can be refreshed, with one event', async () => {
    const first = await begun(), second = await scene.refresh(phone, first.refresh), other = await begun(), id = scene.requestId();
    expect((await revoke(phone, textOf(second, 'refresh_token'), {}, { headers: { 'x-request-id': id } })).status).toBe(200);
    expect([await isActive(first.access), await isActive(textOf(second, 'access_token'))]).toEqual([[false, false], [false, false]]);
    for (const refresh of [first.refresh, textOf(second, 'refresh_token')]) for (const instance of [0, 1]) expect(errorOf(await scene.refresh(phone, refresh, {}, { instance }))).toEqual([400, 'invalid_grant']);
    expect((await revoke(phone, textOf(second, 'refresh_token'), {}, { instance: 1, headers: { 'x-request-id': id } })).status).toBe(200);
    const [event] = (await scene.eventsOf(id)).filter(one => one.type === 'grant.revoked');
    expect(event?.data).toMatchObject({ grant_id: first.grant, version: 2, account_id: alice._id, by: { client_id: phone.client_id }, reason: 'revoked_by_client' });
    expect(await eventsOf(id, 'grant.revoked')).toHaveLength(1);
    expect(await isActive(other.access)).toEqual([true, true]);
  });
  it('ends it with an older generation as well: whose last answer was lost can still log out', async () => {
    const first = await begun(), second = await scene.refresh(phone, first.refresh);
    expect((await revoke(phone, first.refresh)).status).toBe(200);
    expect(await isActive(textOf(second, 'access_token'))).toEqual([false, false]);
  });
  it('leaves nothing alive where refreshes run at the same moment', async () => {
    for (let round = 0; round < 10; round++) {
      const first = await begun();
      const [, ...refreshed] = await Promise.all([revoke(phone, first.refresh), ...Array.from({ length: 12 }, (_, i) => scene.refresh(phone, first.refresh, {}, { instance: i }))]);
      const issued = refreshed.filter(answer => answer.status === 200);
      for (const answer of issued) expect(await isActive(textOf(answer, 'access_token'))).toEqual([false, false]);
      expect(refreshed.filter(answer => answer.status !== 200).every(answer => answer.json['error'] === 'invalid_grant')).toBe(true);
      expect(await grantOf(first.grant)).toMatchObject({ status: 'revoked', version: 2 });
    }
  });
  it('may be done by a public client for its own, and by nobody without a client', async () => {
    const application = await scene.native(alice, { secrets: [] }), answer = await scene.token({ grant_type: 'password', client_id: application.client_id, username: alice.username, password: alice.password });
    const token = textOf(answer, 'refresh_token');
    expect(errorOf(await scene.post('/oauth/revoke', { token }))).toEqual([401, 'invalid_client']);
    expect(await isActive(textOf(answer, 'access_token'))).toEqual([true, true]);
    expect((await scene.post('/oauth/revoke', { token, client_id: application.client_id })).status).toBe(200);
    expect(await isActive(textOf(answer, 'access_token'))).toEqual([false, false]);
  });
});

describe('a revocation', () => {
  it.each(['refresh_token', 'access_token', 'urn:x:unknown', '__proto__'])('finds both kinds whatever the hint says: %s', async token_type_hint => {
    const first = await begun(), second = await begun();
    expect([(await revoke(phone, first.access, { token_type_hint })).status, (await revoke(phone, second.refresh, { token_type_hint })).status]).toEqual([200, 200]);
    expect([await isActive(first.access), await isActive(second.access)]).toEqual([[false, false], [false, false]]);
    expect([await grantOf(first.grant), await grantOf(second.grant)]).toMatchObject([{ status: 'active' }, { status: 'revoked' }]);
  });
  it('S65, S76: of another client\'s token is 200 and does nothing', async () => {
    const first = await begun(), thief = await scene.native(alice), id = scene.requestId();
    const machine = await scene.application(alice), token = textOf(await scene.credentials(machine), 'access_token');
    for (const text of [first.access, first.refresh, token]) {
      const answer = await revoke(thief, text, {}, { headers: { 'x-request-id': id } });
      expect([answer.status, answer.text]).toEqual([200, '{}']);
    }
    expect([await isActive(first.access), await isActive(token)]).toEqual([[true, true], [true, true]]);
    expect((await scene.refresh(phone, first.refresh)).status).toBe(200);
    expect([await eventsOf(id, 'token.revoked'), await eventsOf(id, 'grant.revoked')]).toEqual([[], []]);
  });
  it.each([
    ['short', 'x'], ['like an opaque one', 'A'.repeat(43)], ['like a refresh token', 'A'.repeat(70)], ['like a JWT', 'ey.ey.ey'], ['dots', '...'], ['__proto__', '__proto__'], ['an operator', '{"$ne":null}'], ['9000 characters', 'A'.repeat(9000)],
  ])('S76: of an unknown token is 200, and nothing is stored: %s', async (_what, text) => {
    const before = await scene.stored();
    for (const token_type_hint of ['access_token', 'refresh_token']) expect((await revoke(phone, text, { token_type_hint })).status).toBe(200);
    expect(await scene.stored()).toEqual(before);
  });
  it('S58: of a token that was truncated, extended or case-flipped harms nothing', async () => {
    const first = await begun();
    for (const text of [first.access, first.refresh]) {
      const flipped = text.replace(/[a-zA-Z]/g, c => c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase());
      for (const wrong of [text.slice(0, -1), `${text}A`, flipped, `${text}=`]) expect((await revoke(phone, wrong)).status).toBe(200);
    }
    expect(await isActive(first.access)).toEqual([true, true]);
    expect((await scene.refresh(phone, first.refresh)).status).toBe(200);
  });
  it('S35, S36, S39: without a token, with two, or without a client that is authenticated is refused', async () => {
    const { access } = await begun(), basic = [phone.client_id, phone.secret] as const;
    expect(errorOf(await scene.post('/oauth/revoke', {}, { basic }))).toEqual([400, 'invalid_request']);
    for (const body of [`token=${access}&token=${access}`, `token[]=${access}`, `token[$ne]=x`]) expect(errorOf(await scene.post('/oauth/revoke', body, { basic }))).toEqual([400, 'invalid_request']);
    expect(errorOf(await scene.post('/oauth/revoke', { token: access }, { basic: [phone.client_id, 'wrong'] }))).toEqual([401, 'invalid_client']);
    expect(errorOf(await scene.post('/oauth/revoke', { token: access }, { basic: ['scope-service', scene.system.servers.secrets.serviceSecret('scope-service')] }))).toEqual([401, 'invalid_client']);
    expect(errorOf(await scene.post(`/oauth/revoke?token=${access}`, { token: access }, { basic }))).toEqual([400, 'invalid_request']);
    expect(errorOf(await scene.post('/oauth/revoke', JSON.stringify({ token: access }), { basic, headers: { 'content-type': 'application/json' } }))).toEqual([400, 'invalid_request']);
    const got = await scene.post('/oauth/revoke', '', { method: 'GET' });
    expect([got.status, got.headers['allow']]).toEqual([405, 'POST']);
    expect(await isActive(access)).toEqual([true, true]);
  });
  it('S70: is advertised', async () => {
    const { json } = await scene.post('/.well-known/oauth-authorization-server', '', { method: 'GET' });
    expect(json).toMatchObject({ revocation_endpoint: `${String(json['issuer'])}/oauth/revoke`, revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'] });
  });
  it.each([
    ['dead', () => { scene.system.servers.databaseFront.kill('SIGKILL'); }, () => scene.system.servers.databaseFront.start()],
    ['frozen', () => { scene.system.servers.databaseFront.kill('SIGSTOP'); }, () => { scene.system.servers.databaseFront.kill('SIGCONT'); return Promise.resolve(); }],
  ])('S76: while the database is %s is 503 with Retry-After, never 200, and takes effect when it is asked again', async (_what, end, begin) => {
    const first = await begun(), second = await begun();
    for (const instance of [0, 1]) await revoke(phone, 'keeps the client in the cache', {}, { instance });
    end();
    try {
      const answers = await Promise.all([first.access, first.refresh, 'A'.repeat(43), 'A'.repeat(70), 'ey.ey.ey', 'x'].map((token, i) => revoke(phone, token, {}, { instance: i })));
      expect(answers.map(answer => [answer.status, answer.headers['retry-after']])).toEqual(answers.map(() => [503, '1']));
      expect(Math.max(...answers.map(answer => answer.milliseconds))).toBeLessThan(15_000);
    } finally {
      await begin();
    }
    await eventually('both instances to answer', async () => (await Promise.all([0, 1].map(instance => revoke(phone, 'x', {}, { instance })))).every(answer => answer.status === 200));
    expect(await isActive(second.access)).toEqual([true, true]);
    expect((await revoke(phone, first.refresh, {}, { instance: 1 })).status).toBe(200);
    expect(await isActive(first.access)).toEqual([false, false]);
  });
  it('S74: while the bus is away is done and answered; the events follow', async () => {
    const first = await begun(), id = scene.requestId();
    scene.system.servers.nats.kill('SIGKILL');
    try {
      expect((await revoke(phone, first.access, {}, { headers: { 'x-request-id': id } })).status).toBe(200);
      expect((await revoke(phone, first.refresh, {}, { headers: { 'x-request-id': id } })).status).toBe(200);
      expect(await isActive(first.access)).toEqual([false, false]);
      expect(await scene.database.collection('outbox').countDocuments({ lowers: true })).toBe(2);
    } finally {
      await scene.system.servers.nats.start();
    }
    expect((await scene.eventsOf(id, 2)).map(event => event.type).sort()).toEqual(['grant.revoked', 'token.revoked']);
  });
});
