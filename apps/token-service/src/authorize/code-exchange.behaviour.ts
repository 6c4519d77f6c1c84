import { ApplicationDocument } from '@strowger/models/applications/applications.schema';
import { eventually } from '../../../../test/system';
import { Account, Answer, Application, errorOf, send, textOf, TokenScene } from '../token-service.fixture';
import { AuthorizationScene, CALLBACK, grantOf, grantsIn, OTHER_CALLBACK } from './authorization.fixture';
import { parametersOf, pkce, TestBrowser } from './browser.fixture';

/** What the token endpoint makes of an authorization code (RFC 6749 §4.1.3). */
export function codeExchangeBehaviour(given: () => AuthorizationScene): void {
  let scene: TokenScene, alice: Account, web: Application, wide: Application, native: Application, issuer: string, known: TestBrowser;
  beforeAll(() => { ({ scene, alice, web, wide, native, issuer, known } = given()); });
  const browser = (): TestBrowser => new TestBrowser(scene, issuer);
  const code = async (params: Record<string, string> = {}): Promise<string> => {
    const { code: found } = parametersOf(await known.authorize(web, params));
    if (found === undefined) throw new Error('no code');
    scene.secrets.add(found);
    return found;
  };
  const exchange = (application: Application, form: Record<string, string>, instance = 0): Promise<Answer> =>
    scene.token({ grant_type: 'authorization_code', client_id: application.client_id, ...(application.secrets.length > 0 && { client_secret: application.secret }), ...form }, { instance });
  /** As if the database's clock had gone on since the code was issued or used. */
  const age = (text: string, field: 'code.issued_at' | 'code.used_at', seconds: number) => grantsIn(scene).updateOne({ _id: grantOf(text) }, { $set: { [field]: new Date(Date.now() - seconds * 1000) } });

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
      await grantsIn(scene).updateOne({ _id: grantOf(narrowed) }, { $unset: { 'code.used_at': 1 } });
      return (await exchange(own, { code: narrowed })).json['error'] === 'invalid_scope';
    });
  });
  it('a signed-out person\'s code is dead', async () => {
    const bob = await scene.account(), text = parametersOf(await browser().allow(wide, bob, { redirect_uri: CALLBACK }))['code'] ?? '';
    await scene.database.collection<{ _id: string }>('accounts').updateOne({ _id: bob._id }, { $set: { status: 'blocked', sign_out_version: 2, rights_version: 2 } });
    await eventually('the refusal', async () => {
      const fresh = await grantsIn(scene).updateOne({ _id: grantOf(text) }, { $unset: { 'code.used_at': 1 } });
      return fresh.matchedCount === 1 && (await exchange(wide, { code: text, redirect_uri: CALLBACK })).json['error'] === 'invalid_grant';
    });
  });
}
