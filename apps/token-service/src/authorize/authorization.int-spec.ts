import { ApplicationDocument } from '@strowger/models/applications/applications.schema';
import { TenantDocument } from '@strowger/models/tenants/tenants.schema';
import { eventually } from '../../../../test/system';
import { Account, Answer, Application, send, textOf, TokenScene } from '../token-service.fixture';
import { AuthorizationScene, authorizationScene, CALLBACK, grantOf, grantsIn, OTHER_CALLBACK, PHONE } from './authorization.fixture';
import { formOn, parametersOf, pkce, sentTo, TestBrowser } from './browser.fixture';
import { codeExchangeBehaviour } from './code-exchange.behaviour';

let given: AuthorizationScene, scene: TokenScene, alice: Account, web: Application, wide: Application, native: Application, robot: Application, issuer: string, known: TestBrowser;
beforeAll(async () => {
  scene = await TokenScene.start('authorization');
  given = await authorizationScene(scene);
  ({ alice, web, wide, native, robot, issuer, known } = given);
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
    expect(await grantsIn(scene).findOne({ application_id: page._id })).toMatchObject({ grant_type: 'implicit', status: 'active' });
    const denied = await known.decide(await known.authorize(page, { response_type: 'token', prompt: 'consent' }), 'deny');
    expect([fragmentOf(denied)['error'], sentTo(denied).search]).toEqual(['access_denied', '']);
    const open = await known.authorize(page, { response_type: 'token', prompt: 'consent', state: 's' });
    await on({ implicit_grant: false });
    const late = await known.decide(open, 'allow');
    expect([fragmentOf(late)['error'], fragmentOf(late)['access_token']]).toEqual(['unauthorized_client', undefined]);
  });
});

describe('the exchange of a code', () => { codeExchangeBehaviour(() => given); });

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
