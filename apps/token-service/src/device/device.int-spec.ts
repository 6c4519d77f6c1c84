import { createHash } from 'node:crypto';
import { AccountDocument } from '@strowger/models/accounts/accounts.schema';
import { ApplicationDocument } from '@strowger/models/applications/applications.schema';
import { DeviceAuthorizationDocument } from '@strowger/models/device-authorizations/device-authorizations.schema';
import { GrantDocument } from '@strowger/models/grants/grants.schema';
import { TenantDocument } from '@strowger/models/tenants/tenants.schema';
import { DEVICE_CODE } from '@strowger/oauth-core/application-rules';
import { SeededTenant } from '../../../../test/seeded-tenant';
import { eventually } from '../../../../test/system';
import { formOn, sentTo, TestBrowser } from '../authorize/browser.fixture';
import { Account, Answer, Application, errorOf, RequestOptions, send, textOf, TokenScene, without } from '../token-service.fixture';


const GUESSES = 10, BEGINNINGS = 20;
let scene: TokenScene, alice: Account, phone: Application, issuer: string;
/** Alice, logged in. */
let known: TestBrowser;
beforeAll(async () => {
  scene = await TokenScene.start('device', { env: { BEGINNINGS_PER_ADDRESS_AND_MINUTE: String(BEGINNINGS) } });
  issuer = scene.system.url('portal-service').replace('127.0.0.1', 'localhost');
  alice = await scene.account();
  phone = await desk();
  known = await loggedIn(alice);
});
afterAll(() => scene.stop());

/** A desk phone's application: native, without a secret. */
const desk = (fields: Partial<ApplicationDocument> = {}): Promise<Application> => scene.application(alice, { type: 'native', scope: 'rest', secrets: [], name: 'Desk phone', ...fields });
async function loggedIn(account: Account): Promise<TestBrowser> {
  const b = new TestBrowser(scene, issuer);
  expect((await b.post('/login', { ...formOn(await b.get('/login')), username: account.username, password: account.password })).status).toBe(303);
  return b;
}
const client = (application: Application): Record<string, string> => ({ client_id: application.client_id, ...(application.secrets.length > 0 && { client_secret: application.secret }) });
const fresh = (): Record<string, string> => ({ 'x-forwarded-for': scene.newAddress() });
const asked = (application: Application, form: Record<string, string> = {}, options: RequestOptions & { instance?: number } = { headers: fresh() }): Promise<Answer> => scene.post('/oauth/device_authorization', { ...client(application), ...form }, options);
interface Begun { readonly device_code: string; readonly user_code: string }
async function begin(application = phone, form: Record<string, string> = {}): Promise<Begun> {
  const answer = await asked(application, form), begun = { device_code: textOf(answer, 'device_code'), user_code: textOf(answer, 'user_code') };
  scene.secrets.add(begun.device_code);
  return begun;
}
const poll = (begun: Begun, application = phone, instance = 0, headers: Record<string, string> = {}): Promise<Answer> => scene.token({ grant_type: DEVICE_CODE, device_code: begun.device_code, ...client(application) }, { instance, headers });
const authorizations = () => scene.database.collection<DeviceAuthorizationDocument>('device_authorizations');
const idOf = ({ device_code }: Begun): string => createHash('sha256').update(device_code).digest('base64url');
const set = (begun: Begun, fields: Partial<DeviceAuthorizationDocument>) => authorizations().updateOne({ _id: idOf(begun) }, { $set: fields });
/** As if the interval since the last poll were over. */
const rested = async (begun: Begun): Promise<Begun> => { await authorizations().updateOne({ _id: idOf(begun) }, { $unset: { polled_at: 1 } }); return begun; };
const enter = async (b: TestBrowser, code: string, headers: Record<string, string> = {}): Promise<Answer> => b.post('/device', { ...formOn(await b.get('/device')), user_code: code }, headers);
/** From the code to the decision. */
const decide = async (b: TestBrowser, begun: Begun, decision: string, change: (form: Record<string, string>) => Record<string, string> = form => form, headers: Record<string, string> = {}): Promise<Answer> =>
  b.post('/device', { ...change(formOn(await enter(b, begun.user_code))), decision }, headers);
const approved = async (application = phone, b = known): Promise<Begun> => { const begun = await begin(application); expect((await decide(b, begun, 'allow')).text).toContain('Your device is connected'); return begun; };
const isForbidden = (answer: Answer): void => { expect([answer.status, answer.headers['content-type']]).toEqual([403, 'text/html; charset=utf-8']); };
const NOT_THERE = 'No device is waiting with that code';

describe('S56: a device and its person', () => {
  it('the person signs in, compares the code, sees who asks for what, and allows part of it; the device, polling another instance, gets exactly that', async () => {
    const answer = await asked(phone, { scope: 'rest:callforward' });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' });
    const begun = answer.json as unknown as Begun & Record<string, unknown>;
    scene.secrets.add(begun.device_code);
    expect(begun).toEqual({
      device_code: expect.stringMatching(/^[\w-]{43}$/) as string, user_code: expect.stringMatching(/^\d{3}-\d{3}-\d{3}$/) as string, expires_in: 600, interval: 5,
      verification_uri: `${issuer}/device`, verification_uri_complete: `${issuer}/device?user_code=${begun.user_code}`,
    });
    expect(errorOf(await poll(begun, phone, 1))).toEqual([400, 'authorization_pending']);
    const b = new TestBrowser(scene, issuer), to = await b.get(`/device?user_code=${begun.user_code}`), login = await b.get(sentTo(to).pathname + sentTo(to).search);
    expect([to.status, sentTo(to).pathname, login.text.includes('to connect a device')]).toEqual([303, '/login', true]);
    const back = await b.post('/login', { ...formOn(login), username: alice.username, password: alice.password });
    expect([back.status, back.headers.location]).toEqual([303, `/device?user_code=${begun.user_code.replaceAll('-', '')}`]);
    const compare = await b.get(back.headers.location ?? '');
    expect([compare.text.includes(`value="${begun.user_code}"`), compare.text.includes('Desk phone')]).toEqual([true, false]);
    const page = await b.post('/device', { ...formOn(compare), user_code: begun.user_code });
    for (const shown of ['<bdi>Desk phone</bdi>', `<p class="code">${begun.user_code}</p>`, alice.username, 'Allow only a device that is in front of you', 'name="scope.callforward:read"', 'name="scope.callforward:write"', 'from the address <strong>10.']) expect(page.text).toContain(shown);
    expect(errorOf(await poll(await rested(begun), phone, 1))).toEqual([400, 'authorization_pending']);
    const id = scene.requestId(), done = await b.post('/device', { ...without(formOn(page), 'scope.callforward:write'), decision: 'allow' }, { 'x-request-id': id });
    expect([done.status, done.text.includes('Your device is connected')]).toEqual([200, true]);
    expect((await scene.eventsOf(id, 3)).map(({ type, data }) => [type, data?.['application_id'], data?.['account_id'], data?.['scope']]).sort()).toEqual(
      ['consent.granted', 'device.approved', 'grant.created'].map(type => [type, phone._id, alice._id, 'rest:callforward:read']));
    const issued = scene.requestId(), token = await poll(await rested(begun), phone, 1, { 'x-request-id': issued });
    expect([token.status, token.json['scope'], token.json['token_type']]).toEqual([200, 'rest:callforward:read', 'Bearer']);
    expect((await scene.introspect(textOf(token, 'access_token'))).json).toMatchObject({ active: true, sub: alice._id, client_id: phone.client_id });
    expect((await scene.eventsOf(issued)).map(({ type, data }) => [type, data?.['grant_type']])).toEqual([['token.issued', DEVICE_CODE]]);
    const refreshed = await scene.token({ grant_type: 'refresh_token', refresh_token: textOf(token, 'refresh_token'), ...client(phone) });
    expect([refreshed.status, refreshed.json['scope']]).toEqual([200, 'rest:callforward:read']);
  });
  it('is never allowed by a link, nor by a GET, nor without a button, nor by a form of somebody else\'s', async () => {
    const begun = await begin(), mallory = await loggedIn(await scene.account());
    for (const query of [`user_code=${begun.user_code}`, `user_code=${begun.user_code}&decision=allow`, `user_code=${begun.user_code}&decision=allow&shown=x`]) expect((await known.get(`/device?${query}`)).status).toBe(200);
    const form = formOn(await enter(known, begun.user_code)), hers = formOn(await enter(mallory, begun.user_code));
    for (const wrong of [without(form, 'csrf'), { ...form, csrf: hers['csrf'] ?? '' }, { ...form, shown: hers['shown'] ?? '' }, { ...form, user_code: '123456789' }, without(form, 'shown')]) isForbidden(await known.post('/device', { ...wrong, decision: 'allow' }));
    for (const origin of ['https://evil.example.com', 'null']) isForbidden(await known.post('/device', { ...form, decision: 'allow' }, { origin }));
    for (const decision of [{}, { decision: '' }, { decision: 'ALLOW' }, { allow: 'yes' }]) expect((await known.post('/device', { ...form, ...decision })).status).toBe(400);
    const nothing = await decide(known, begun, 'allow', one => Object.fromEntries(Object.entries(one).filter(([name]) => !name.startsWith('scope.'))));
    expect([nothing.status, nothing.text.includes('Nothing is ticked')]).toEqual([400, true]);
    expect(errorOf(await poll(begun))).toEqual([400, 'authorization_pending']);
    const anonymous = await new TestBrowser(scene, issuer).post('/device', { ...form, decision: 'allow' });
    expect([403, 303]).toContain(anonymous.status);
    expect((await known.post('/device', { ...form, decision: 'allow' })).text).toContain('Your device is connected');
    expect((await known.post('/device', { ...form, decision: 'allow' })).text).toContain(NOT_THERE);
  });
  it('is decided once: of a yes and a no at the same time one counts', async () => {
    const b = await loggedIn(await scene.account()), begun = await begin(), form = formOn(await enter(b, begun.user_code));
    const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => b.post('/device', { ...form, decision: i % 2 ? 'allow' : 'deny' })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await scene.database.collection<GrantDocument>('grants').countDocuments({ _id: (await authorizations().findOne({ _id: idOf(begun) }))?.grant_id ?? 'none' })).toBe(answers.some(({ text }) => text.includes('is connected')) ? 1 : 0);
  });
  it('is told of a no, at once, and so is the trail', async () => {
    const begun = await begin(), id = scene.requestId(), denied = await decide(known, begun, 'deny', form => form, { 'x-request-id': id });
    expect([denied.status, denied.text.includes('The device gets nothing')]).toEqual([200, true]);
    expect((await scene.eventsOf(id)).map(({ type, data }) => [type, data?.['account_id'], data?.['application_id']])).toEqual([['device.denied', alice._id, phone._id]]);
    const refused = scene.requestId();
    expect(errorOf(await poll(begun, phone, 0, { 'x-request-id': refused }))).toEqual([400, 'access_denied']);
    expect((await scene.eventsOf(refused)).map(({ type, data }) => [type, data?.['reason'], data?.['grant_type']])).toEqual([['token.rejected', 'authorization_denied', DEVICE_CODE]]);
  });
  it('S24: an application that was changed since it was shown is shown again', async () => {
    const application = await desk({ scope: 'rest' }), begun = await begin(application), form = formOn(await enter(known, begun.user_code));
    await scene.database.collection<ApplicationDocument>('applications').updateOne({ _id: application._id }, { $set: { name: 'Payroll' }, $inc: { version: 1 } });
    const again = await known.post('/device', { ...form, decision: 'allow' });
    expect([again.status, again.text.includes('was changed a moment ago'), again.text.includes('Payroll')]).toEqual([409, true, true]);
    expect(errorOf(await poll(begun, application))).toEqual([400, 'authorization_pending']);
  });
  it('S21, S25: the pages stand in no frame, run nothing, and a name that would be markup is inert', async () => {
    const application = await desk({ name: '<script>alert(1)</script>\u202e' }), begun = await begin(application);
    const pages = [await known.get('/device'), await enter(known, '"><img src=x>'), await enter(known, begun.user_code), await decide(known, begun, 'deny')];
    for (const page of pages) {
      expect(page.headers).toMatchObject({ 'x-frame-options': 'DENY', 'cache-control': 'no-store', 'referrer-policy': 'same-origin' });
      expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/);
      expect(page.text).not.toMatch(/<script|<img src=x|style=|\u202e/i);
    }
    expect(pages[2]?.text).toContain('<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>');
  });
  it('stands under the tenant\'s name and logo', async () => {
    const logo = Buffer.from('89504e470d0a1a0a', 'hex');
    await scene.database.collection<TenantDocument>('tenants').updateOne({ _id: scene.tenant.id }, { $set: { logo } });
    for (const page of [await known.get('/device'), await enter(known, (await begin()).user_code)]) expect(page.text).toContain(`<img alt="" src="data:image/png;base64,${logo.toString('base64')}">`);
  });
});

describe('S56: polls', () => {
  it('too early ones slow down by five seconds, on every instance; nobody in time, and it is over', async () => {
    const begun = await begin();
    await set(begun, { interval: 50 });
    expect([(await poll(begun)).json['error'], (await poll(begun, phone, 1)).json['error'], (await poll(begun)).json['error']]).toEqual(['authorization_pending', 'slow_down', 'slow_down']);
    expect((await authorizations().findOne({ _id: idOf(begun) }))?.interval).toBe(60);
    await set(begun, { expires_at: new Date() });
    expect(errorOf(await poll(await rested(begun)))).toEqual([400, 'expired_token']);
    expect((await enter(known, begun.user_code)).text).toContain(NOT_THERE);
  });
  it('of a device that waits are no refusals in the trail', async () => {
    const begun = await begin(), ids = [scene.requestId(), scene.requestId(), scene.requestId()];
    for (const id of ids.slice(0, 2)) await poll(begun, phone, 0, { 'x-request-id': id });
    await scene.token({ grant_type: DEVICE_CODE, device_code: 'x', ...client(phone) }, { headers: { 'x-request-id': ids[2] ?? '' } });
    await scene.eventsOf(ids[2] ?? '');
    expect(await scene.database.collection('audit_events').countDocuments({ 'data.request_id': { $in: ids } })).toBe(1);
  });
  it('S44: of 50 at once, over two instances, exactly one gets tokens, of the one grant there is', async () => {
    const begun = await approved();
    await set(begun, { interval: 60 });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => poll(begun, phone, i)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(new Set(answers.filter(({ status }) => status !== 200).map(answer => answer.json['error']))).toEqual(new Set(['slow_down']));
    const grant_id = (await authorizations().findOne({ _id: idOf(begun) }))?.grant_id ?? '';
    expect(await scene.database.collection('access_tokens').countDocuments({ grant_id })).toBe(1);
  });
  it('a lost answer is given again, the same one; after the grace it is a replay, which ends everything', async () => {
    const begun = await approved(), first = await poll(begun), again = await poll(await rested(begun), phone, 1);
    expect([first.status, again.status, again.json['refresh_token'], again.json['access_token'] === first.json['access_token']]).toEqual([200, 200, first.json['refresh_token'], false]);
    await set(begun, { used_at: new Date(Date.now() - 61_000) });
    const id = scene.requestId();
    expect(errorOf(await poll(await rested(begun), phone, 0, { 'x-request-id': id }))).toEqual([400, 'invalid_grant']);
    expect((await scene.eventsOf(id, 2)).map(({ type, data }) => [type, data?.['reason']]).sort()).toEqual([['grant.revoked', 'device_code_replay'], ['token.rejected', 'invalid_grant']]);
    expect((await scene.introspect(textOf(first, 'access_token'), 1)).json).toEqual({ active: false });
    expect((await scene.token({ grant_type: 'refresh_token', refresh_token: textOf(first, 'refresh_token'), ...client(phone) })).json['error']).toBe('invalid_grant');
  });
  it('of another client get nothing and disturb nobody', async () => {
    const begun = await approved(), other = await desk();
    for (let i = 0; i < 3; i++) expect(errorOf(await poll(begun, other, i))).toEqual([400, 'invalid_grant']);
    expect(errorOf(await poll(begun, { ...phone, client_id: 'f'.repeat(32) }))).toEqual([401, 'invalid_client']);
    for (const device_code of [idOf(begun), begun.user_code, begun.user_code.replaceAll('-', ''), `${begun.device_code}A`, begun.device_code.slice(1), '__proto__']) expect(errorOf(await poll({ ...begun, device_code }))).toEqual([400, 'invalid_grant']);
    expect((await poll(begun)).status).toBe(200);
  });
  it('S51, S74: get nothing once the account was blocked, the application disabled or the tenant signed out, whether somebody had approved or not', async () => {
    const bob = await scene.account(), closed = await desk(), ofBob = await approved(phone, await loggedIn(bob)), ofClosed = await begin(closed);
    const other = await SeededTenant.in(scene.database), carol = await other.account(), foreign = await other.application(carol._id, { type: 'native', secrets: [], scope: 'rest' }), b = await loggedIn(carol);
    scene.secrets.add(carol.password);
    const waiting = await begin(foreign), given = await begin(foreign);
    expect((await enter(known, waiting.user_code)).text).toContain(NOT_THERE);
    const form = formOn(await enter(b, waiting.user_code));
    await decide(b, given, 'allow');
    const out = { sign_out_version: 2, rights_version: 2 };
    await scene.database.collection<AccountDocument>('accounts').updateOne({ _id: bob._id }, { $set: { status: 'blocked', ...out } });
    await scene.database.collection<ApplicationDocument>('applications').updateOne({ _id: closed._id }, { $set: { status: 'disabled', ...out } });
    await scene.database.collection<TenantDocument>('tenants').updateOne({ _id: other.id }, { $set: out });
    expect((await enter(known, ofClosed.user_code)).text).toContain(NOT_THERE);
    const told = (begun: Begun, application: Application, error: string) => eventually(error, async () => (await poll(await rested(begun), application)).json['error'] === error);
    const [answer] = await Promise.all([
      eventually('the end of the session', async () => { const one = await b.post('/device', { ...form, decision: 'deny' }); return one.status === 303 && one; }),
      told(ofBob, phone, 'expired_token'), told(ofClosed, closed, 'unauthorized_client'), told(waiting, foreign, 'expired_token'), told(given, foreign, 'expired_token'),
    ]);
    expect(sentTo(answer).pathname).toBe('/login');
    expect(errorOf(await asked(closed))).toEqual([400, 'unauthorized_client']);
  });
});

describe('S56: what may begin, and how often a code may be guessed', () => {
  it('begins for native applications of an active state only, for scopes of theirs, by POST', async () => {
    const secret = await scene.native(alice), web = await scene.application(alice, { type: 'web_server' });
    expect((await asked(secret)).status).toBe(200);
    const refused: [Application, Record<string, string>, [number, string]][] = [
      [web, {}, [400, 'unauthorized_client']], [phone, { scope: 'gql' }, [400, 'invalid_scope']], [phone, { scope: 'rest:nothing' }, [400, 'invalid_scope']], [{ ...secret, secrets: [] }, {}, [401, 'invalid_client']],
      [{ ...secret, secret: 'wrong' }, {}, [401, 'invalid_client']], [phone, { client_id: 'api' }, [400, 'unauthorized_client']],
    ];
    for (const [application, form, error] of refused) expect([application.name, errorOf(await asked(application, form))]).toEqual([application.name, error]);
    const get = await send(scene.url('/oauth/device_authorization'), { method: 'GET' });
    expect([...errorOf(get), get.headers.allow]).toEqual([405, 'method_not_allowed', 'POST']);
    expect(errorOf(await scene.post('/oauth/device_authorization', `client_id=${phone.client_id}&scope=rest&scope=rest`))).toEqual([400, 'invalid_request']);
  });
  it('begins a bounded number of times a minute from one address, and so do authorization requests where nobody is logged in', async () => {
    const headers = fresh(), begun = await Promise.all(Array.from({ length: BEGINNINGS + 10 }, (_, instance) => asked(phone, {}, { headers, instance })));
    expect(begun.filter(({ status }) => status === 200)).toHaveLength(BEGINNINGS);
    for (const answer of begun.filter(({ status }) => status !== 200)) expect([...errorOf(answer), Number(answer.headers['retry-after']) > 0]).toEqual([429, 'rate_limit_exceeded', true]);
    expect((await asked(phone)).status).toBe(200);
    const web = await scene.application(alice, { type: 'web_server', redirect_uris: ['https://app.example.com/cb'] }), path = `/oauth/authorize?response_type=code&client_id=${web.client_id}`;
    const sent = await Promise.all(Array.from({ length: BEGINNINGS + 10 }, () => new TestBrowser(scene, issuer).get(path, { headers })));
    expect(sent.filter(({ status }) => status === 303)).toHaveLength(BEGINNINGS);
    for (const answer of sent.filter(({ status }) => status !== 303)) expect([answer.status, answer.headers.location, answer.headers['content-type']]).toEqual([429, undefined, 'text/html; charset=utf-8']);
    expect((await known.get(path, { headers })).status).toBe(303);
  });
  it('of 60 wrong codes at once, over two instances, no more are looked for than ten; right ones cost nothing, and nobody else is kept out', async () => {
    const bob = await scene.account(), b = await loggedIn(bob), headers = fresh(), begun = await begin(), form = formOn(await b.get('/device'));
    for (let i = 0; i < GUESSES + 2; i++) expect((await enter(b, begun.user_code, headers)).text).toContain('Desk phone');
    const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => b.post('/device', { ...form, user_code: `000-000-0${String(i).padStart(2, '0')}` }, headers)));
    const looked = answers.filter(({ text }) => text.includes(NOT_THERE)).length;
    expect(looked).toBeGreaterThan(0);
    expect(looked).toBeLessThanOrEqual(GUESSES);
    for (const answer of answers.filter(({ text }) => !text.includes(NOT_THERE))) expect([answer.status, Number(answer.headers['retry-after']) > 0]).toEqual([429, true]);
    const late = await b.post('/device', { ...form, user_code: begun.user_code }, headers);
    expect([late.status, late.text.includes('Too many wrong codes'), late.text.includes('Desk phone')]).toEqual([429, true, false]);
    expect((await enter(known, begun.user_code, headers)).text).toContain('Desk phone');
    for (const typed of ['', '12345678', 'abc', '1'.repeat(400)]) expect((await enter(known, typed)).status).toBe(400);
  });
});

test('S85: no device code, cookie or token stands in a log, an event or the database', async () => {
  await scene.nothingLeaked(30, await scene.application(alice));
});
