import { GrantDocument, GRANTS } from '@strowger/models/grants/grants.schema';
import { secretsIn } from '../../../test/secrets-in';
import { SeededTenant } from '../../../test/seeded-tenant';
import { eventually } from '../../../test/system';
import { Account, Answer, Application, textOf, TokenScene } from './token-service.fixture';

// Each wait inside has a bound of its own; this one is for a machine with much else to do.

/** So long that no machine is too slow for what happens within it; what happens after it does not wait (`aged`). */
const GRACE_SECONDS = 60;
let scene: TokenScene, alice: Account, phone: Application;
beforeAll(async () => {
  scene = await TokenScene.start('token_service_refresh', { env: { REFRESH_GRACE_SECONDS: String(GRACE_SECONDS) } });
  alice = await scene.account();
  phone = await scene.native(alice);
});
afterAll(() => scene.stop());

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
/** Makes the grant's last rotation older, as if the grace had passed since: the database's clock cannot be moved, what it wrote can. */
const aged = async (grant: string): Promise<void> => {
  const { rotated_at } = await grantOf(grant);
  if (!rotated_at) throw new Error('the grant has not rotated');
  await scene.database.collection<GrantDocument>(GRANTS).updateOne({ _id: grant, rotated_at }, { $set: { rotated_at: new Date(rotated_at.getTime() - GRACE_SECONDS * 1000) } });
};
const errorOf = (answer: Answer): [number, unknown] => [answer.status, answer.json['error']];
/** Refreshes again and again, as a client does that keeps the newest token, until it is answered otherwise than before; within the five seconds that caches may take. */
const untilOtherwise = async (application: Application, refresh: string, otherwise: (answer: Answer) => boolean): Promise<{ answer: Answer; refresh: string }> => {
  let newest = refresh;
  return eventually('another answer', async () => {
    const answer = await scene.refresh(application, newest);
    if (answer.status === 200) newest = textOf(answer, 'refresh_token');
    return otherwise(answer) && { answer, refresh: newest };
  });
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
    await aged(first.grant);
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
  });

  it('S48: 50 at once of one grant again and again: it moves by one each time', async () => {
    const { refresh: first, grant } = await begun();
    let refresh = first;
    for (let round = 1; round <= 5; round++) {
      const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => scene.refresh(phone, refresh, {}, { instance: i })));
      const children = new Set(answers.map(answer => textOf(answer, 'refresh_token')));
      expect([children.size, await grantOf(grant).then(found => found.generation)]).toEqual([1, round]);
      refresh = [...children][0] ?? '';
      await aged(grant);
    }
  });

  it('S49: whose answer was lost gets the same successor within the grace; the successor gets itself', async () => {
    const first = await begun(), lost = textOf(await scene.refresh(phone, first.refresh), 'refresh_token');
    expect(textOf(await scene.refresh(phone, first.refresh, {}, { instance: 1 }), 'refresh_token')).toBe(lost);
    expect(textOf(await scene.refresh(phone, lost, {}, { instance: 1 }), 'refresh_token')).toBe(lost);
    expect(await grantOf(first.grant)).toMatchObject({ generation: 1 });
  });
  it('S49: whose answer was lost in a crash gets the successor later too, for it was never answered', async () => {
    const first = await begun(), lost = textOf(await scene.refresh(phone, first.refresh), 'refresh_token');
    await scene.database.collection('access_tokens').deleteMany({ grant_id: first.grant, generation: 1 });
    await aged(first.grant);
    expect(textOf(await scene.refresh(phone, first.refresh, {}, { instance: 1 }), 'refresh_token')).toBe(lost);
    expect(errorOf(await scene.refresh(phone, first.refresh))).toEqual([400, 'invalid_grant']);
    expect(await grantOf(first.grant)).toMatchObject({ status: 'revoked' });
  });
  it('S49: of a token older than the previous one revokes, also within the grace', async () => {
    const first = await begun(), second = await scene.refresh(phone, first.refresh);
    await aged(first.grant);
    expect((await scene.refresh(phone, textOf(second, 'refresh_token'))).status).toBe(200);
    expect(errorOf(await scene.refresh(phone, first.refresh))).toEqual([400, 'invalid_grant']);
    expect(await grantOf(first.grant)).toMatchObject({ status: 'revoked', generation: 2 });
  });

  it('S50: reuse is found after a restart of the service too', async () => {
    const first = await begun();
    expect((await scene.refresh(phone, first.refresh)).status).toBe(200);
    for (const { process: running } of scene.instances) { await running.stop(); await running.start(); }
    await aged(first.grant);
    expect(errorOf(await scene.refresh(phone, first.refresh))).toEqual([400, 'invalid_grant']);
    expect(await grantOf(first.grant)).toMatchObject({ status: 'revoked' });
  });

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
  it('S52: with a wider scope is invalid_scope; a narrower one is given and does not shrink the grant', async () => {
    const first = await begun({ form: { scope: 'rest:callforward' } });
    for (const scope of ['rest', 'gql', 'rest:callforward rest:calllog:read']) expect(errorOf(await scene.refresh(phone, first.refresh, { scope }))).toEqual([400, 'invalid_scope']);
    const narrower = await scene.refresh(phone, first.refresh, { scope: 'rest:callforward:read' });
    expect(narrower.json).toMatchObject({ scope: 'rest:callforward:read' });
    await aged(first.grant);
    expect((await scene.refresh(phone, textOf(narrower, 'refresh_token'))).json).toMatchObject({ scope: 'rest:callforward' });
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

/** What a cached fact may hide for five seconds, where no event tells of the change: all of it waited for at once. */
describe('within the five seconds of a cache', () => {
  type Change = Readonly<Record<string, unknown>>;
  interface Outcome { readonly answer: Answer; readonly refresh: string; readonly first: Awaited<ReturnType<typeof begun>>; readonly seconds: number }
  const SIGNED_OUT = { rights_version: 2, sign_out_version: 2 }, CACHE_SECONDS = 5, SLOW_SECONDS = 5;
  const accountChanges: Readonly<Record<string, Change>> = { blocked: { status: 'blocked', ...SIGNED_OUT }, 'signed out': SIGNED_OUT, deleted: { status: 'deleted', ...SIGNED_OUT } };
  const outcomes = new Map<string, Outcome>();
  /** A login after the tenant ended the password grant. */
  let loggedInLate: Answer;
  const outcome = (what: string): Outcome => {
    const found = outcomes.get(what);
    if (!found) throw new Error(`nothing came of ${what}`);
    return found;
  };

  /** Changes a document behind the service's back and refreshes until that shows. */
  async function after(what: string, { collection, _id, change }: { collection: string; _id: string; change: Change }, first: Outcome['first'], application: Application, otherwise = refused): Promise<Outcome> {
    await scene.database.collection<{ _id: string }>(collection).updateOne({ _id }, { $set: change });
    const began = performance.now(), last = { first, ...await untilOtherwise(application, first.refresh, otherwise), seconds: (performance.now() - began) / 1000 };
    outcomes.set(what, last);
    return last;
  }
  beforeAll(async () => {
    const ready: (() => Promise<unknown>)[] = [];
    for (const [what, change] of Object.entries(accountChanges)) {
      const account = await scene.account(), first = await begun({ account });
      ready.push(() => after(what, { collection: 'accounts', _id: account._id, change }, first, phone));
    }
    const disabled = await scene.native(alice), narrowed = await scene.native(alice, { access_level: 'all' }), [ofDisabled, ofNarrowed] = [await begun({ application: disabled }), await begun({ application: narrowed })];
    ready.push(() => after('disabled', { collection: 'applications', _id: disabled._id, change: { status: 'disabled', ...SIGNED_OUT } }, ofDisabled, disabled));
    ready.push(() => after('narrowed', { collection: 'applications', _id: narrowed._id, change: { access_level: 'call_api', scope: 'rest', rights_version: 2 } }, ofNarrowed, narrowed, answer => answer.json['scope'] === 'rest'));
    const other = await SeededTenant.in(scene.database), account = await other.account(), application = await other.application(account._id, { type: 'native', password_grant: true }), ofOther = await begun({ account, application });
    const turn = (password_grant: boolean) => ({ collection: 'tenants', _id: other.id, change: { password_grant } });
    ready.push(async () => {
      const { refresh } = await after('off', turn(false), ofOther, application);
      await after('on', turn(true), { ...ofOther, refresh }, application, answer => !refused(answer));
    });
    const ending = await SeededTenant.in(scene.database), late = await ending.account(), dialler = await ending.application(late._id, { type: 'native', password_grant: true }), ofEnding = await begun({ account: late, application: dialler });
    ready.push(async () => {
      await after('ended', { collection: 'tenants', _id: ending.id, change: { password_grant_until: new Date(Date.now() - 1000) } }, ofEnding, dialler);
      loggedInLate = await scene.login(dialler, late);
    });
    await Promise.all(ready.map(begin => begin()));
  });

  it.each(Object.keys(accountChanges))('S51: a refresh of an account that was %s is refused, without an event', async what => {
    expect(errorOf(outcome(what).answer)).toEqual([400, 'invalid_grant']);
    expect(await isActive(outcome(what).first.access)).toBe(false);
  });
  it('S51: a refresh by a disabled application is refused', async () => {
    expect(errorOf(outcome('disabled').answer)).toEqual([400, 'invalid_grant']);
    expect(await grantOf(outcome('disabled').first.grant)).toMatchObject({ status: 'active' });
  });
  it('S54: a refresh is refused with a pointer to the replacement once the tenant turns the password grant off, and given again once it is on', () => {
    expect(errorOf(outcome('off').answer)).toEqual([400, 'unauthorized_client']);
    expect(outcome('off').answer.json['error_description']).toContain('authorization_code with PKCE');
    expect(outcome('on').answer.status).toBe(200);
  });
  it('S54: past the day on which the tenant ends the password grant neither a password nor what came of one gives a token, and both say what to use instead', () => {
    for (const answer of [outcome('ended').answer, loggedInLate]) {
      expect(errorOf(answer)).toEqual([400, 'unauthorized_client']);
      expect(answer.json['error_description']).toBe('the password grant has ended in this tenant; use authorization_code with PKCE, or client_credentials with an application of type machine_to_machine');
    }
  });
  it('S52: after a lowered right a refresh gives a token that is narrowed, and the old token is dead', async () => {
    const { answer, first } = outcome('narrowed');
    expect(await isActive(first.access)).toBe(false);
    expect((await scene.introspect(textOf(answer, 'access_token'))).json).toMatchObject({ active: true, access_level: 'call_api', scope: 'rest', rights: { application: 2 } });
  });
  it('all of that shows within five seconds, and what a busy machine may add', () => {
    expect(outcomes.size).toBe(8);
    for (const { seconds } of outcomes.values()) expect(seconds).toBeLessThan(CACHE_SECONDS + SLOW_SECONDS);
  });
});

test('S85: no refresh or access token, secret or password stands in a log, an event or a collection', async () => {
  await scene.settled();
  const dump = await scene.dump();
  const logs = scene.logs();
  expect(scene.secrets.size).toBeGreaterThan(2000);
  expect(logs.length).toBeGreaterThan(1000);
  expect(secretsIn(`${logs}\n${dump}`, scene.secrets)).toEqual([]);
});
