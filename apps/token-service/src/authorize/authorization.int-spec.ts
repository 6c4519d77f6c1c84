import { ApplicationDocument } from '@strowger/models/applications/applications.schema';
import { GrantDocument } from '@strowger/models/grants/grants.schema';
import { TenantDocument } from '@strowger/models/tenants/tenants.schema';
import { Account, Answer, Application, errorOf, send, textOf, TokenScene } from '../token-service.fixture';
import { eventually } from '../../../../test/system';
import { formOn, parametersOf, pkce, sentTo, TestBrowser } from './browser.fixture';

const CALLBACK = 'https://app.example.com/cb', OTHER_CALLBACK = 'https://app.example.com/other?tenant=7', PHONE = 'com.example.phone:/cb';
let scene: TokenScene, alice: Account, web: Application, wide: Application, native: Application, robot: Application, issuer: string;
/** Alice, logged in, with consent given to `web`. */
let known: TestBrowser;
beforeAll(async () => {
  scene = await TokenScene.start('authorization');
  issuer = scene.system.url('portal-service').replace('127.0.0.1', 'localhost');
  alice = await scene.account();
  [web, wide, native, robot] = await Promise.all([
    scene.application(alice, { type: 'web_server', scope: 'gql rest', redirect_uris: [CALLBACK] }), scene.application(alice, { type: 'web_server', scope: 'rest', redirect_uris: [CALLBACK, OTHER_CALLBACK] }),
    scene.application(alice, { type: 'native', scope: 'rest', secrets: [], redirect_uris: ['http://127.0.0.1/cb', 'http://localhost/cb', PHONE] }), scene.application(alice, { redirect_uris: [CALLBACK] }),
  ]);
  known = browser();
  expect(parametersOf(await known.allow(web, alice))).toHaveProperty('code');
});
afterAll(() => scene.stop());

const browser = (): TestBrowser => new TestBrowser(scene, issuer);
const S256 = { code_challenge: pkce().challenge, code_challenge_method: 'S256' };
/** What a person is told, and nobody else. */
function isPage(answer: Answer, status = 400): void {
  expect([answer.status, answer.headers.location, answer.text.slice(0, 15)]).toEqual([status, undefined, '<!doctype html>']);
  expect(answer.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'x-frame-options': 'DENY' });
}
/** What the application is told: the error at its redirect URI, with state and issuer. */
function isRed(answer: Answer, error: string, callback = CALLBACK): void {
  const { error_description, ...rest } = parametersOf(answer);
  expect([answer.status, answer.headers.location?.startsWith(callback), rest]).toEqual([303, true, { ...Object.fromEntries(new URL(callback).searchParams), error, state: 's', iss: issuer }]);
  expect(error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]{3,300}$/);
}
const raw = (query: string): Promise<Answer> => known.get(`/oauth/authorize?${query}`);
const code = async (params: Record<string, string> = {}): Promise<string> => {
  const { code: found } = parametersOf(await known.authorize(web, params));
  if (found === undefined) throw new Error('no code');
  scene.secrets.add(found);
  return found;
};
const exchange = (application: Application, form: Record<string, string>, instance = 0): Promise<Answer> =>
  scene.token({ grant_type: 'authorization_code', client_id: application.client_id, ...(application.secrets.length > 0 && { client_secret: application.secret }), ...form }, { instance });
const grantsOf = () => scene.database.collection<GrantDocument>('grants');
const grantOf = (text: string): string => Buffer.from(text, 'base64url').subarray(0, 16).toString('base64url');
/** As if the database's clock had gone on since the code was issued or used. */
const age = (text: string, field: 'code.issued_at' | 'code.used_at', seconds: number) => grantsOf().updateOne({ _id: grantOf(text) }, { $set: { [field]: new Date(Date.now() - seconds * 1000) } });

describe('the authorization endpoint', () => {
  it('S1: answers a good request with code, state and issuer, tells nobody where it came from, and the code gives tokens that refresh', async () => {
    const b = browser(), { verifier, challenge } = pkce();
    const answer = await b.allow(wide, alice, { state: 's', redirect_uri: OTHER_CALLBACK, code_challenge: challenge, code_challenge_method: 'S256', scope: 'all' });
    expect(answer.status).toBe(303);
    expect(answer.headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store', pragma: 'no-cache' });
    const { code: found = '', ...rest } = parametersOf(answer);
    expect([answer.headers.location?.startsWith(`${OTHER_CALLBACK}&code=`), rest]).toEqual([true, { tenant: '7', state: 's', iss: issuer }]);
    const id = scene.requestId(), token = await scene.token({ grant_type: 'authorization_code', client_id: wide.client_id, client_secret: wide.secret, code: found, redirect_uri: OTHER_CALLBACK, code_verifier: verifier }, { headers: { 'x-request-id': id }, instance: 1 });
    expect([token.status, token.json['scope'], token.json['token_type']]).toEqual([200, 'rest', 'Bearer']);
    expect((await scene.introspect(textOf(token, 'access_token'))).json).toMatchObject({ active: true, sub: alice._id, client_id: wide.client_id, scope: 'rest', grant_id: grantOf(found) });
    const refreshed = await scene.refresh(wide, textOf(token, 'refresh_token'), { scope: 'rest:calllog:read' });
    expect([refreshed.status, refreshed.json['scope']]).toEqual([200, 'rest:calllog:read']);
    expect((await scene.eventsOf(id)).map(({ type, data }) => [type, data?.['grant_type']])).toEqual([['token.issued', 'authorization_code']]);
  });
  it('takes the same request as a POST', async () => {
    const { code: found } = parametersOf(await known.post('/oauth/authorize', { response_type: 'code', client_id: web.client_id }));
    expect(found).toHaveLength(64);
    isPage(await known.post('/oauth/authorize', `response_type=code&client_id=${web.client_id}&state=1&state=2`));
  });
  it('S2: tells the person where client_id is missing, empty, unknown, or no client_id at all', async () => {
    for (const query of ['response_type=code', 'response_type=code&client_id=', 'response_type=code&client_id=nobody', 'response_type=code&client_id=%00', 'client_id[$ne]=x', `response_type=code&client_id=${web._id}`, '', `client_id=__proto__&redirect_uri=${CALLBACK}`]) isPage(await raw(query));
  });
  it('S3: tells the person where the redirect URI is not registered, or not said where there are several, or none can be', async () => {
    isPage(await known.authorize(web, { redirect_uri: 'https://evil.example.com/cb' }));
    isPage(await known.authorize(wide));
    const without = await known.authorize(await scene.application(alice, { type: 'web_server' }));
    isPage(without);
    expect(without.text).toContain('its owner registers one');
    expect(parametersOf(await known.authorize(web))).toHaveProperty('code');
  });
  it('S4: takes nothing that is nearly the registered redirect URI', async () => {
    const near = [
      '/', '?x=1', '?', '#f', '#', '%20', ' ', '/..', '%2f..%2fx', '/%252e%252e/x', ';/../x', '%0d%0aLocation:x', '\\', '@evil.example.com', '.evil.example.com', '%00',
    ].map(tail => `${CALLBACK}${tail}`);
    const other = [
      'https://app.example.com/CB', 'https://app.example.com:443/cb', 'https://app.example.com.evil.example/cb', 'http://app.example.com/cb', '//app.example.com/cb', 'https:/app.example.com/cb', 'https://app.example.com\\@evil.example/cb',
      'https://user@app.example.com/cb', 'https://app.example.com@evil.example/cb', 'https://APP.example.com/cb', 'https://app.example.com/./cb', 'https://app.example.com/x/../cb', 'https://app.example.com//cb', 'https://аpp.example.com/cb',
      'javascript:alert(1)', 'data:text/html,x', 'https://app.example.com/c%62', ' https://app.example.com/cb', 'HTTPS://app.example.com/cb', `${CALLBACK} ${OTHER_CALLBACK}`, 'null', 'urn:ietf:wg:oauth:2.0:oob',
    ];
    for (const redirect_uri of [...near, ...other]) isPage(await known.authorize(web, { redirect_uri }));
  });
  it('S5: lets the port of a registered loopback address float, and no other part of it, nor the name localhost', async () => {
    const b = browser();
    for (const redirect_uri of ['http://127.0.0.1:51004/cb', 'http://127.0.0.1/cb', 'http://localhost/cb', PHONE]) expect(sentTo(await b.authorize(native, { redirect_uri, ...S256 })).pathname).toBe('/login');
    for (const redirect_uri of ['http://127.0.0.1:51004/other', 'http://127.0.0.2:51004/cb', 'http://localhost:51004/cb', 'https://127.0.0.1:51004/cb', 'http://127.0.0.1:0/cb', 'http://127.0.0.1:65536/cb', 'http://[::1]:51004/cb', 'com.example.phone:/other']) isPage(await b.authorize(native, { redirect_uri, ...S256 }));
  });
  it('S7: answers with exactly one code, whatever the request adds', async () => {
    const answer = await raw(`response_type=code&client_id=${web.client_id}&state=mine&code=attacker&iss=attacker`);
    expect(sentTo(answer).searchParams.getAll('code')).toHaveLength(1);
    expect(parametersOf(answer)).toMatchObject({ state: 'mine', iss: issuer, code: expect.not.stringContaining('attacker') as string });
  });
  it('S9: tells the application where response_type is missing, unknown, or not its type\'s', async () => {
    isRed(await raw(`client_id=${web.client_id}&state=s`), 'invalid_request');
    for (const response_type of ['code token', 'id_token', 'none', '__proto__', 'CODE']) isRed(await known.authorize(web, { response_type, state: 's' }), 'unsupported_response_type');
    isRed(await known.authorize(robot, { state: 's' }), 'unauthorized_client');
  });
  it('S10: moves no answer anywhere else by response_mode', async () => {
    for (const response_mode of ['fragment', 'form_post', 'web_message', 'query.jwt']) isRed(await known.authorize(web, { response_mode, state: 's' }), 'invalid_request');
    expect(parametersOf(await known.authorize(web, { response_mode: 'query' }))).toHaveProperty('code');
  });
  it('S11: tells the person of a second client_id or redirect_uri, the application of any other parameter sent twice or badly', async () => {
    const good = `response_type=code&client_id=${web.client_id}&redirect_uri=${encodeURIComponent(CALLBACK)}`;
    for (const more of [`client_id=${web.client_id}`, 'redirect_uri=https://evil.example.com', 'redirect_uri=']) isPage(await raw(`${good}&${more}`));
    for (const more of ['scope=rest&scope=gql', 'response_type=code', 'x=1&x=2', 'prompt[]=none', '__proto__=1', 'scope=%zz', 'scope=%00']) isRed(await raw(`${good}&state=s&${more}`), 'invalid_request');
    expect(parametersOf(await raw(`${good}&state=a&state=b`))).toEqual({ error: 'invalid_request', error_description: expect.any(String) as string, iss: issuer });
  });
  it('S12: refuses a scope that is unknown or not the application\'s, or no scope', async () => {
    for (const scope of ['strowger:audit:read', 'rest:nothing:read', 'REST', '$where', ' ', 'openid']) isRed(await known.authorize(web, { scope, state: 's' }), 'invalid_scope');
  });
  it('S13: ignores a parameter that it does not know', async () => {
    expect(parametersOf(await known.authorize(web, { nonce: 'x', max_age: '0', request_uri: 'https://evil.example.com', 'scope ': 'y' }))).toHaveProperty('code');
  });
  it('S14: gives a state of 2 KB of any characters back as it was, and takes none of 64 KB', async () => {
    for (const state of ['é€😀 +&=%#"\'<>/?;'.repeat(60), 'x'.repeat(4096), ' ', '+']) expect(parametersOf(await known.authorize(web, { state }))['state']).toBe(state);
    isPage(await known.authorize(web, { state: 'x'.repeat(4097) }));
    expect((await known.authorize(web, { state: 'x'.repeat(65_536) })).status).toBe(431);
    isPage(await known.post('/oauth/authorize', { response_type: 'code', client_id: web.client_id, state: 'x'.repeat(65_536) }), 413);
  });
  it('S15: takes PKCE by S256 only, and nothing from a public client without it', async () => {
    const answers = { redirect_uri: PHONE, state: 's' };
    const red = async (params: Record<string, string>): Promise<void> => { isRed(await known.authorize(native, { ...answers, ...params }), 'invalid_request', PHONE); };
    await red({});
    for (const code_challenge of ['x', S256.code_challenge.slice(1), `${S256.code_challenge}x`, `${S256.code_challenge.slice(1)}=`, `${S256.code_challenge.slice(1)}+`, `${S256.code_challenge.slice(0, 42)}B`]) await red({ code_challenge, code_challenge_method: 'S256' });
    for (const code_challenge_method of ['plain', 's256', 'S512', 'none']) await red({ ...S256, code_challenge_method });
    await red({ code_challenge: S256.code_challenge });
    isRed(await known.authorize(web, { code_challenge_method: 'S256', state: 's' }), 'invalid_request');
  });
  it('S18: has no CORS headers', async () => {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      const { headers } = await send(scene.url(`/oauth/authorize?response_type=code&client_id=${web.client_id}`), { method, headers: { origin: 'https://app.example.com', 'access-control-request-method': 'GET' } });
      expect(Object.keys(headers).filter(name => name.startsWith('access-control'))).toEqual([]);
    }
  });
  it('S19: with prompt=none never shows a page: login_required, consent_required, or a code', async () => {
    isRed(await browser().authorize(web, { prompt: 'none', state: 's' }), 'login_required');
    isRed(await known.authorize(await scene.application(alice, { type: 'web_server', redirect_uris: [CALLBACK] }), { prompt: 'none', state: 's' }), 'consent_required');
    expect(parametersOf(await known.authorize(web, { prompt: 'none' }))).toHaveProperty('code');
    for (const prompt of ['none login', 'select_account', 'create']) isRed(await known.authorize(web, { prompt, state: 's' }), 'invalid_request');
  });
  it('tells the person of an application that is disabled, and does not know one that is deleted', async () => {
    for (const status of ['disabled', 'deleted'] as const) isPage(await known.authorize(await scene.application(alice, { type: 'web_server', redirect_uris: [CALLBACK], status })));
  });
  it('S16: sends nobody who is not logged in to a website that somebody registered a moment ago, but by a link that says where it leads', async () => {
    const applications = scene.database.collection<ApplicationDocument>('applications'), day = 24 * 3600_000;
    const fresh = await scene.application(alice, { type: 'web_server', scope: 'rest', redirect_uris: [CALLBACK, 'http://127.0.0.1/cb'], redirect_uris_at: new Date(), name: '<b>Free minutes</b>' });
    for (const params of [{ scope: 'nothing' }, { response_type: 'x' }, { prompt: 'none' }, { response_type: '' }]) {
      const held = await browser().authorize(fresh, { redirect_uri: CALLBACK, state: 's', ...params });
      isPage(held);
      expect(held.text).toContain('&lt;b&gt;Free minutes&lt;/b&gt;');
      expect(held.text).toContain('<a class="button second" rel="noreferrer" href="https://app.example.com/cb?error=');
    }
    expect(sentTo(await browser().authorize(fresh, { redirect_uri: CALLBACK })).pathname).toBe('/login');
    isRed(await browser().authorize(fresh, { redirect_uri: 'http://127.0.0.1/cb', scope: 'nothing', state: 's' }), 'invalid_scope', 'http://127.0.0.1/cb');
    isRed(await known.authorize(fresh, { redirect_uri: CALLBACK, scope: 'nothing', state: 's' }), 'invalid_scope');
    await applications.updateOne({ _id: fresh._id }, { $set: { redirect_uris_at: new Date(Date.now() - day) } });
    await eventually('the end of the day', async () => (await browser().authorize(fresh, { redirect_uri: CALLBACK, scope: 'nothing', state: 's' })).status === 303);
  });
  it('takes what was registered a moment ago', async () => {
    const late = await scene.application(alice, { type: 'web_server', redirect_uris: [] });
    isPage(await known.authorize(late));
    await scene.database.collection<ApplicationDocument>('applications').updateOne({ _id: late._id }, { $set: { redirect_uris: [CALLBACK] } });
    await eventually('the new redirect URI', async () => (await known.authorize(late)).status === 303);
  });
});

describe('the implicit grant', () => {
  const SPA = 'https://spa.example.com/cb', tenants = () => scene.database.collection<TenantDocument>('tenants');
  const fragmentOf = (answer: Answer): Record<string, string> => Object.fromEntries(new URLSearchParams(sentTo(answer).hash.slice(1)));
  let page: Application;
  const on = (fields: Partial<TenantDocument>) => tenants().updateOne({ _id: scene.tenant.id }, { $set: fields, $unset: { ...('implicit_grant_until' in fields ? {} : { implicit_grant_until: 1 }) } });
  /** Until every instance knows it. */
  const everywhere = (error: string): Promise<true> => eventually(`implicit: ${error}`, async () =>
    (await Promise.all(scene.instances.map(() => known.authorize(page, { response_type: 'token', prompt: 'none' })))).every(answer => fragmentOf(answer)['error'] === error) && true);
  beforeAll(async () => { page = await scene.application(alice, { type: 'browser', scope: 'rest gql', secrets: [], redirect_uris: [SPA] }); });

  it('S9: is off in a tenant until it is turned on, is for browser-based applications only, and ends on its day', async () => {
    for (const [client, callback] of [[page, SPA], [web, CALLBACK], [wide, OTHER_CALLBACK], [robot, CALLBACK]] as const) {
      const answer = await known.authorize(client, { response_type: 'token', state: 's', redirect_uri: callback });
      expect([answer.status, answer.headers.location?.startsWith(`${callback}#error=unauthorized_client&`), fragmentOf(answer)['state'], fragmentOf(answer)['iss']]).toEqual([303, true, 's', issuer]);
    }
    await on({ implicit_grant: true, implicit_grant_until: new Date(Date.now() - 1000) });
    expect(fragmentOf(await known.authorize(page, { response_type: 'token' }))['error_description']).toMatch(/^the implicit grant (is off|has ended)/);
  });
  it('S9, S10: where it is on gives a token in the fragment only, without a refresh token; turned off between question and answer it gives nothing', async () => {
    await on({ implicit_grant: true });
    await everywhere('consent_required');
    for (const response_mode of ['query', 'form_post']) expect(fragmentOf(await known.authorize(page, { response_type: 'token', response_mode }))['error']).toBe('invalid_request');
    const asked = await known.authorize(page, { response_type: 'token', state: 's', scope: 'rest:calllog' }), id = scene.requestId();
    const answer = await known.post('/oauth/authorize/decision', { ...formOn(await known.get(sentTo(asked).pathname + sentTo(asked).search)), decision: 'allow' }, { 'x-request-id': id });
    const { access_token = '', ...rest } = fragmentOf(answer);
    scene.secrets.add(access_token);
    expect([answer.headers.location?.startsWith(`${SPA}#access_token=`), sentTo(answer).search, rest]).toEqual([true, '', { token_type: 'Bearer', expires_in: '3600', scope: 'rest:calllog', state: 's', iss: issuer }]);
    expect((await scene.introspect(access_token)).json).toMatchObject({ active: true, sub: alice._id, client_id: page.client_id, scope: 'rest:calllog' });
    expect((await scene.eventsOf(id, 3)).map(({ type, data }) => [type, data?.['grant_type']]).sort()).toEqual([['consent.granted', undefined], ['grant.created', undefined], ['token.issued', 'implicit']]);
    expect(await grantsOf().findOne({ application_id: page._id })).toMatchObject({ grant_type: 'implicit', status: 'active' });
    const denied = await known.decide(await known.authorize(page, { response_type: 'token', prompt: 'consent' }), 'deny');
    expect([fragmentOf(denied)['error'], sentTo(denied).search]).toEqual(['access_denied', '']);
    const open = await known.authorize(page, { response_type: 'token', prompt: 'consent', state: 's' });
    await on({ implicit_grant: false });
    const late = await known.decide(open, 'allow');
    expect([fragmentOf(late)['error'], fragmentOf(late)['access_token']]).toEqual(['unauthorized_client', undefined]);
  });
});

describe('the exchange of a code', () => {
  it('S43: a second use is refused, at once without harm; later it also ends what the first gave, and is told once', async () => {
    const text = await code(), first = await exchange(web, { code: text }), token = textOf(first, 'access_token');
    expect(errorOf(await exchange(web, { code: text }, 1))).toEqual([400, 'invalid_grant']);
    expect((await scene.introspect(token)).json['active']).toBe(true);
    await age(text, 'code.used_at', 30);
    const id = scene.requestId(), replay = await scene.token({ grant_type: 'authorization_code', client_id: web.client_id, client_secret: web.secret, code: text }, { headers: { 'x-request-id': id } });
    expect(errorOf(replay)).toEqual([400, 'invalid_grant']);
    expect((await scene.introspect(token, 1)).json).toEqual({ active: false });
    expect(errorOf(await scene.refresh(web, textOf(first, 'refresh_token')))).toEqual([400, 'invalid_grant']);
    expect((await scene.eventsOf(id, 2)).map(({ type, data }) => [type, data?.['reason']]).sort()).toEqual([['grant.revoked', 'authorization_code_replay'], ['token.rejected', 'invalid_grant']]);
    expect(errorOf(await exchange(web, { code: text }))).toEqual([400, 'invalid_grant']);
  });
  it('S43: a replay is one after the code\'s own end, too', async () => {
    const text = await code(), token = textOf(await exchange(web, { code: text }), 'access_token');
    await age(text, 'code.issued_at', 3600);
    await age(text, 'code.used_at', 3600);
    expect(errorOf(await exchange(web, { code: text }))).toEqual([400, 'invalid_grant']);
    expect((await scene.introspect(token)).json).toEqual({ active: false });
  });
  it('S44: of 50 at once, over two instances, exactly one gets tokens', async () => {
    const text = await code(), answers = await Promise.all(Array.from({ length: 50 }, (_, i) => exchange(web, { code: text }, i)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(answer => answer.status !== 200).map(errorOf)).toEqual(Array.from({ length: 49 }, () => [400, 'invalid_grant']));
    expect(await scene.database.collection('access_tokens').countDocuments({ grant_id: grantOf(text) })).toBe(1);
  });
  it('S45: another client\'s attempt, another redirect URI, and a code past its end get nothing; none of it burns the code', async () => {
    const text = await code({ redirect_uri: CALLBACK }), forms = [{ code: text }, { code: text, redirect_uri: `${CALLBACK}/` }, { code: text, redirect_uri: OTHER_CALLBACK }];
    for (const form of forms) expect(errorOf(await exchange(web, form))).toEqual([400, 'invalid_grant']);
    expect(errorOf(await exchange(wide, { code: text, redirect_uri: CALLBACK }))).toEqual([400, 'invalid_grant']);
    expect(errorOf(await exchange({ ...web, secret: 'wrong' }, { code: text, redirect_uri: CALLBACK }))).toEqual([401, 'invalid_client']);
    expect(errorOf(await exchange(native, { code: text, redirect_uri: CALLBACK }))).toEqual([400, 'invalid_grant']);
    expect((await exchange(web, { code: text, redirect_uri: CALLBACK })).status).toBe(200);
    const late = await code();
    await age(late, 'code.issued_at', 60);
    expect(errorOf(await exchange(web, { code: late }))).toEqual([400, 'invalid_grant']);
    const unnamed = await code();
    expect(errorOf(await exchange(web, { code: unnamed, redirect_uri: OTHER_CALLBACK }))).toEqual([400, 'invalid_grant']);
    expect((await exchange(web, { code: unnamed, redirect_uri: CALLBACK })).status).toBe(200);
  });
  it('S46: asks for the verifier of the challenge, and for none where there was no challenge; no wrong one burns the code', async () => {
    const { verifier, challenge } = pkce(), text = await code({ code_challenge: challenge, code_challenge_method: 'S256' });
    const wrong = [pkce().verifier, verifier.slice(0, 42), 'x'.repeat(129), challenge, `${verifier}x`, `${verifier.slice(1)}ä`];
    for (const form of [{}, ...wrong.map(code_verifier => ({ code_verifier }))]) expect(errorOf(await exchange(web, { code: text, ...form }))).toEqual([400, 'invalid_grant']);
    expect((await exchange(web, { code: text, code_verifier: verifier })).status).toBe(200);
    const plain = await code();
    expect(errorOf(await exchange(web, { code: plain, code_verifier: verifier }))).toEqual([400, 'invalid_grant']);
    expect((await exchange(web, { code: plain })).status).toBe(200);
  });
  it('a page may read the answer only at an origin of its application\'s redirect URIs, and metadata anywhere', async () => {
    const page = await scene.application(alice, { type: 'browser', scope: 'rest', secrets: [], redirect_uris: ['https://spa.example.com/cb', 'http://localhost:5173/'] }), { verifier, challenge } = pkce();
    const granted = parametersOf(await known.decide(await known.authorize(page, { redirect_uri: 'http://localhost:5173/', code_challenge: challenge, code_challenge_method: 'S256' }), 'allow'))['code'] ?? '';
    const allowed = (answer: Answer) => [answer.headers['access-control-allow-origin'], answer.headers['access-control-allow-credentials']];
    const from = (origin: string, client: Application, form: Record<string, string> = {}): Promise<Answer> => scene.token({ grant_type: 'authorization_code', client_id: client.client_id, code: granted, ...form }, { headers: { origin } });
    for (const origin of ['https://evil.example.com', 'https://spa.example.com.evil.example', 'http://localhost:5174', 'http://spa.example.com', 'null', 'https://SPA.example.com', '']) expect(allowed(await from(origin, page))).toEqual([undefined, undefined]);
    expect(allowed(await from('https://app.example.com', web, { client_secret: web.secret }))).toEqual([undefined, undefined]);
    const refused = await from('https://spa.example.com', page), good = await from('http://localhost:5173', page, { code_verifier: verifier, redirect_uri: 'http://localhost:5173/' });
    expect([refused.status, ...allowed(refused), refused.headers['vary']]).toEqual([400, 'https://spa.example.com', undefined, 'Origin']);
    expect([good.status, ...allowed(good)]).toEqual([200, 'http://localhost:5173', undefined]);
    const metadata = await send(scene.url('/.well-known/oauth-authorization-server'), { method: 'GET', headers: { origin: 'https://anyone.example' } });
    expect([metadata.status, ...allowed(metadata)]).toEqual([200, '*', undefined]);
    expect(allowed(await send(scene.url('/oauth/token'), { method: 'OPTIONS', headers: { origin: 'https://spa.example.com', 'access-control-request-method': 'POST' } }))).toEqual([undefined, undefined]);
  });
  it('refuses what is no code, and a code changed in any character', async () => {
    const text = await code(), flipped = [0, 30, 63].map(at => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1));
    expect(errorOf(await exchange(web, {}))).toEqual([400, 'invalid_request']);
    for (const wrong of [...flipped, `${text}A`, text.slice(0, -1), text.toLowerCase(), 'x', '__proto__']) expect(errorOf(await exchange(web, { code: wrong }))).toEqual([400, 'invalid_grant']);
    const login = await scene.login(await scene.native(alice), alice);
    expect(errorOf(await exchange(web, { code: textOf(login, 'refresh_token') }))).toEqual([400, 'invalid_grant']);
    expect((await exchange(web, { code: text })).status).toBe(200);
  });
  it('refuses a code whose consent was removed, or whose application has nothing of its scope any more', async () => {
    const own = await scene.application(alice, { type: 'web_server', scope: 'rest', redirect_uris: [CALLBACK] }), fresh = async () => parametersOf(await browser().allow(own, alice, { prompt: 'consent' }))['code'] ?? '';
    const removed = await fresh();
    await scene.database.collection<{ _id: string }>('consents').updateOne({ _id: `${alice._id}:${own._id}` }, { $set: { status: 'removed' }, $inc: { version: 1 } });
    expect(errorOf(await exchange(own, { code: removed }))).toEqual([400, 'invalid_grant']);
    const narrowed = await fresh();
    await scene.database.collection<ApplicationDocument>('applications').updateOne({ _id: own._id }, { $set: { scope: 'gql:calls:read', rights_version: 2 } });
    await eventually('the narrower application', async () => {
      await grantsOf().updateOne({ _id: grantOf(narrowed) }, { $unset: { 'code.used_at': 1 } });
      return (await exchange(own, { code: narrowed })).json['error'] === 'invalid_scope';
    });
  });
  it('a signed-out person\'s code is dead', async () => {
    const bob = await scene.account(), text = parametersOf(await browser().allow(wide, bob, { redirect_uri: CALLBACK }))['code'] ?? '';
    await scene.database.collection<{ _id: string }>('accounts').updateOne({ _id: bob._id }, { $set: { status: 'blocked', sign_out_version: 2, rights_version: 2 } });
    await eventually('the refusal', async () => {
      const fresh = await grantsOf().updateOne({ _id: grantOf(text) }, { $unset: { 'code.used_at': 1 } });
      return fresh.matchedCount === 1 && (await exchange(wide, { code: text, redirect_uri: CALLBACK })).json['error'] === 'invalid_grant';
    });
  });
});

test('S20: while the database is away people are told on a page, and nothing internal goes anywhere', async () => {
  scene.system.servers.databaseFront.kill('SIGKILL');
  try {
    for (const answer of await Promise.all([known.authorize(web, { state: 's' }), known.get('/login'), known.get('/oauth/authorize/decision?transaction=x')])) {
      isPage(answer, 503);
      expect([answer.headers['retry-after'], /mongo|ECONN|socket|CastError/i.test(answer.text)]).toEqual(['1', false]);
    }
  } finally { await scene.system.servers.databaseFront.start(); }
  await eventually('codes again', async () => (await known.authorize(web)).status === 303, 30);
});

test('S85: no code, cookie, token or password stands in a log, an event or the database', async () => {
  await scene.nothingLeaked(50, web);
});
