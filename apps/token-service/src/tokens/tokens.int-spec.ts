import { AccessTokenDocument, ACCESS_TOKENS } from '@strowger/models/access-tokens/access-tokens.schema';
import { SeededTenant, seedScopes } from '../../../../test/seeded-tenant';
import { eventually, turned } from '../../../../test/system';
import { Account, Answer, Application, RequestOptions, send, textOf, TokenScene } from '../token-service.fixture';

interface Item { readonly token_id: string; readonly account_id: string; readonly client_id: string; readonly username: string; readonly expires_at: string }
interface Person { readonly account: Account; readonly token: string }

let scene: TokenScene, portal: Application, admin: Person, alice: Person, auditor: Person, mallory: Person;
beforeAll(async () => {
  scene = await TokenScene.start('token_service_tokens');
  await seedScopes(scene.database, ['strowger:tokens:write']);
  const owner = await scene.account();
  portal = await scene.native(owner, { scope: 'rest strowger', name: 'portal' });
  admin = await person({ role: 'administrator' });
  alice = await person();
  auditor = await person({ role: 'auditor' });
  const other = await SeededTenant.in(scene.database), stranger = await other.account({ role: 'administrator' });
  const elsewhere = await other.application(stranger._id, { type: 'native', password_grant: true, scope: 'strowger' });
  mallory = { account: stranger, token: textOf(await scene.login(elsewhere, stranger), 'access_token') };
});
afterAll(() => scene.stop());

/** Somebody, logged in to the portal. */
async function person(fields: Parameters<TokenScene['account']>[0] = {}, scope = 'strowger:tokens'): Promise<Person> {
  const account = await scene.account(fields);
  return { account, token: textOf(await scene.login(portal, account, { scope }), 'access_token') };
}
const call = (token: string | undefined, method: string, path: string, options: RequestOptions & { instance?: number } = {}): Promise<Answer> =>
  send(scene.url(path, options.instance), { method, ...options, headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...options.headers } });
const list = (token: string, query = '', instance = 0): Promise<Answer> => call(token, 'GET', `/oauth/tokens${query}`, { instance });
const itemsOf = (answer: Answer): Item[] => answer.json['items'] as Item[];
/** Every page of a list. */
async function all(token: string, query = ''): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor = '', pages = 0; ; pages++) {
    const answer = await list(token, `?${query}${cursor}`, pages);
    if (answer.status !== 200 || pages > 200) throw new Error(`page ${String(pages)}: ${String(answer.status)} ${answer.text}`);
    items.push(...itemsOf(answer));
    const next = answer.json['next_cursor'] as string | null;
    if (next === null) return items;
    cursor = `&cursor=${encodeURIComponent(next)}`;
  }
}
const idOf = async (token: string): Promise<string> => String((await scene.introspect(token)).json['jti']);
const isActive = async (token: string): Promise<unknown[]> => Promise.all([0, 1].map(async instance => (await scene.introspect(token, instance)).json['active']));
const errorOf = (answer: Answer): unknown[] => [answer.status, answer.json['error'], answer.json['status']];

describe('the list of live tokens', () => {
  it('is a person\'s own, whatever else is there, and holds nothing that could be used as a token', async () => {
    const answer = await list(alice.token);
    expect([answer.status, answer.headers['cache-control'], answer.json['next_cursor']]).toEqual([200, 'no-store', null]);
    expect(itemsOf(answer)).toEqual([{
      token_id: await idOf(alice.token), client_id: portal.client_id, client_name: 'portal', application_id: portal._id, account_id: alice.account._id, username: alice.account.username,
      grant_type: 'password', grant_id: expect.any(String) as string, scope: 'strowger:tokens', token_format: 'jwt', issued_at: expect.any(String) as string, expires_at: expect.any(String) as string, ip: '127.0.0.1',
    }]);
    expect([...scene.secrets].filter(secret => answer.text.includes(secret))).toEqual([]);
  });
  it('S64: is the tenant\'s for its administrator, an auditor\'s own, and never another tenant\'s', async () => {
    const [seen, owned, elsewhere] = [await all(admin.token), await all(auditor.token), await all(mallory.token)];
    const usernames = new Set(seen.map(item => item.username));
    expect([admin, alice, auditor].map(({ account }) => usernames.has(account.username))).toEqual([true, true, true]);
    expect(usernames.has(mallory.account.username)).toBe(false);
    expect([...new Set(owned.map(item => item.account_id)), ...new Set(elsewhere.map(item => item.account_id))]).toEqual([auditor.account._id, mallory.account._id]);
  });
  it('shows a person the tokens of API accesses that the person owns, and an administrator\'s nobody else\'s cursor or account', async () => {
    const access = await scene.account({ kind: 'api_access', owner: alice.account._id, impersonation: true });
    const token = textOf(await scene.login(await scene.native(alice.account, { scope: 'rest' }), access), 'access_token');
    expect((await all(alice.token)).map(item => item.token_id)).toContain(await idOf(token));
    expect(await all(alice.token, `account_id=${admin.account._id}`)).toEqual([]);
    expect(await all(mallory.token, `account_id=${alice.account._id}`)).toEqual([]);
    const forged = Buffer.from(JSON.stringify([admin.account._id, 9_999_999_999, 'A'.repeat(22)])).toString('base64url');
    for (const { token: caller } of [alice, mallory]) expect(errorOf(await list(caller, `?cursor=${forged}`))).toEqual([400, 'invalid_request', undefined]);
    expect((await call(alice.token, 'DELETE', `/oauth/tokens/${await idOf(token)}`)).status).toBe(204);
    expect(await isActive(token)).toEqual([false, false]);
  });
  it('can be of one client, of one account, of both', async () => {
    const account = await scene.account(), own = await scene.application(account), phone = await scene.native(account);
    const [machine, human] = [textOf(await scene.credentials(own), 'access_token'), textOf(await scene.login(phone, account), 'access_token')];
    const ids = async (query: string): Promise<string[]> => (await all(admin.token, query)).map(item => item.token_id).sort();
    const [a, b] = [await idOf(machine), await idOf(human)];
    expect(await ids(`client_id=${own.client_id}`)).toEqual([a]);
    expect(await ids(`account_id=${account._id}`)).toEqual([a, b].sort());
    expect(await ids(`account_id=${account._id}&client_id=${phone.client_id}`)).toEqual([b]);
    expect(await ids(`account_id=${alice.account._id}&client_id=${phone.client_id}`)).toEqual([]);
  });
  it.each(['limit=1', 'limit=3', 'limit=7', 'limit=200'])('gives each token once, page by page (%s), newest of an account first, while others are issued', async query => {
    const owner = await scene.account({ role: 'administrator' }), application = await scene.application(owner, { scope: 'strowger' });
    const tokens = await Promise.all(Array.from({ length: 9 }, async () => textOf(await scene.credentials(application), 'access_token')));
    const wanted = (await Promise.all(tokens.map(idOf))).sort(), caller = tokens[0] ?? '';
    const [found] = await Promise.all([all(caller, `${query}&account_id=${owner._id}`), scene.credentials(await scene.application(alice.account))]);
    expect(found.map(item => item.token_id).sort()).toEqual(wanted);
    const order = found.map(item => `${item.expires_at} ${Buffer.from(item.token_id, 'base64url').toString('hex')}`);
    expect(order).toEqual([...order].sort().reverse());
    const whole = await all(caller, query), ids = whole.map(item => item.token_id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(wanted.every(id => ids.includes(id))).toBe(true);
  });
  it('looks at a thousand tokens a request at most, and the rest is behind its cursor', async () => {
    const owner = await scene.account({ role: 'administrator' }), application = await scene.application(owner, { scope: 'strowger' });
    const token = textOf(await scene.credentials(application), 'access_token'), tokens = scene.database.collection<AccessTokenDocument>(ACCESS_TOKENS);
    const stored = await tokens.findOne({ sub: owner._id });
    if (!stored) throw new Error('no token');
    const copies = (first: number, client_id: string, exp: number) => Array.from({ length: 1100 }, (_, i) => ({ ...stored, _id: Buffer.concat([Buffer.alloc(12, first), Buffer.from([0, 0, i >> 8, i & 255])]), client_id, exp }));
    await tokens.insertMany(copies(7, 'f'.repeat(32), stored.exp + 5));
    const first = await list(token, `?account_id=${owner._id}&client_id=${application.client_id}`);
    expect(itemsOf(first)).toEqual([]);
    expect(first.json['next_cursor']).toEqual(expect.any(String));
    expect((await all(token, `account_id=${owner._id}&client_id=${application.client_id}`)).map(item => item.token_id)).toEqual([await idOf(token)]);
    await tokens.deleteMany({ client_id: 'f'.repeat(32) });
  });
  it('S74: leaves out what is dead: revoked, of an ended grant, signed out, of a lowered right, ended', async () => {
    const account = await scene.account(), phone = await scene.native(account), machine = await scene.application(account), lowered = await scene.application(account);
    const [one, two, three] = await Promise.all([scene.login(phone, account), scene.login(phone, account), scene.login(phone, account)]);
    const [four, five, six] = await Promise.all([scene.credentials(machine), scene.credentials(lowered), scene.credentials(machine)]);
    const ids = async (): Promise<string[]> => (await all(admin.token, `account_id=${account._id}`)).map(item => item.token_id).sort();
    const id = async (answer: Answer): Promise<string> => idOf(textOf(answer, 'access_token'));
    const [id1, id2, id3, id4, id5, id6] = await Promise.all([id(one), id(two), id(three), id(four), id(five), id(six)]);
    expect(await ids()).toEqual([id1, id2, id3, id4, id5, id6].sort());
    await scene.post('/oauth/revoke', { token: textOf(one, 'access_token') }, { basic: [phone.client_id, phone.secret] });
    await scene.post('/oauth/revoke', { token: textOf(two, 'refresh_token') }, { basic: [phone.client_id, phone.secret] });
    await scene.database.collection<{ _id: string }>('applications').updateOne({ _id: lowered._id }, { $set: { rights_version: 2 } });
    await scene.database.collection<AccessTokenDocument>(ACCESS_TOKENS).updateOne({ _id: Buffer.from(id6, 'base64url') }, { $set: { exp: Math.floor(Date.now() / 1000) - 1 } });
    expect(await ids()).toEqual([id3, id4].sort());
    await scene.database.collection<{ _id: string }>('accounts').updateOne({ _id: account._id }, { $set: { rights_version: 2, sign_out_version: 2 } });
    expect(await ids()).toEqual([]);
  });
  it.each([
    'limit=0', 'limit=201', 'limit=-1', 'limit=1e2', 'limit=', 'limit=1&limit=2', 'limit[$gt]=1', 'cursor=x', 'cursor=WzFd', 'cursor=', `cursor=${'A'.repeat(300)}`, 'client_id=x', 'client_id[$ne]=x', 'account_id=', 'account_id=a%20b',
    '__proto__=x', 'constructor=x', '$where=1', 'sort=hash', 'subject=x',
  ])('S66, S67: refuses %s', async query => {
    expect(errorOf(await list(admin.token, `?${query}`))).toEqual([400, 'invalid_request', undefined]);
  });
});

describe('revoking one token by its id', () => {
  it('S74: makes an own one dead at once in every instance, with one event, however often it is asked', async () => {
    const one = await person(), token_id = await idOf(one.token), caller = textOf(await scene.login(portal, one.account, { scope: 'strowger:tokens' }), 'access_token'), id = scene.requestId();
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => call(caller, 'DELETE', `/oauth/tokens/${token_id}`, { instance: i, headers: { 'x-request-id': id } })));
    expect(answers.map(answer => [answer.status, answer.text])).toEqual(Array(8).fill([204, '']));
    expect([await isActive(one.token), await isActive(caller)]).toEqual([[false, false], [true, true]]);
    expect((await all(caller)).map(item => item.token_id)).toEqual([await idOf(caller)]);
    const events = await scene.eventsOf(id);
    expect(events.map(event => [event.type, event.data])).toEqual([['token.revoked', expect.objectContaining({ token_id, version: 2, by: { account_id: one.account._id, client_id: portal.client_id }, reason: 'revoked_by_account' })]]);
  });
  it('is an administrator\'s to do for the tenant, and the event says who', async () => {
    const one = await person(), id = scene.requestId();
    expect((await call(admin.token, 'DELETE', `/oauth/tokens/${await idOf(one.token)}`, { headers: { 'x-request-id': id } })).status).toBe(204);
    expect(await isActive(one.token)).toEqual([false, false]);
    expect((await scene.eventsOf(id))[0]?.data).toMatchObject({ by: { account_id: admin.account._id }, reason: 'revoked_by_administrator' });
  });
  it('S64: of another person, of another tenant, or of nobody is 404 alike, and nothing happens', async () => {
    const one = await person(), token_id = await idOf(one.token);
    const answers = await Promise.all([
      call(alice.token, 'DELETE', `/oauth/tokens/${token_id}`), call(auditor.token, 'DELETE', `/oauth/tokens/${token_id}`), call(mallory.token, 'DELETE', `/oauth/tokens/${token_id}`),
      ...['A'.repeat(22), 'x', 'A'.repeat(23), '__proto__', '%7B%22%24ne%22%3Anull%7D'].map(unknown => call(admin.token, 'DELETE', `/oauth/tokens/${unknown}`)),
    ]);
    expect(answers.map(answer => answer.status)).toEqual(answers.map(() => 404));
    expect(new Set(answers.map(answer => answer.text)).size).toBe(1);
    expect(await isActive(one.token)).toEqual([true, true]);
  });
  it('is refused without the scope, and to a read_only account; level call_api is enough', async () => {
    const [reader, written, readOnly] = [await person({}, 'strowger:tokens:read'), await person({}, 'strowger:tokens:write'), await person({ access: 'read_only' })];
    const path = `/oauth/tokens/${await idOf(reader.token)}`;
    const missing = await call(reader.token, 'DELETE', path);
    expect(errorOf(missing)).toEqual([403, 'insufficient_scope', 'access_denied']);
    expect([missing.json['scope'], missing.headers['www-authenticate']]).toEqual(['strowger:tokens:write', expect.stringContaining('scope="strowger:tokens:write"')]);
    expect(errorOf(await call(written.token, 'GET', '/oauth/tokens'))).toEqual([403, 'insufficient_scope', 'access_denied']);
    expect(errorOf(await call(readOnly.token, 'DELETE', `/oauth/tokens/${await idOf(readOnly.token)}`))).toEqual([403, 'access_denied', 'user_access_type_deny']);
    expect((await list(readOnly.token)).status).toBe(200);
    expect((await call(written.token, 'DELETE', `/oauth/tokens/${await idOf(written.token)}`)).status).toBe(204);
    expect(await isActive(written.token)).toEqual([false, false]);
  });
});

describe('both', () => {
  it.each(['GET', 'DELETE'])('S71: want a bearer token in its header, and nowhere else: %s', async method => {
    const path = method === 'GET' ? '/oauth/tokens' : `/oauth/tokens/${'A'.repeat(22)}`;
    const none = await call(undefined, method, path);
    expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Bearer realm="strowger"']);
    expect(errorOf(await call('nonsense', method, path))).toEqual([401, 'invalid_token', undefined]);
    expect(errorOf(await call(undefined, method, `${path}?access_token=${alice.token}`))).toEqual([400, 'invalid_request', undefined]);
    expect(errorOf(await call(undefined, method, path, { headers: { authorization: `Basic ${Buffer.from(`${portal.client_id}:${portal.secret}`).toString('base64')}` } }))).toEqual([401, 'invalid_request', undefined]);
  });
  it('S74: are refused to a token that was revoked, and to one whose account is blocked within five seconds', async () => {
    const [revoked, blocked] = [await person(), await person()];
    await scene.post('/oauth/revoke', { token: revoked.token }, { basic: [portal.client_id, portal.secret] });
    expect(errorOf(await list(revoked.token))).toEqual([401, 'invalid_token', undefined]);
    await scene.database.collection<{ _id: string }>('accounts').updateOne({ _id: blocked.account._id }, { $set: { status: 'blocked', rights_version: 2, sign_out_version: 2 } });
    expect((await turned('a refusal', async () => (await list(blocked.token)).status === 401)).lastOtherwise).toBeLessThan(6000);
  });
  it('are 503 with Retry-After while the database is away', async () => {
    const { databaseFront } = scene.system.servers;
    databaseFront.kill('SIGKILL');
    try {
      const answers = await Promise.all([list(alice.token), call(alice.token, 'DELETE', `/oauth/tokens/${'A'.repeat(22)}`)]);
      expect(answers.map(answer => [answer.status, answer.headers['retry-after']])).toEqual([[503, '1'], [503, '1']]);
    } finally { await databaseFront.start(); }
    await eventually('an answer', async () => (await list(alice.token)).status === 200);
  });
});
