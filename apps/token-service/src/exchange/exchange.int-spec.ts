import { ACCESS_TOKENS, AccessTokenDocument } from '@strowger/models/access-tokens/access-tokens.schema';
import { impersonationStarted, tokenIssued } from '@strowger/models/access-tokens/token-events.reader';
import { SeededTenant, seedScopes } from '../../../../test/seeded-tenant';
import { eventually } from '../../../../test/system';
import { Account, Answer, Application, decodedJwt, errorOf, RequestOptions, send, textOf, TokenScene } from '../token-service.fixture';

// Each wait inside has a bound of its own; this one is for a machine with much else to do.

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange', ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token', USERNAME = 'urn:strowger:params:oauth:token-type:username';
const WRONG_NAMES = 40;
let scene: TokenScene, olga: Account, alice: Account, access: Account, phone: Application, token: string;
beforeAll(async () => {
  scene = await TokenScene.start('token_service_exchange', { env: { WRONG_NAMES_PER_ACCOUNT: String(WRONG_NAMES) } });
  await seedScopes(scene.database, ['strowger:tokens:write', 'strowger:applications:write']);
  olga = await scene.account();
  alice = await scene.account({ username: 'alice', live_username: 'alice', email: 'alice@corp.example' });
  phone = await scene.native(olga, { scope: 'gql rest strowger', access_level: 'all' });
  access = await apiAccess();
  token = await tokenOf(access);
});
afterAll(() => scene.stop());

const apiAccess = (fields: Parameters<TokenScene['account']>[0] = {}): Promise<Account> => scene.account({ kind: 'api_access', owner: olga._id, impersonation: true, ...fields });
const tokenOf = async (account: Account, client: Application = phone, form: Record<string, string> = {}): Promise<string> => textOf(await scene.login(client, account, form), 'access_token');
/** As an RFC 8693 client asks for it. */
const exchange = (actor_token: string, subject_token: string, form: Record<string, string> = {}, options: RequestOptions & { instance?: number } = {}): Promise<Answer> =>
  scene.token({ grant_type: EXCHANGE, subject_token, subject_token_type: USERNAME, actor_token, actor_token_type: ACCESS_TOKEN, ...form }, { basic: [phone.client_id, phone.secret], ...options });
/** As seed 003 does. */
async function shortly(bearer: string | undefined, body: unknown, { instance = 0, headers = {}, path = '/token-exchange' }: { instance?: number; headers?: Record<string, string>; path?: string } = {}): Promise<Answer> {
  const answer = await send(scene.url(path, instance), {
    headers: { 'content-type': 'application/json', ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }), ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  if (typeof answer.json['access_token'] === 'string') scene.secrets.add(answer.json['access_token']);
  return answer;
}
const get = (path: string, bearer: string, options: RequestOptions & { instance?: number } = {}): Promise<Answer> => send(scene.url(path, options.instance), { method: 'GET', ...options, headers: { authorization: `Bearer ${bearer}`, ...options.headers } });
const isActive = async (text: string): Promise<unknown[]> => Promise.all([0, 1].map(async instance => (await scene.introspect(text, instance)).json['active']));
const accounts = () => scene.database.collection<{ _id: string }>('accounts');
const itemsOf = (answer: Answer) => answer.json['items'] as Record<string, unknown>[];

describe('a token exchange', () => {
  it('S55: gives an access token of the account that is named, that says who acts, in the JWT, in introspection and in both events of one insert', async () => {
    const id = scene.requestId(), answer = await exchange(token, 'alice', { scope: 'rest:calllog:read' }, { headers: { 'x-request-id': id } });
    expect(answer.json).toEqual({ access_token: expect.any(String) as string, token_type: 'Bearer', expires_in: expect.any(Number) as number, scope: 'rest:calllog:read', issued_token_type: ACCESS_TOKEN });
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    const text = textOf(answer, 'access_token'), { claims } = decodedJwt(text), own = decodedJwt(token).claims;
    expect(claims).toMatchObject({ sub: alice._id, client_id: phone.client_id, tenant_id: scene.tenant.id, account_kind: 'user', role: 'user', act: { sub: access._id }, rights: { tenant: 1, application: 1, account: 1, actors: [1], actor_owners: [1] } });
    expect(claims).not.toHaveProperty('grant_id');
    expect(Number(claims['exp'])).toBeLessThanOrEqual(Number(own['exp']));
    expect((await scene.introspect(text)).json).toMatchObject({ active: true, username: 'alice', act: { sub: access._id }, rights: claims['rights'] });
    expect((await get('/oauth/resource', text)).json).toMatchObject({ login: 'alice', act: { sub: access._id } });
    const events = (await scene.eventsOf(id, 2)).sort((a, b) => a.type < b.type ? -1 : 1), jti = claims['jti'], by = { account_id: alice._id, client_id: phone.client_id, act: { sub: access._id } };
    expect(events.map(({ type, subject, data }) => [type, subject, data?.['account_id'], data?.['act'], data?.['by']])).toEqual(['impersonation.started', 'token.issued'].map(type => [type, jti, alice._id, { sub: access._id }, by]));
    expect(events[1]?.data).toMatchObject({ grant_type: EXCHANGE });
    const stored = await scene.database.collection<AccessTokenDocument>(ACCESS_TOKENS).findOne({ _id: Buffer.from(String(jti), 'base64url') });
    const again = stored ? [impersonationStarted, tokenIssued].map(make => make({ service: 'token-service', instance: 'x' }, stored)) : [];
    expect(again.map(event => [event.id, event.data])).toEqual(events.map(event => [event._id, event.data]));
  });
  it('S55: by seed 003\'s short way is the same: JSON with email or e-mail, a username or an e-mail, the caller\'s token alone', async () => {
    for (const body of [{ email: 'alice' }, { 'e-mail': ' ALICE ' }, { email: 'alice@corp.example' }, { email: 'Alice@Corp.example', scope: 'rest' }]) {
      const answer = await shortly(token, body, { instance: 1 });
      expect([answer.status, answer.headers['cache-control'], answer.json['refresh_token']]).toEqual([200, 'no-store', undefined]);
      expect(decodedJwt(textOf(answer, 'access_token')).claims).toMatchObject({ sub: alice._id, act: { sub: access._id }, scope: 'scope' in body ? 'rest' : 'gql rest strowger' });
    }
    const api = await scene.token({ grant_type: 'password', client_id: 'api', username: access.username, password: access.password });
    expect(decodedJwt(textOf(await shortly(textOf(api, 'access_token'), { email: 'alice' }), 'access_token')).claims).toMatchObject({ sub: alice._id, client_id: 'api', act: { sub: access._id } });
  });
  it('prefers the user with a name to others, the one user with an e-mail to an API access, and of two with one e-mail takes none', async () => {
    const mail = 'carol@corp.example', squatter = await apiAccess({ username: mail, live_username: mail }), subjectOf = async (name: string) => (await shortly(await fresh(), { email: name })).json['access_token'];
    const fresh = async () => tokenOf(await apiAccess());
    const sub = async (name: string): Promise<unknown> => { const text = await subjectOf(name); return typeof text === 'string' ? decodedJwt(text).claims['sub'] : undefined; };
    expect(await sub(mail)).toBe(squatter._id);
    const carol = await scene.account({ email: mail });
    expect(await sub(mail)).toBe(carol._id);
    await scene.account({ email: mail });
    expect(await sub(mail)).toBeUndefined();
    const named = await scene.account({ username: 'dora@corp.example', live_username: 'dora@corp.example' });
    await scene.account({ email: 'dora@corp.example' });
    expect(await sub('dora@corp.example')).toBe(named._id);
  });
  it('S55: is refused to who may not act for others: 403 by the short way, invalid_request at the token endpoint; nothing is issued, one event', async () => {
    const bare = await tokenOf(await apiAccess({ impersonation: false })), admin = await tokenOf(await scene.account({ role: 'administrator' }));
    for (const caller of [bare, admin, await tokenOf(alice)]) {
      const id = scene.requestId();
      await scene.refused(options => exchange(caller, 'olga', {}, options), 400, 'invalid_request');
      const before = await scene.stored();
      expect(errorOf(await shortly(caller, { email: 'alice' }, { headers: { 'x-request-id': id, 'x-forwarded-for': scene.newAddress() } }))).toEqual([403, 'access_denied']);
      expect(await scene.stored()).toEqual(before);
      expect((await scene.eventsOf(id)).map(({ type, data }) => [type, data?.['reason'], data?.['grant_type'], data?.['client_id']])).toEqual([['token.rejected', 'access_denied', EXCHANGE, phone.client_id]]);
    }
  });
  it('S55: answers alike to the letter for nobody, another tenant\'s, blocked, deleted, administrators, auditors, the caller itself and those it acts for', async () => {
    const other = await SeededTenant.in(scene.database), mallory = await other.account(), admin = await scene.account({ role: 'administrator' });
    const names = await Promise.all([{ status: 'blocked' as const }, { role: 'auditor' as const }, { kind: 'api_access' as const, owner: admin._id, impersonation: true }].map(async fields => (await scene.account(fields)).username));
    const gone = await scene.account({ status: 'deleted' }), one = await apiAccess(), held = await tokenOf(one);
    await accounts().updateOne({ _id: gone._id }, { $unset: { live_username: '' } });
    const inner = textOf(await exchange(held, access.username), 'access_token');
    const answers = await Promise.all([
      ...['nobody', mallory.username, admin.username, one.username, gone.username, ...names, '$where', '__proto__'].map(name => exchange(held, name)), exchange(inner, one.username), exchange(inner, access.username),
    ]);
    expect(new Set(answers.map(({ status, text }) => `${String(status)} ${text}`)).size).toBe(1);
    expect(errorOf(answers[0])).toEqual([400, 'invalid_target']);
    const short = await Promise.all([mallory.username, 'nobody', admin.username].map(name => shortly(held, { email: name })));
    expect(new Set([...short, ...answers].map(({ status, text }) => `${String(status)} ${text}`)).size).toBe(1);
  });
  it('S55: chains two actors and no third', async () => {
    const [second, third] = [await apiAccess(), await apiAccess()];
    const inner = textOf(await exchange(token, second.username), 'access_token'), chained = await exchange(inner, 'alice');
    expect(decodedJwt(textOf(chained, 'access_token')).claims).toMatchObject({ sub: alice._id, act: { sub: second._id, act: { sub: access._id } }, rights: { actors: [1, 1], actor_owners: [1, 1] } });
    expect(errorOf(await exchange(textOf(await exchange(inner, third.username), 'access_token'), 'alice'))).toEqual([400, 'invalid_request']);
  });
  it('S55: is refused with an actor\'s token that was revoked, expired, is another client\'s, or is no token', async () => {
    const actor = await apiAccess(), [revoked, expired, foreign] = [await tokenOf(actor), await tokenOf(actor), await tokenOf(actor, await scene.native(olga))];
    await scene.post('/oauth/revoke', { token: revoked }, { basic: [phone.client_id, phone.secret] });
    await scene.database.collection<AccessTokenDocument>(ACCESS_TOKENS).updateOne({ _id: Buffer.from(String(decodedJwt(expired).claims['jti']), 'base64url') }, { $set: { exp: 1 }, $inc: { version: 1 } });
    for (const text of [revoked, expired, foreign, 'x', `${token}x`]) expect(errorOf(await exchange(text, 'alice'))).toEqual([400, 'invalid_request']);
    for (const text of [revoked, expired, 'x']) {
      const answer = await shortly(text, { email: 'alice' });
      expect([...errorOf(answer), answer.headers['www-authenticate']]).toEqual([401, 'invalid_token', 'Bearer realm="strowger", error="invalid_token"']);
    }
    expect((await shortly(undefined, { email: 'alice' })).headers['www-authenticate']).toBe('Bearer realm="strowger"');
  });
  it('S36, S55: never widens: scope, application type, tenant switch', async () => {
    const narrow = await tokenOf(access, phone, { scope: 'rest:calllog' });
    expect(textOf(await exchange(narrow, 'alice'), 'scope')).toBe('rest:calllog');
    for (const scope of ['rest', 'gql', 'strowger:tokens:read', 'rest:calllog:read rest:callforward']) expect(errorOf(await exchange(narrow, 'alice', { scope }))).toEqual([400, 'invalid_scope']);
    const browser = await scene.application(olga, { type: 'browser', secrets: [] });
    expect(errorOf(await scene.token({ grant_type: EXCHANGE, client_id: browser.client_id, subject_token: 'alice', subject_token_type: USERNAME, actor_token: token, actor_token_type: ACCESS_TOKEN }))).toEqual([400, 'unauthorized_client']);
    expect(errorOf(await exchange(token, 'alice', { 'actor_token[$ne]': 'x' }))).toEqual([400, 'invalid_request']);
  });
});

describe('the short way', () => {
  it.each<[string, unknown]>([
    ['nothing', ''], ['no name', {}], ['a number', { email: 7 }], ['an object', { email: { $ne: '' } }], ['a list', { email: ['alice'] }], ['both names', { email: 'alice', 'e-mail': 'alice' }], ['a list for all', ['alice']],
    ['more', { email: 'alice', role: 'administrator' }], ['no JSON', '{'], ['a prototype', '{"__proto__":{"email":"alice"}}'], ['an empty name', { email: '' }], ['text', '"alice"'], ['null', 'null'],
  ])('S66, S67: refuses %s with invalid_request', async (_what, body) => { expect(errorOf(await shortly(token, body))).toEqual([400, 'invalid_request']); });
  it('S34: takes JSON alone, and is the only path that does; POST alone', async () => {
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x']) expect(errorOf(await shortly(token, 'email=alice', { headers: { 'content-type': type } }))).toEqual([400, 'invalid_request']);
    for (const path of ['/token', '/oauth/token', '/oauth/introspect', '/oauth/revoke']) expect(errorOf(await shortly(token, { email: 'alice' }, { path }))).toEqual([400, 'invalid_request']);
    const answer = await get('/token-exchange', token);
    expect([...errorOf(answer), answer.headers.allow]).toEqual([405, 'method_not_allowed', 'POST']);
    expect(errorOf(await shortly(token, { email: 'alice' }, { path: `/token-exchange?access_token=${token}` }))).toEqual([400, 'invalid_request']);
    expect(errorOf(await shortly(token, { email: 'a'.repeat(70_000) }))).toEqual([413, 'request_too_large']);
  });
});

describe('a token that acts for somebody else', () => {
  it('S55, S74: dies at once, in each instance, with the right of its actor, or of who made that, or of the account', async () => {
    type Lowering = [string, (ids: { actor: string; owner: string; subject: string }) => string, object];
    const lowerings: Lowering[] = [
      ['the flag is taken', ids => ids.actor, { impersonation: false, rights_version: 2 }], ['the actor is blocked', ids => ids.actor, { status: 'blocked', rights_version: 2, sign_out_version: 2 }],
      ['the actor changes its password', ids => ids.actor, { rights_version: 2, sign_out_version: 2 }], ['who made the actor is blocked', ids => ids.owner, { status: 'blocked', rights_version: 2, sign_out_version: 2 }],
      ['who made the actor is read_only', ids => ids.owner, { access: 'read_only', rights_version: 2 }], ['the account is blocked', ids => ids.subject, { status: 'blocked', rights_version: 2, sign_out_version: 2 }],
    ];
    await Promise.all(lowerings.map(async ([what, whose, fields]) => {
      const [owner, subject] = await Promise.all([scene.account(), scene.account()]), actor = await apiAccess({ owner: owner._id }), held = textOf(await exchange(await tokenOf(actor), subject.username), 'access_token');
      expect([what, await isActive(held)]).toEqual([what, [true, true]]);
      await accounts().updateOne({ _id: whose({ actor: actor._id, owner: owner._id, subject: subject._id }) }, { $set: fields });
      expect([what, await isActive(held)]).toEqual([what, [false, false]]);
    }));
  });
  it('changes nothing in the management APIs but tokens, and revokes what its account may', async () => {
    const held = textOf(await exchange(token, 'alice'), 'access_token'), other = await tokenOf(alice), id = scene.requestId();
    const removed = await send(scene.url(`/oauth/tokens/${String(decodedJwt(other).claims['jti'])}`), { method: 'DELETE', headers: { authorization: `Bearer ${held}`, 'x-request-id': id } });
    expect([removed.status, await isActive(other)]).toEqual([204, [false, false]]);
    expect((await scene.eventsOf(id))[0]?.data?.['by']).toEqual({ account_id: alice._id, client_id: phone.client_id, act: { sub: access._id } });
  });
  it('S55: is in the account\'s own list of tokens, with who acts, and ends when the person removes it', async () => {
    const bob = await scene.account(), own = await tokenOf(bob), held = textOf(await exchange(token, bob.username), 'access_token'), jti = String(decodedJwt(held).claims['jti']);
    const [item] = itemsOf(await get('/oauth/tokens', own)).filter(({ token_id }) => token_id === jti);
    expect(item).toMatchObject({ grant_type: EXCHANGE, account_id: bob._id, act: { sub: access._id } });
    expect((await send(scene.url(`/oauth/tokens/${jti}`), { method: 'DELETE', headers: { authorization: `Bearer ${own}` } })).status).toBe(204);
    expect([await isActive(held), await isActive(own)]).toEqual([[false, false], [true, true]]);
  });
});

describe('what was done in an account\'s name', () => {
  it('is the account\'s own to see, newest first, page by page, with who did what; and beside the application it went through', async () => {
    const bob = await scene.account(), own = await tokenOf(bob, phone), eve = await tokenOf(await scene.account({ role: 'administrator' })), others: string[] = [];
    expect((await get('/oauth/impersonations', own)).json).toEqual({ items: [], next_cursor: null });
    for (let times = 0; times < 3; times++) others.push(textOf(await exchange(token, bob.username, { scope: 'rest strowger:tokens' }), 'access_token'));
    await send(scene.url(`/oauth/tokens/${String(decodedJwt(others[0] ?? '').claims['jti'])}`), { method: 'DELETE', headers: { authorization: `Bearer ${others[1] ?? ''}` } });
    const all = await eventually('four events', async () => { const items = itemsOf(await get('/oauth/impersonations', own)); return items.length === 4 && items; });
    expect(all.map(({ type }) => type)).toEqual(['token.revoked', 'impersonation.started', 'impersonation.started', 'impersonation.started']);
    expect(all[1]).toMatchObject({
      time: expect.any(String) as string, actors: [{ account_id: access._id, username: access.username }], client_id: phone.client_id, client_name: phone.name, scope: 'rest strowger:tokens', ip: '127.0.0.1',
      token_id: decodedJwt(others[2] ?? '').claims['jti'], account_id: bob._id, username: bob.username, expires_at: expect.any(String) as string, request_id: expect.any(String) as string,
    });
    for (const field of ['by', 'act', 'tenant_id', 'version']) expect(all[1]).not.toHaveProperty(field);
    const paged: unknown[] = [];
    for (let cursor: unknown = ''; typeof cursor === 'string';) {
      const page = await get(`/oauth/impersonations?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`, own, { instance: paged.length });
      paged.push(...itemsOf(page));
      cursor = page.json['next_cursor'];
    }
    expect(paged).toEqual(all);
    expect(itemsOf(await get('/oauth/impersonations', eve))).toEqual([]);
    expect(itemsOf(await get('/oauth/consents', own))).toEqual([expect.objectContaining({ client_id: phone.client_id, impersonation: { last_at: all[0]?.['time'], events: { 'impersonation.started': 3, 'token.revoked': 1 } } })]);
  });
  it('S71: wants a token with strowger:tokens:read', async () => {
    expect(errorOf(await get('/oauth/impersonations', await tokenOf(alice, phone, { scope: 'rest' })))).toEqual([403, 'insufficient_scope']);
    expect((await send(scene.url('/oauth/impersonations'), { method: 'GET' })).status).toBe(401);
  });
  it.each(['limit=0', 'limit=201', 'limit=1&limit=2', 'cursor=x', 'cursor=', 'account_id=x', 'cursor[$ne]=x', '__proto__=x'])('S66, S67: refuses %s', async query => {
    expect(errorOf(await get(`/oauth/impersonations?${query}`, token))).toEqual([400, 'invalid_request']);
  });
});

describe('names of others', () => {
  it('S55: are tried no more often than allowed, over two instances; then nothing is exchanged, and only for that caller', async () => {
    const actor = await apiAccess(), held = await tokenOf(actor), tries: Answer[] = [];
    for (let first = 0; first < WRONG_NAMES; first += 8) tries.push(...await Promise.all(Array.from({ length: 8 }, (_, n) => exchange(held, `nobody-${String(first + n)}`, {}, { instance: n }))));
    expect(new Set(tries.map(answer => errorOf(answer).join(' ')))).toEqual(new Set(['400 invalid_target']));
    const late = await Promise.all([0, 1].map(instance => exchange(held, 'nobody', {}, { instance })));
    expect(late.map(answer => [...errorOf(answer), answer.headers['x-ratelimit-limit'], Number(answer.headers['retry-after']) > 0])).toEqual(Array(2).fill([429, 'rate_limit_exceeded', String(WRONG_NAMES), true]));
    expect((await Promise.all([0, 1].map(instance => exchange(held, 'alice', {}, { instance })))).map(({ status }) => status)).toEqual([429, 429]);
    expect((await shortly(held, { email: 'alice' })).status).toBe(429);
    expect((await exchange(token, 'alice')).status).toBe(200);
  });
});

describe('nothing of it', () => {
  it('S85: is in a log, event or collection that could be used as a token', async () => {
    await scene.nothingLeaked(20, phone);
  });
});
