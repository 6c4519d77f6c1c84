import { GrantDocument, GRANTS } from '@strowger/models/grants/grants.schema';
import { eventually } from '../../../test/system';
import { Account, Answer, Application, textOf, TokenScene } from './token-service.fixture';

// Each wait inside has a bound of its own; this one is for a machine with much else to do.
jest.setTimeout(60_000);

const GRACE_SECONDS = 2;
let scene: TokenScene, alice: Account, phone: Application;
beforeAll(async () => {
  scene = await TokenScene.start('token_service_refresh', { env: { REFRESH_GRACE_SECONDS: String(GRACE_SECONDS) } });
  alice = await scene.account();
  phone = await scene.native(alice);
}, 120_000);
afterAll(() => scene.stop(), 60_000);

const begun = async (options: { account?: Account; application?: Application; form?: Record<string, string> } = {}): Promise<{ refresh: string; access: string; grant: string }> => {
  const answer = await scene.login(options.application ?? phone, options.account ?? alice, options.form);
  const refresh = textOf(answer, 'refresh_token');
  return { refresh, access: textOf(answer, 'access_token'), grant: Buffer.from(refresh, 'base64url').subarray(0, 16).toString('base64url') };
};
const grantOf = async (id: string): Promise<GrantDocument> => {
  const found = await scene.database.collection<GrantDocument>(GRANTS).findOne({ _id: id });
  if (!found) throw new Error('no grant');
  return found;
};
/** Until the grant's last rotation is so many seconds old, by the database's clock. */
const aged = async (grant: string, seconds: number): Promise<void> => {
  await eventually(`a rotation ${String(seconds)} s ago`, async () => {
    const [found] = await scene.database.collection(GRANTS).aggregate<{ age: number }>([{ $match: { _id: grant } }, { $project: { age: { $subtract: ['$$NOW', '$rotated_at'] } } }]).toArray();
    return found && found.age >= seconds * 1000;
  });
};
const errorOf = (answer: Answer): [number, unknown] => [answer.status, answer.json['error']];
/** Refreshes again and again, as a client does that keeps the newest token, until it is answered otherwise than before; within the five seconds that caches may take. */
const untilOtherwise = async (application: Application, refresh: string, otherwise: (answer: Answer) => boolean): Promise<{ answer: Answer; refresh: string }> => {
  let newest = refresh;
  return eventually('another answer', async () => {
    const answer = await scene.refresh(application, newest);
    if (answer.status === 200) newest = textOf(answer, 'refresh_token');
    return otherwise(answer) && { answer, refresh: newest };
  }, 7);
};
const refused = (answer: Answer): boolean => answer.status !== 200;
const isActive = async (token: string): Promise<unknown> => (await scene.introspect(token)).json['active'];

describe('a refresh', () => {
  it('S33, S47: rotates: a new refresh token and an access token of the grant, with its event', async () => {
    const first = await begun(), id = scene.requestId();
    const answer = await scene.refresh(phone, first.refresh, {}, { headers: { 'x-request-id': id } });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache', 'content-type': 'application/json; charset=utf-8', 'x-request-id': id });
    expect(Object.keys(answer.json).sort()).toEqual(['access_token', 'expires_in', 'refresh_token', 'scope', 'token_type']);
    expect(textOf(answer, 'refresh_token')).not.toBe(first.refresh);
    expect([await isActive(first.access), await isActive(textOf(answer, 'access_token'))]).toEqual([true, true]);
    const [event] = await scene.eventsOf(id);
    expect(event).toMatchObject({ type: 'token.issued', data: { grant_type: 'refresh_token', grant_id: first.grant, username: alice.username } });
    expect(await scene.database.collection('access_tokens').findOne({ grant_id: first.grant, generation: 1 })).toMatchObject({ grant_type: 'refresh_token' });
  });

  it('S47: of the old token, past the grace and its successor answered, revokes the grant: every token of it is dead at once, everywhere, with both events', async () => {
    const first = await begun(), second = await scene.refresh(phone, first.refresh), id = scene.requestId();
    await aged(first.grant, GRACE_SECONDS);
    expect(errorOf(await scene.refresh(phone, first.refresh, {}, { instance: 1, headers: { 'x-request-id': id } }))).toEqual([400, 'invalid_grant']);
    for (const token of [first.access, textOf(second, 'access_token')]) for (const instance of [0, 1]) expect((await scene.introspect(token, instance)).text).toBe('{"active":false}');
    expect(errorOf(await scene.refresh(phone, textOf(second, 'refresh_token')))).toEqual([400, 'invalid_grant']);
    const events = await scene.eventsOf(id, 3);
    expect(events.map(event => event.type).sort()).toEqual(['grant.reuse_detected', 'grant.revoked', 'token.rejected']);
    expect(events.find(event => event.type === 'grant.revoked')?.data).toMatchObject({ grant_id: first.grant, account_id: alice._id, reason: 'refresh_token_reuse' });
  });

  it('S48: 50 at once through two instances, 50 rounds: one live child each time, the same for all, each with an access token of its own', async () => {
    for (let round = 0; round < 50; round++) {
      const first = await begun();
      const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => scene.refresh(phone, first.refresh, {}, { instance: i })));
      expect(answers.map(answer => answer.status)).toEqual(Array(50).fill(200));
      expect(new Set(answers.map(answer => textOf(answer, 'refresh_token'))).size).toBe(1);
      expect(new Set(answers.map(answer => textOf(answer, 'access_token'))).size).toBe(50);
      expect(await grantOf(first.grant)).toMatchObject({ generation: 1, status: 'active' });
    }
  }, 180_000);

  it('S48: 50 at once of one grant again and again: it moves by one each time', async () => {
    const { refresh: first, grant } = await begun();
    let refresh = first;
    for (let round = 1; round <= 5; round++) {
      const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => scene.refresh(phone, refresh, {}, { instance: i })));
      const children = new Set(answers.map(answer => textOf(answer, 'refresh_token')));
      expect([children.size, await grantOf(grant).then(found => found.generation)]).toEqual([1, round]);
      refresh = [...children][0] ?? '';
      await aged(grant, GRACE_SECONDS);
    }
  }, 60_000);

  it('S49: whose answer was lost gets the same successor within the grace; the successor gets itself', async () => {
    const first = await begun(), lost = textOf(await scene.refresh(phone, first.refresh), 'refresh_token');
    expect(textOf(await scene.refresh(phone, first.refresh, {}, { instance: 1 }), 'refresh_token')).toBe(lost);
    expect(textOf(await scene.refresh(phone, lost, {}, { instance: 1 }), 'refresh_token')).toBe(lost);
    expect(await grantOf(first.grant)).toMatchObject({ generation: 1 });
  });
  it('S49: whose answer was lost in a crash gets the successor later too, for it was never answered', async () => {
    const first = await begun(), lost = textOf(await scene.refresh(phone, first.refresh), 'refresh_token');
    await scene.database.collection('access_tokens').deleteMany({ grant_id: first.grant, generation: 1 });
    await aged(first.grant, GRACE_SECONDS);
    expect(textOf(await scene.refresh(phone, first.refresh, {}, { instance: 1 }), 'refresh_token')).toBe(lost);
    expect(errorOf(await scene.refresh(phone, first.refresh))).toEqual([400, 'invalid_grant']);
    expect(await grantOf(first.grant)).toMatchObject({ status: 'revoked' });
  });
  it('S49: of a token older than the previous one revokes, also within the grace', async () => {
    const first = await begun(), second = await scene.refresh(phone, first.refresh);
    await aged(first.grant, GRACE_SECONDS);
    expect((await scene.refresh(phone, textOf(second, 'refresh_token'))).status).toBe(200);
    expect(errorOf(await scene.refresh(phone, first.refresh))).toEqual([400, 'invalid_grant']);
    expect(await grantOf(first.grant)).toMatchObject({ status: 'revoked', generation: 2 });
  });

  it('S50: reuse is found after a restart of the service too', async () => {
    const first = await begun();
    expect((await scene.refresh(phone, first.refresh)).status).toBe(200);
    for (const { process: running } of scene.instances) { await running.stop(); await running.start(); }
    await aged(first.grant, GRACE_SECONDS);
    expect(errorOf(await scene.refresh(phone, first.refresh))).toEqual([400, 'invalid_grant']);
    expect(await grantOf(first.grant)).toMatchObject({ status: 'revoked' });
  }, 60_000);

  it('S51: by another client is invalid_grant, and does not harm whose it is', async () => {
    const first = await begun(), thief = await scene.native(alice);
    expect(errorOf(await scene.refresh(thief, first.refresh))).toEqual([400, 'invalid_grant']);
    expect((await scene.refresh(phone, first.refresh)).status).toBe(200);
  });
  it('S38: by an application type that has no refresh tokens is unauthorized_client, with what to use instead', async () => {
    const answer = await scene.refresh(await scene.application(alice), (await begun()).refresh);
    expect(errorOf(answer)).toEqual([400, 'unauthorized_client']);
    expect(answer.json['error_description']).toContain('client_credentials');
  });
  it.each([
    ['blocked', { status: 'blocked', rights_version: 2, sign_out_version: 2 }], ['signed out', { sign_out_version: 2, rights_version: 2 }], ['deleted', { status: 'deleted', rights_version: 2, sign_out_version: 2 }],
  ])('S51: of an account that was %s is refused within five seconds, without an event', async (_what, change) => {
    const account = await scene.account(), first = await begun({ account });
    await scene.database.collection<{ _id: string }>('accounts').updateOne({ _id: account._id }, { $set: change });
    expect(errorOf((await untilOtherwise(phone, first.refresh, refused)).answer)).toEqual([400, 'invalid_grant']);
    expect(await isActive(first.access)).toBe(false);
  });
  it('S51: by a disabled application is refused within five seconds', async () => {
    const application = await scene.native(alice), first = await begun({ application });
    await scene.database.collection<{ _id: string }>('applications').updateOne({ _id: application._id }, { $set: { status: 'disabled', rights_version: 2, sign_out_version: 2 } });
    expect(errorOf((await untilOtherwise(application, first.refresh, refused)).answer)).toEqual([400, 'invalid_grant']);
    expect(await grantOf(first.grant)).toMatchObject({ status: 'active' });
  });
  it('S54: is refused with a pointer to the replacement once the tenant turns the password grant off', async () => {
    const first = await begun(), tenants = scene.database.collection<{ _id: string }>('tenants');
    await tenants.updateOne({ _id: scene.tenant.id }, { $set: { password_grant: false } });
    let newest = first.refresh;
    try {
      const { answer, refresh } = await untilOtherwise(phone, first.refresh, refused);
      newest = refresh;
      expect(errorOf(answer)).toEqual([400, 'unauthorized_client']);
      expect(answer.json['error_description']).toContain('authorization_code with PKCE');
    } finally {
      await tenants.updateOne({ _id: scene.tenant.id }, { $set: { password_grant: true } });
      await untilOtherwise(phone, newest, answer => !refused(answer));
    }
  });

  it('S52: with a wider scope is invalid_scope; a narrower one is given and does not shrink the grant', async () => {
    const first = await begun({ form: { scope: 'rest:callforward' } });
    for (const scope of ['rest', 'gql', 'rest:callforward rest:calllog:read']) expect(errorOf(await scene.refresh(phone, first.refresh, { scope }))).toEqual([400, 'invalid_scope']);
    const narrower = await scene.refresh(phone, first.refresh, { scope: 'rest:callforward:read' });
    expect(narrower.json).toMatchObject({ scope: 'rest:callforward:read' });
    await aged(first.grant, GRACE_SECONDS);
    expect((await scene.refresh(phone, textOf(narrower, 'refresh_token'))).json).toMatchObject({ scope: 'rest:callforward' });
  });
  it('S52: after a lowered right gives a token that is narrowed, and the old token is dead', async () => {
    const application = await scene.native(alice, { access_level: 'all' }), first = await begun({ application });
    await scene.database.collection<{ _id: string }>('applications').updateOne({ _id: application._id }, { $set: { access_level: 'call_api', scope: 'rest', rights_version: 2 } });
    await eventually('the cached application to be forgotten', async () => (await isActive(first.access)) === false, 7);
    const { answer: narrowed } = await untilOtherwise(application, first.refresh, answer => answer.json['scope'] === 'rest');
    expect((await scene.introspect(textOf(narrowed, 'access_token'))).json).toMatchObject({ active: true, access_level: 'call_api', scope: 'rest', rights: { application: 2 } });
  });

  it.each(['', 'x', 'A'.repeat(70), '__proto__', '{"$ne":null}', 'null', 'ey.ey.ey'])('S66, S67: of %j is an RFC answer, and nothing is stored', async text => {
    const before = await scene.stored();
    expect(errorOf(await scene.refresh(phone, text))).toEqual([400, text === '' ? 'invalid_request' : 'invalid_grant']);
    expect(await scene.stored()).toEqual(before);
  });
  it('S58: of a token that was truncated, extended or case-flipped is invalid_grant and harms nothing', async () => {
    const first = await begun();
    const flipped = first.refresh.replace(/[a-zA-Z]/g, c => c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase());
    for (const text of [first.refresh.slice(0, -1), `${first.refresh}A`, flipped, `${first.refresh}=`]) expect(errorOf(await scene.refresh(phone, text))).toEqual([400, 'invalid_grant']);
    expect((await scene.refresh(phone, first.refresh)).status).toBe(200);
  });
});

test('S85: no refresh or access token, secret or password stands in a log, an event or a collection', async () => {
  await scene.settled();
  const dump = await scene.dump();
  const logs = scene.logs();
  expect(scene.secrets.size).toBeGreaterThan(2000);
  expect(logs.length).toBeGreaterThan(1000);
  expect([...scene.secrets].filter(secret => logs.includes(secret) || dump.includes(secret))).toEqual([]);
}, 60_000);
