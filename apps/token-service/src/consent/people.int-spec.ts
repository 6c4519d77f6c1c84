import { AccountDocument } from '@strowger/models/accounts/accounts.schema';
import { ApplicationDocument } from '@strowger/models/applications/applications.schema';
import { AuditEventDocument } from '@strowger/models/audit-events/audit-events.schema';
import { TenantDocument } from '@strowger/models/tenants/tenants.schema';
import { SeededTenant, seedScopes } from '../../../../test/seeded-tenant';
import { eventually } from '../../../../test/system';
import { formOn, parametersOf, sentTo, TestBrowser } from '../authorize/browser.fixture';
import { Account, Answer, Application, send, textOf, TokenScene, without } from '../token-service.fixture';

const CALLBACK = 'https://app.example.com/cb', LIMIT = 10;
let scene: TokenScene, alice: Account, issuer: string;
beforeAll(async () => {
  scene = await TokenScene.start('people');
  issuer = scene.system.url('portal-service').replace('127.0.0.1', 'localhost');
  alice = await scene.account();
});
afterAll(() => scene.stop());

const browser = (): TestBrowser => new TestBrowser(scene, issuer);
const application = (fields: Partial<ApplicationDocument> = {}): Promise<Application> => scene.application(alice, { type: 'web_server', scope: 'gql rest', redirect_uris: [CALLBACK], ...fields });
const pathOf = (answer: Answer): string => sentTo(answer).pathname + sentTo(answer).search;
const isForbidden = (answer: Answer): void => { expect([answer.status, answer.headers.location, answer.headers['content-type']]).toEqual([403, undefined, 'text/html; charset=utf-8']); };
const tokenOf = async (client: Application, answer: Answer): Promise<Answer> =>
  scene.token({ grant_type: 'authorization_code', client_id: client.client_id, client_secret: client.secret, code: parametersOf(answer)['code'] ?? '' });
const applications = () => scene.database.collection<ApplicationDocument>('applications');

describe('login and consent', () => {
  it('S17, S21: each page stands in no frame and runs nothing; each step goes on by 303', async () => {
    const b = browser(), client = await application(), first = await b.authorize(client), login = await b.get(pathOf(first)), second = await b.logIn(first, alice), consent = await b.get(pathOf(second)), third = await b.decide(second, 'allow');
    expect([first, second, third].map(({ status }) => status)).toEqual([303, 303, 303]);
    for (const page of [login, consent, await b.get('/login'), await browser().get('/login?transaction=x')]) {
      expect(page.headers).toMatchObject({ 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'referrer-policy': 'same-origin' });
      const policy = page.headers['content-security-policy'];
      expect(policy).toContain('default-src \'none\'; style-src \'sha256-');
      expect(policy).toContain('frame-ancestors \'none\'; base-uri \'none\'');
      expect(policy).not.toMatch(/unsafe|script-src|\*/);
      expect(page.text).not.toMatch(/<script|javascript:|\son[a-z]+=|style=|https?:\/\/(?!www\.w3\.org)/i);
    }
    expect(consent.headers['content-security-policy']).toContain('form-action \'self\' https://app.example.com;');
  });
  it('S22: without the form\'s token, with another\'s, from another origin, or without a button nothing is given', async () => {
    const b = browser(), client = await application(), at = await b.logIn(await b.authorize(client), alice), form = formOn(await b.get(pathOf(at)));
    const mallory = browser(), hers = formOn(await mallory.get(pathOf(await mallory.logIn(await mallory.authorize(client), await scene.account()))));
    for (const wrong of [without(form, 'csrf'), { ...form, csrf: '' }, { ...form, csrf: hers['csrf'] ?? '' }, { ...form, csrf: `${form['csrf'] ?? ''}x` }, { ...form, shown: hers['shown'] ?? '' }, { ...form, transaction: hers['transaction'] ?? '' }]) isForbidden(await b.post('/oauth/authorize/decision', { ...wrong, decision: 'allow' }));
    for (const origin of ['https://evil.example.com', 'null', `${issuer}.evil.example.com`]) isForbidden(await b.post('/oauth/authorize/decision', { ...form, decision: 'allow' }, { origin }));
    for (const decision of [{}, { decision: '' }, { decision: 'ALLOW' }, { cancel: '' }, { allow: 'yes' }]) {
      const answer = await b.post('/oauth/authorize/decision', { ...form, ...decision });
      expect([answer.status, answer.headers.location]).toEqual([400, undefined]);
    }
    isForbidden(await b.post('/login', { username: alice.username, password: alice.password }));
    expect(await scene.database.collection('grants').countDocuments({ application_id: client._id })).toBe(0);
    expect(parametersOf(await b.post('/oauth/authorize/decision', { ...form, decision: 'allow' }))).toHaveProperty('code');
  });
  it('S23: a request of another browser or person, or one decided already, is nobody\'s to decide', async () => {
    const b = browser(), client = await application(), begun = await b.authorize(client), stranger = browser();
    await stranger.get('/login');
    isForbidden(await stranger.get(pathOf(begun)));
    isForbidden(await browser().get(pathOf(begun)));
    const at = await b.logIn(begun, alice), form = formOn(await b.get(pathOf(at)));
    await stranger.logIn(await stranger.authorize(client), await scene.account());
    for (const other of [stranger, browser()]) {
      isForbidden(await other.get(pathOf(at)));
      isForbidden(await other.post('/oauth/authorize/decision', { ...form, decision: 'allow' }));
    }
    expect((await b.post('/oauth/authorize/decision', { ...form, decision: 'allow' })).status).toBe(303);
    for (const decision of ['allow', 'deny']) isForbidden(await b.post('/oauth/authorize/decision', { ...form, decision }));
    for (const transaction of ['', 'x', '__proto__', 'A'.repeat(22), '%00', 'a&transaction=b']) expect((await b.get(`/oauth/authorize/decision?transaction=${transaction}`)).status).toBeGreaterThanOrEqual(400);
    const parallel = await b.authorize(client, { prompt: 'consent' }), twice = formOn(await b.get(pathOf(parallel)));
    const answers = await Promise.all(Array.from({ length: 6 }, () => b.post('/oauth/authorize/decision', { ...twice, decision: 'allow' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 403, 403, 403, 403, 403]);
  });
  it('S23: a form of another site, with which a browser keeps its cookie back, begins by GET instead, and no form brings a cookie that would take the other\'s place', async () => {
    const elsewhere = browser(), client = await application(), state = 'ü "&#', form = { response_type: 'code', client_id: client.client_id, state, client_secret: 'x', surprise: 'x' };
    const sent = await elsewhere.post('/oauth/authorize', form);
    expect([sent.status, sentTo(sent).pathname, parametersOf(sent)]).toEqual([303, '/oauth/authorize', { response_type: 'code', client_id: client.client_id, state }]);
    const long = await elsewhere.post('/oauth/authorize', { ...form, state: 'ü'.repeat(2048) });
    expect([long.status, long.headers.location]).toEqual([400, undefined]);
    for (const path of ['/login', '/logout', '/device', '/oauth/authorize/decision']) isForbidden(await elsewhere.post(path, { csrf: 'x', username: alice.username, password: alice.password, user_code: '123456789' }));
    expect(elsewhere.cookie).toBe('');
    expect(parametersOf(await elsewhere.allow(client, alice, parametersOf(sent)))).toMatchObject({ state });
  });
  it('S24: what changed since it was shown is shown again, and nothing is given by the old page', async () => {
    const b = browser(), client = await application({ scope: 'rest' }), at = await b.logIn(await b.authorize(client), alice), form = formOn(await b.get(pathOf(at)));
    for (const change of [{ name: 'Payroll' }, { scope: 'rest:calllog' }]) {
      await applications().updateOne({ _id: client._id }, { $set: change, $inc: { version: 1 } });
      const again = await b.post('/oauth/authorize/decision', { ...form, decision: 'allow' });
      expect([again.status, again.headers.location, again.text.includes('was changed a moment ago'), again.text.includes('Payroll')]).toEqual([409, undefined, true, true]);
    }
    expect((await tokenOf(client, await b.decide(at, 'allow'))).json['scope']).toBe('rest:calllog');
    const gone = await b.authorize(client, { prompt: 'consent' });
    await applications().updateOne({ _id: client._id }, { $set: { redirect_uris: ['https://app.example.com/new'] } });
    isForbidden(await b.get(pathOf(gone)));
  });
  it('S25: a name that would be markup or turn the text around is inert', async () => {
    const b = browser(), client = await application({ name: '<script>alert(1)</script>\u202e"onload=x\u2066&amp;' });
    const page = await b.get(pathOf(await b.logIn(await b.authorize(client), alice)));
    expect(page.text).toContain('<bdi>&lt;script&gt;alert(1)&lt;/script&gt;&quot;onload=x&amp;amp;</bdi>');
    const typed = await b.post('/login', { ...formOn(await b.get(pathOf(await b.authorize(client, { prompt: 'login', login_hint: '"><script>' })))), username: '"><img src=x>', password: 'x' });
    expect([typed.status, typed.text.includes('<img'), typed.text.includes('value="&quot;&gt;&lt;img src=x&gt;"')]).toEqual([400, false, true]);
  });
  it('S26, S28: login and logout give a new session, and the old cookie is nobody', async () => {
    const b = browser();
    await b.get('/login');
    const before = b.cookie;
    await b.post('/login', { ...formOn(await b.get('/login')), username: alice.username, password: alice.password });
    const first = b.cookie;
    await b.authorize(await application(), { prompt: 'login' }).then(answer => b.logIn(answer, alice));
    const second = b.cookie, page = await b.get('/login');
    expect(new Set([before, first, second]).size).toBe(3);
    expect(page.text).toContain('You are signed in');
    expect((await b.get('/logout')).headers.location).toBe('/login');
    isForbidden(await b.post('/logout', {}));
    const id = scene.requestId(), out = await b.post('/logout', formOn(page), { 'x-request-id': id });
    expect([out.status, out.headers['set-cookie']]).toEqual([200, ['strowger=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0']]);
    for (const cookie of [before, first, second]) expect((await browser().get('/login', { headers: { cookie } })).text).not.toContain('You are signed in');
    expect((await scene.eventsOf(id)).map(({ type, data }) => [type, data?.['account_id']])).toEqual([['login.ended', alice._id]]);
  });
  it('ends sessions with the account\'s sign-out, and takes none with several cookies or a forged one', async () => {
    const bob = await scene.account(), b = browser();
    await b.post('/login', { ...formOn(await b.get('/login')), username: bob.username, password: bob.password });
    const good = b.cookie;
    for (const cookie of [`${good}; ${good}`, `${good.slice(0, -1)}x`, 'strowger=', 'strowger=__proto__']) expect((await browser().get('/login', { headers: { cookie } })).text).not.toContain('You are signed in');
    await scene.database.collection<AccountDocument>('accounts').updateOne({ _id: bob._id }, { $set: { sign_out_version: 2, rights_version: 2 } });
    await eventually('the end of the session', async () => !(await b.get('/login', { headers: { cookie: good } })).text.includes('You are signed in'));
  });
});

describe('what a person decides', () => {
  it('S12: may be less than was asked; the tokens say so, and no form widens it', async () => {
    const b = browser(), client = await application({ scope: 'rest:callforward rest:calllog' });
    const at = await b.logIn(await b.authorize(client, { scope: 'rest:callforward' }), alice), page = await b.get(pathOf(at));
    expect(Object.keys(formOn(page)).filter(name => name.startsWith('scope.'))).toEqual(['scope.callforward:read', 'scope.callforward:write']);
    const answer = await b.decide(at, 'allow', form => ({ ...without(form, 'scope.callforward:write'), 'scope.calllog:read': 'yes', 'scope.rest': 'yes', scope: 'gql', 'scope.audit:read': 'yes' }));
    const token = await tokenOf(client, answer);
    expect([token.status, token.json['scope']]).toEqual([200, 'rest:callforward:read']);
    expect((await scene.refresh(client, textOf(token, 'refresh_token'), { scope: 'rest:callforward:write' })).json['error']).toBe('invalid_scope');
    const nothing = await b.decide(await b.authorize(client, { scope: 'rest:calllog' }), 'allow', form => Object.fromEntries(Object.entries(form).filter(([name]) => !name.startsWith('scope.'))));
    expect([nothing.status, nothing.text.includes('Nothing is ticked')]).toEqual([400, true]);
  });
  it('is a no that the application is told of, and the trail', async () => {
    const b = browser(), client = await application(), at = await b.logIn(await b.authorize(client, { state: 's' }), alice), id = scene.requestId();
    const answer = await b.post('/oauth/authorize/decision', { ...formOn(await b.get(pathOf(at))), decision: 'deny' }, { 'x-request-id': id });
    expect([answer.status, parametersOf(answer)]).toMatchObject([303, { error: 'access_denied', state: 's', iss: issuer }]);
    expect((await scene.eventsOf(id)).map(({ type, data }) => [type, data?.['application_id'], data?.['account_id']])).toEqual([['consent.denied', client._id, alice._id]]);
    expect(await scene.database.collection('consents').countDocuments({ application_id: client._id })).toBe(0);
  });
  it('is remembered until more is asked, or it is removed, or prompt=consent asks anew', async () => {
    const b = browser(), client = await application({ scope: 'gql rest' }), narrow = { scope: 'rest:callforward:read' };
    const id = scene.requestId(), at = await b.logIn(await b.authorize(client, narrow), alice);
    await b.post('/oauth/authorize/decision', { ...formOn(await b.get(pathOf(at))), decision: 'allow' }, { 'x-request-id': id });
    expect((await scene.eventsOf(id, 2)).map(({ type }: AuditEventDocument) => type).sort()).toEqual(['consent.granted', 'grant.created']);
    const again = scene.requestId(), silent = await b.get(`/oauth/authorize?${new URLSearchParams({ response_type: 'code', client_id: client.client_id, ...narrow }).toString()}`, { headers: { 'x-request-id': again } });
    expect((await tokenOf(client, silent)).json['scope']).toBe('rest:callforward:read');
    expect((await scene.eventsOf(again)).map(({ type }) => type)).toEqual(['grant.created']);
    expect(sentTo(await b.authorize(client, { ...narrow, prompt: 'consent' })).pathname).toBe('/oauth/authorize/decision');
    const more = await b.authorize(client, { scope: 'rest' });
    expect(sentTo(more).pathname).toBe('/oauth/authorize/decision');
    const less = await b.decide(more, 'allow', form => without(form, 'scope.callforward:write'));
    expect((await tokenOf(client, less)).json['scope']).toBe('rest:callforward:read rest:calllog:read');
    expect((await tokenOf(client, await b.authorize(client, { scope: 'rest' }))).json['scope']).toBe('rest:callforward:read rest:calllog:read');
    await scene.database.collection<{ _id: string }>('consents').updateOne({ _id: `${alice._id}:${client._id}` }, { $set: { status: 'removed' }, $inc: { version: 1 } });
    expect(sentTo(await b.authorize(client, narrow)).pathname).toBe('/oauth/authorize/decision');
  });
  it('is not remembered for a program on a person\'s own machine, nor implied by a password', async () => {
    const phone = await scene.native(alice, { redirect_uris: ['http://127.0.0.1/cb'] }), challenge = { code_challenge: 'A'.repeat(43), code_challenge_method: 'S256' }, b = browser();
    expect((await scene.login(phone, alice)).status).toBe(200);
    expect(parametersOf(await b.allow(phone, alice, challenge))).toHaveProperty('code');
    expect(sentTo(await b.authorize(phone, challenge)).pathname).toBe('/oauth/authorize/decision');
    expect(parametersOf(await b.authorize(phone, { ...challenge, prompt: 'none' }))).toMatchObject({ error: 'consent_required' });
  });
  it('is made by who logs in when prompt=login asks for it, though somebody is logged in', async () => {
    const b = browser(), client = await application(), bob = await scene.account();
    await b.allow(client, alice);
    const asked = await b.authorize(client, { prompt: 'login', login_hint: bob.username });
    expect(sentTo(asked).pathname).toBe('/login');
    expect((await b.get(pathOf(asked))).text).toContain(`value="${bob.username}"`);
    expect(sentTo(await b.get(`/oauth/authorize/decision${sentTo(asked).search}`)).pathname).toBe('/login');
    const at = await b.logIn(asked, bob), token = await tokenOf(client, await b.decide(at, 'allow'));
    expect((await scene.introspect(textOf(token, 'access_token'))).json).toMatchObject({ active: true, sub: bob._id });
  });
  it('is the tenant\'s people\'s only: somebody of another tenant logs in as nobody', async () => {
    const other = await SeededTenant.in(scene.database), foreign = await other.account(), b = browser();
    scene.secrets.add(foreign.password);
    expect((await b.post('/login', { ...formOn(await b.get('/login')), username: foreign.username, password: foreign.password })).status).toBe(303);
    const asked = await b.authorize(await application());
    expect(sentTo(asked).pathname).toBe('/login');
    expect((await b.logIn(asked, foreign)).status).toBe(400);
    expect((await b.logIn(asked, alice)).status).toBe(303);
  });
  it('stands under the tenant\'s name and logo', async () => {
    const logo = Buffer.from('89504e470d0a1a0a', 'hex');
    await scene.database.collection<TenantDocument>('tenants').updateOne({ _id: scene.tenant.id }, { $set: { name: 'Müller & Söhne', logo } });
    const b = browser(), page = await b.get(pathOf(await b.authorize(await application())));
    expect(page.text).toContain(`<img alt="" src="data:image/png;base64,${logo.toString('base64')}"><bdi>Müller &amp; Söhne</bdi>`);
  });
});

describe('connected applications', () => {
  const call = (token: string, method: string, path: string, instance = 0, id = scene.requestId()): Promise<Answer> => send(scene.url(path, instance), { method, headers: { authorization: `Bearer ${token}`, 'x-request-id': id } });
  /** A person with a token for the own account's API. */
  const person = async (portal: Application, scope = 'strowger:tokens') => { const account = await scene.account(); return { account, token: textOf(await scene.login(portal, account, { scope }), 'access_token') }; };
  let portal: Application;
  beforeAll(async () => { await seedScopes(scene.database, ['strowger:tokens:write']); portal = await scene.native(alice, { scope: 'strowger', name: 'portal' }); });

  it('are listed with what each may do and when it last got a token, one\'s own only, page by page', async () => {
    const [carol, dave] = [await person(portal), await person(portal)], client = await application({ name: 'Companion' });
    await tokenOf(client, await browser().allow(client, carol.account, { scope: 'rest:calllog' }));
    const answer = await call(carol.token, 'GET', '/oauth/consents'), items = answer.json['items'] as Record<string, unknown>[];
    expect([answer.status, answer.headers['cache-control'], answer.json['next_cursor']]).toEqual([200, 'no-store', null]);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string;
    expect(items.find(({ name }) => name === 'Companion')).toEqual({ client_id: client.client_id, name: 'Companion', type: 'web_server', scope: 'rest:calllog', implied: false, granted_at: time, last_token_at: time });
    expect(items.find(({ name }) => name === 'portal')).toMatchObject({ client_id: portal.client_id, implied: true, last_token_at: time });
    expect((await call(dave.token, 'GET', '/oauth/consents', 1)).json['items']).toMatchObject([{ name: 'portal' }]);
    const first = await call(carol.token, 'GET', '/oauth/consents?limit=1'), second = await call(carol.token, 'GET', `/oauth/consents?limit=1&cursor=${String(first.json['next_cursor'])}`);
    expect([...first.json['items'] as Record<string, unknown>[], ...second.json['items'] as Record<string, unknown>[]].map(({ name }) => name).sort()).toEqual(['Companion', 'portal']);
    expect(second.json['next_cursor']).toBeNull();
    for (const query of ['limit=0', 'limit=x', 'cursor=$x', 'cursor=', 'account_id=x', 'limit[$gt]=1']) expect((await call(carol.token, 'GET', `/oauth/consents?${query}`)).status).toBe(400);
  });
  it('S74: are removed with everything that came of them, and only that; the trail is told, and the person is asked again', async () => {
    const [carol, dave] = [await person(portal), await person(portal)], client = await application(), b = browser();
    const first = await tokenOf(client, await b.allow(client, carol.account)), second = await tokenOf(client, await b.authorize(client)), others = await tokenOf(client, await browser().allow(client, dave.account)), unused = await b.authorize(client);
    const active = async () => Promise.all([first, second, others].flatMap(token => [0, 1].map(async instance => (await scene.introspect(textOf(token, 'access_token'), instance)).json['active'])));
    expect(await active()).toEqual(Array(6).fill(true));
    const id = scene.requestId();
    expect((await call(carol.token, 'DELETE', `/oauth/consents/${client.client_id}`, 1, id)).status).toBe(204);
    expect(await active()).toEqual([false, false, false, false, true, true]);
    expect((await scene.refresh(client, textOf(first, 'refresh_token'))).json['error']).toBe('invalid_grant');
    expect((await tokenOf(client, unused)).json['error']).toBe('invalid_grant');
    expect((await scene.eventsOf(id, 4)).map(({ type, data }) => [type, data?.['account_id'], data?.['reason']]).sort()).toEqual([['consent.removed', carol.account._id, undefined], ...Array.from({ length: 3 }, () => ['grant.revoked', carol.account._id, 'consent_removed'])]);
    expect(sentTo(await b.authorize(client)).pathname).toBe('/oauth/authorize/decision');
    expect((await call(carol.token, 'DELETE', `/oauth/consents/${client.client_id}`)).status).toBe(204);
    expect(((await call(carol.token, 'GET', '/oauth/consents')).json['items'] as unknown[])).toHaveLength(1);
    expect((await tokenOf(client, await b.decide(await b.authorize(client), 'allow'))).status).toBe(200);
  });
  it('S64, S71: are nobody else\'s to remove, and nobody\'s without the scope', async () => {
    const carol = await person(portal), reader = await person(portal, 'strowger:tokens:read'), client = await application();
    await browser().allow(client, carol.account);
    for (const path of [client.client_id, 'f'.repeat(32), '__proto__', '$ne']) expect([(await call((await person(portal)).token, 'DELETE', `/oauth/consents/${path}`)).status, path]).toEqual([404, path]);
    expect((await call(reader.token, 'DELETE', `/oauth/consents/${portal.client_id}`)).status).toBe(403);
    expect((await call('x', 'GET', '/oauth/consents')).status).toBe(401);
    expect((await call(carol.token, 'GET', '/oauth/consents')).json['items']).toHaveLength(2);
  });
});

describe('S29, S30: passwords at the login page', () => {
  const attempt = async (b: TestBrowser, username: string, password: string, from: string): Promise<Answer> => b.post('/login', { ...formOn(await b.get('/login')), username, password }, { 'x-forwarded-for': from });
  it('S29: an unknown, a blocked account and a wrong password have the same answer to the byte', async () => {
    const blocked = await scene.account({ status: 'blocked', username: 'zoe-blocked' }), right = await scene.account({ username: 'zoe-present' }), b = browser(), same = (answer: Answer) => [answer.status, answer.text.replace(/zoe-\w+|name="csrf" value="[^"]*"/g, '')];
    const [one, ...others] = [await attempt(b, right.username, 'not this one', scene.newAddress()), await attempt(b, 'zoe-unknown', 'not this one', scene.newAddress()), await attempt(b, blocked.username, blocked.password, scene.newAddress())].map(same);
    expect(one?.[0]).toBe(400);
    for (const other of others) expect(other).toEqual(one);
    expect((await attempt(b, right.username, '', scene.newAddress())).text).toContain('Enter your username and your password');
    expect((await attempt(b, right.username, 'x'.repeat(2000), scene.newAddress())).status).toBe(400);
  });
  it('S30: of 100 wrong ones at once, over two instances, no more are evaluated than the limit; the token endpoint counts with them', async () => {
    const account = await scene.account(), from = scene.newAddress(), b = browser(), form = formOn(await b.get('/login'));
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => b.post('/login', { ...form, username: account.username, password: `wrong ${String(i)}` }, { 'x-forwarded-for': from })));
    const evaluated = answers.filter(({ text }) => text.includes('do not match')).length;
    expect(evaluated).toBeGreaterThan(0);
    expect(evaluated).toBeLessThanOrEqual(LIMIT);
    for (const answer of answers.filter(({ text }) => !text.includes('do not match'))) expect([[429, 503].includes(answer.status), Number(answer.headers['retry-after']) > 0]).toEqual([true, true]);
    const full = await attempt(b, account.username, account.password, from);
    expect([full.status, full.text.includes('Too many attempts')]).toEqual([429, true]);
    expect((await scene.login(await scene.native(alice), account, {}, { headers: { 'x-forwarded-for': from } })).json['error']).toBe('rate_limit_exceeded');
    expect((await attempt(b, alice.username, alice.password, from)).status).toBe(303);
  });
});

test('S85: no cookie, form token, code or password stands in a log, an event or the database', async () => {
  await scene.nothingLeaked(40, await application());
});
