import { allowedGrants } from './application-rules';
import { AccountFacts, ApplicationFacts, TenantFacts } from './facts';
import { account, application, native, tenant } from './facts.fixture';
import { InMemoryFacts } from './facts.fake';
import { clientCredentialsGrant } from './grants/client-credentials.grant';
import { Decision, TokenRequest } from './grants/grant';
import { passwordGrant } from './grants/password.grant';
import { refreshTokenGrant } from './grants/refresh-token.grant';
import { InMemoryGrants } from './grants.fake';
import { OAuthError } from './oauth-error';
import { PasswordCheck } from './ports';
import { RefreshKeys } from './refresh-token';

const GRACE = 10, PASSWORD = 'correct horse';
const DAY = 24 * 3600;

/** Knows accounts by username; all have one password. */
class InMemoryPasswordCheck extends PasswordCheck {
  readonly accounts = new Map<string, AccountFacts>();
  checked = 0;
  override async check<T>(username: string, password: string, _origin: unknown, accept: (account: AccountFacts) => Promise<T | undefined>): Promise<T | undefined> {
    this.checked++;
    const found = this.accounts.get(username);
    return found && password === PASSWORD ? accept(found) : undefined;
  }
}

class Scene {
  at = Date.parse('2026-01-01T00:00:00.000Z');
  readonly facts = new InMemoryFacts();
  readonly keys = new RefreshKeys([{ id: 'k', secret: Buffer.alloc(32, 7) }]);
  readonly grants = new InMemoryGrants(() => new Date(this.at), this.keys);
  readonly passwords = new InMemoryPasswordCheck();
  private readonly clientCredentials = clientCredentialsGrant(this.facts);
  private readonly password = passwordGrant(this.facts, this.passwords, this.grants, this.keys);
  private readonly refresh = refreshTokenGrant(this.facts, this.grants, this.keys, GRACE);

  constructor() {
    this.facts.putScopes(['rest:callforward:read', 'rest:callforward:write', 'gql:calls:read', 'strowger:tokens:read']);
    this.facts.putTenant(tenant());
    this.login(account());
  }
  login(one: AccountFacts): AccountFacts { this.passwords.accounts.set(one.username, one); return this.facts.putAccount(one); }
  request(client: ApplicationFacts, params: Record<string, string>): TokenRequest {
    return { client: this.facts.putApplication(client), params: new Map(Object.entries(params)), at: new Date(this.at), origin: { ip: '192.0.2.1', request_id: 'r' } };
  }
  credentials(client: ApplicationFacts, params: Record<string, string> = {}): Promise<Decision> { return this.clientCredentials.decide(this.request(client, params)); }
  signIn(client = native(), params: Record<string, string> = {}): Promise<Decision> { return this.password.decide(this.request(client, { username: 'alice', password: PASSWORD, ...params })); }
  refreshed(refresh_token: string | undefined, client = native(), params: Record<string, string> = {}): Promise<Decision> {
    return this.refresh.decide(this.request(client, { ...(refresh_token !== undefined && { refresh_token }), ...params }));
  }
  /** Stores the access token that goes with a decision, as its issuer does before it answers. */
  async answer({ grant_id = '', generation = 0, refresh_token = '' }: Decision): Promise<string> {
    await this.grants.storeToken(grant_id, generation);
    return refresh_token;
  }
  grantOf({ grant_id = '' }: Decision) { return this.grants.grants.get(grant_id); }
}
const refusal = async (work: Promise<unknown>): Promise<{ code: string; description: string }> => {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown);
  if (!(error instanceof OAuthError)) throw new Error('was not refused', { cause: error });
  return { code: error.code, description: error.description };
};
const codeOf = async (work: Promise<unknown>): Promise<string> => (await refusal(work)).code;

let scene: Scene;
beforeEach(() => { scene = new Scene(); });

describe('client credentials', () => {
  it('S53: act as the application\'s owner, with no grant and no refresh token', async () => {
    const decision = await scene.credentials(application());
    expect(decision).toEqual({ standing: { tenant: tenant(), application: application(), account: account() }, scope: 'gql rest' });
  });
  it('S53: are refused once the owner is blocked, deleted or gone, and so are those of a blocked owner\'s API access', async () => {
    for (const status of ['blocked', 'deleted'] as const) {
      scene.facts.putAccount(account({ status }));
      expect(await codeOf(scene.credentials(application()))).toBe('invalid_grant');
    }
    scene.facts.putAccount(account({ id: 'access', kind: 'api_access', owner: 'alice' }));
    expect(await codeOf(scene.credentials(application({ owner: 'access' })))).toBe('invalid_grant');
    expect(await codeOf(scene.credentials(application({ owner: 'nobody' })))).toBe('invalid_grant');
  });
  it('get what they ask of the registered scope, in their own words, and all of it where they ask nothing', async () => {
    const client = application({ scope: 'rest:callforward' });
    expect((await scene.credentials(client)).scope).toBe('rest:callforward');
    expect((await scene.credentials(client, { scope: 'all' })).scope).toBe('rest:callforward');
    expect((await scene.credentials(client, { scope: 'rest:callforward:read' })).scope).toBe('rest:callforward:read');
  });
  it.each(['gql:calls:read', 'rest', 'rest:unheard:read', 'REST', 'strowger:tokens:read', 'rest:callforward:read gql', '$where', '__proto__', '{"$ne":1}'])('S12: refuse a scope the application was not given, or nobody announced: %s', async scope => {
    const { code, description } = await refusal(scene.credentials(application({ scope: 'rest:callforward' }), { scope }));
    expect(code).toBe('invalid_scope');
    expect(description).toContain(scope.split(' ').at(-1)?.replace(/["\\]/g, '?'));
  });
  it('judge a refused scope once more on fresh facts: what was registered or announced a moment ago works at once', async () => {
    scene.facts.putScopes(['rest:callforward:read', 'rest:new:read'], 'hidden');
    expect((await scene.credentials(application(), { scope: 'rest:new:read' })).scope).toBe('rest:new:read');
    const request = scene.request(application({ scope: 'gql' }), { scope: 'rest' });
    scene.facts.putApplication(application({ scope: 'rest' }), 'hidden');
    expect((await clientCredentialsGrant(scene.facts).decide(request)).scope).toBe('rest');
  });
});

describe('the password grant', () => {
  it('begins a grant with an implied consent, and a refresh token of its generation 0', async () => {
    const decision = await scene.signIn();
    const grant = scene.grantOf(decision);
    expect(grant).toMatchObject({ account_id: 'alice', application_id: 'native', grant_type: 'password', scope: 'gql rest', generation: 0, sign_out_versions: { tenant: 1, application: 1, account: 1 } });
    expect(decision.refresh_token).toBe(grant && scene.keys.tokenOf(grant, 0));
    expect(scene.grants.events).toEqual(['consent.granted', 'grant.created']);
  });
  it('names the parameter that is missing, and judges the scope before the password, so that a typing error costs no attempt', async () => {
    const decide = (params: Record<string, string>) => passwordGrant(scene.facts, scene.passwords, scene.grants, scene.keys).decide(scene.request(native(), params));
    expect(await refusal(decide({ password: PASSWORD }))).toMatchObject({ code: 'invalid_request', description: expect.stringContaining('username') as unknown });
    expect(await refusal(decide({ username: 'alice' }))).toMatchObject({ code: 'invalid_request', description: expect.stringContaining('password') as unknown });
    expect(await codeOf(decide({ username: 'alice', password: PASSWORD, scope: 'rest:unheard' }))).toBe('invalid_scope');
    expect(scene.passwords.checked).toBe(0);
  });
  it('S29: answers alike for a wrong password, an unknown, blocked or foreign account, an API access whose owner is blocked, and a tenant with api off', async () => {
    const api = native({ id: 'api', client_id: 'api', tenant_id: '_' });
    scene.login(account({ id: 'bob', username: 'bob', status: 'blocked' }));
    scene.login(account({ id: 'eve', username: 'eve', tenant_id: 'elsewhere' }));
    scene.login(account({ id: 'access', username: 'access@example.com', kind: 'api_access', owner: 'bob' }));
    scene.facts.putTenant(tenant({ id: 'elsewhere', api_application: false }));
    const answers = await Promise.all([scene.signIn(native(), { password: 'wrong' }), scene.signIn(native(), { username: 'mallory' }), scene.signIn(native(), { username: 'bob' }),
      scene.signIn(native(), { username: 'eve' }), scene.signIn(native(), { username: 'access@example.com' }), scene.signIn(api, { username: 'eve' })].map(refusal));
    expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ code: 'invalid_grant' });
    expect(scene.grants.grants.size).toBe(0);
  });
  it('for the reserved application api takes the account\'s tenant, whose switch decides', async () => {
    const api = native({ id: 'api', client_id: 'api', tenant_id: '_' });
    expect((await scene.signIn(api)).standing.tenant.id).toBe('tenant');
    scene.facts.putTenant(tenant({ api_application: false }));
    expect(await codeOf(scene.signIn(api))).toBe('invalid_grant');
  });
  it('issues nothing where the consent is removed before the grant stands, and leaves no live grant', async () => {
    scene.grants.afterInsert = () => { scene.grants.consents.set('alice:native', { status: 'removed', scope: 'gql rest' }); };
    expect(await codeOf(scene.signIn())).toBe('invalid_grant');
    expect([...scene.grants.grants.values()].map(grant => grant.status)).toEqual(['revoked']);
  });
});

describe('a refresh', () => {
  it('S47: rotates; the successor carries its generation', async () => {
    const first = await scene.signIn(), second = await scene.refreshed(first.refresh_token);
    expect(second).toMatchObject({ grant_id: first.grant_id, generation: 1, scope: 'gql rest' });
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(scene.grantOf(first)).toMatchObject({ generation: 1 });
  });
  it('S47: with the old token past the grace, its successor once answered, revokes the grant for everybody', async () => {
    const first = await scene.signIn(), successor = await scene.answer(await scene.refreshed(first.refresh_token));
    scene.at += GRACE * 1000;
    expect(await codeOf(scene.refreshed(first.refresh_token))).toBe('invalid_grant');
    expect(scene.grants.events.slice(-2)).toEqual(['grant.reuse_detected', 'grant.revoked']);
    expect(await codeOf(scene.refreshed(successor))).toBe('invalid_grant');
    expect(scene.grants.events.filter(type => type === 'grant.revoked')).toHaveLength(1);
  });
  it('S49: whose answer was lost gets the same successor, within the grace and, never answered, for seven days', async () => {
    const first = await scene.signIn(), lost = await scene.refreshed(first.refresh_token);
    for (const seconds of [0, GRACE - 1, GRACE, 6 * DAY]) {
      scene.at += seconds * 1000;
      expect((await scene.refreshed(first.refresh_token)).refresh_token).toBe(lost.refresh_token);
    }
    scene.at += DAY * 1000;
    expect(await codeOf(scene.refreshed(first.refresh_token))).toBe('invalid_grant');
    expect(scene.grantOf(first)?.status).toBe('revoked');
  });
  it('S49: moves a grant at most once within the grace: the new token returns itself', async () => {
    const first = await scene.signIn(), second = await scene.answer(await scene.refreshed(first.refresh_token));
    expect((await scene.refreshed(second)).refresh_token).toBe(second);
    expect(scene.grants.rotations).toBe(1);
    scene.at += GRACE * 1000;
    expect((await scene.refreshed(second)).generation).toBe(2);
    expect(await codeOf(scene.refreshed(first.refresh_token))).toBe('invalid_grant');
    expect(scene.grantOf(first)?.status).toBe('revoked');
  });
  it('that was outrun by another is never reuse, however long it slept', async () => {
    const first = await scene.signIn();
    let winner: string | undefined;
    scene.grants.step = async call => {
      if (call !== 'rotate' || winner !== undefined) return;
      winner = '';
      winner = await scene.answer(await scene.refreshed(first.refresh_token));
      scene.at += DAY * 1000;
    };
    expect((await scene.refreshed(first.refresh_token)).refresh_token).toBe(winner);
    expect(scene.grantOf(first)).toMatchObject({ status: 'active', generation: 1 });
  });
  it('outrun by more than one generation is told to come again, and revokes nothing', async () => {
    const first = await scene.signIn();
    let outrun = false;
    scene.grants.step = async call => {
      if (call !== 'rotate' || outrun) return;
      outrun = true;
      const second = await scene.answer(await scene.refreshed(first.refresh_token));
      scene.at += GRACE * 1000;
      await scene.answer(await scene.refreshed(second));
    };
    expect(await codeOf(scene.refreshed(first.refresh_token))).toBe('temporarily_unavailable');
    expect(scene.grantOf(first)).toMatchObject({ status: 'active', generation: 2 });
  });
  it('S51: by another client, of a forged, foreign or malformed token, of an unknown grant: invalid_grant, and nothing is revoked', async () => {
    const first = await scene.signIn(), grant = scene.grantOf(first);
    if (!grant) throw new Error('no grant');
    const other = native({ id: 'other', client_id: 'other' });
    const forged = new RefreshKeys([{ id: 'k', secret: Buffer.alloc(32, 8) }]).tokenOf(grant, 0);
    const unknown = scene.keys.tokenOf({ ...grant, id: Buffer.alloc(16).toString('base64url') }, 0);
    const future = new RefreshKeys([{ id: 'k', secret: Buffer.alloc(32, 8) }]).tokenOf(grant, 9);
    expect(await codeOf(scene.refreshed(first.refresh_token, other))).toBe('invalid_grant');
    for (const text of [forged, future, unknown, 'x', '__proto__', 'A'.repeat(70), `${String(first.refresh_token)}A`]) expect(await codeOf(scene.refreshed(text))).toBe('invalid_grant');
    expect(await codeOf(scene.refreshed(undefined))).toBe('invalid_request');
    expect(scene.grantOf(first)).toEqual(grant);
  });
  it.each<[string, (s: Scene) => unknown]>([
    ['the account is blocked', s => s.facts.putAccount(account({ status: 'blocked' }))],
    ['the account signed out', s => s.facts.putAccount(account({ sign_out_version: 2 }))],
    ['the tenant signed everybody out', s => s.facts.putTenant(tenant({ sign_out_version: 2 }))],
    ['the grant was revoked', s => { for (const grant of s.grants.grants.values()) s.grants.grants.set(grant.id, { ...grant, status: 'revoked' }); }],
    ['the grant ended', s => { s.at += 30 * DAY * 1000; }],
  ])('S51: is refused once %s, and does not rotate', async (_what, happens) => {
    const first = await scene.signIn();
    happens(scene);
    expect(await codeOf(scene.refreshed(first.refresh_token))).toBe('invalid_grant');
    expect(scene.grants.rotations).toBe(0);
  });
  it('S51: is refused once the application is disabled or was signed out', async () => {
    const first = await scene.signIn();
    expect(await codeOf(scene.refreshed(first.refresh_token, native({ status: 'disabled' })))).toBe('invalid_grant');
    expect(await codeOf(scene.refreshed(first.refresh_token, native({ sign_out_version: 2 })))).toBe('invalid_grant');
    expect(scene.grants.rotations).toBe(0);
  });
  it('S51: of an API access is refused once its owner is blocked or signed out', async () => {
    scene.login(account({ id: 'access', username: 'access', kind: 'api_access', owner: 'alice' }));
    const first = await scene.signIn(native(), { username: 'access' });
    scene.facts.putAccount(account({ sign_out_version: 2 }));
    expect(await codeOf(scene.refreshed(first.refresh_token))).toBe('invalid_grant');
    scene.facts.putAccount(account({ status: 'blocked' }));
    expect(await codeOf(scene.refreshed(first.refresh_token))).toBe('invalid_grant');
    scene.facts.putAccount(account());
    expect((await scene.refreshed(first.refresh_token)).generation).toBe(1);
  });
  it('a lowered right alone leaves the grant alive: the next token is narrowed', async () => {
    const first = await scene.signIn(native({ access_level: 'all' }));
    scene.facts.putAccount(account({ access: 'read_only', rights_version: 2 }));
    const second = await scene.refreshed(first.refresh_token, native({ access_level: 'call_api', scope: 'rest', rights_version: 2 }));
    expect(second.scope).toBe('rest');
    expect(second.standing).toMatchObject({ application: { access_level: 'call_api', rights_version: 2 }, account: { access: 'read_only', rights_version: 2 } });
  });
  it('S52: with a narrower scope gets it and keeps the grant\'s; with a wider one is refused without rotating', async () => {
    const first = await scene.signIn(native(), { scope: 'rest:callforward' });
    for (const scope of ['rest', 'gql:calls:read', 'rest:callforward gql', 'x']) expect(await codeOf(scene.refreshed(first.refresh_token, native(), { scope }))).toBe('invalid_scope');
    expect(scene.grants.rotations).toBe(0);
    const narrower = await scene.refreshed(first.refresh_token, native(), { scope: 'rest:callforward:read' });
    expect(narrower.scope).toBe('rest:callforward:read');
    expect((await scene.refreshed(narrower.refresh_token)).scope).toBe('rest:callforward');
  });
  it('is refused without rotating where nothing of the granted scope is registered any more', async () => {
    const first = await scene.signIn(native(), { scope: 'rest' });
    expect(await codeOf(scene.refreshed(first.refresh_token, native({ scope: 'gql' })))).toBe('invalid_scope');
    expect(scene.grants.rotations).toBe(0);
  });
  it.each<[string, Partial<TenantFacts>, Partial<ApplicationFacts>]>([
    ['the tenant turned the password grant off', { password_grant: false }, {}],
    ['the tenant\'s date has come', { password_grant_until: new Date('2025-12-31') }, {}],
    ['an administrator took it from the application', {}, { password_grant: false }],
  ])('S54: of a password grant is refused with a pointer to what would do once %s', async (_what, tenantNow, applicationNow) => {
    const first = await scene.signIn();
    scene.facts.putTenant(tenant(tenantNow));
    const { code, description } = await refusal(scene.refreshed(first.refresh_token, native(applicationNow)));
    expect([code, description]).toEqual(['unauthorized_client', expect.stringContaining('use authorization_code with PKCE')]);
    expect(scene.grants.rotations).toBe(0);
  });
  it('S54: of the application api is refused once the tenant turned it off', async () => {
    const api = native({ id: 'api', client_id: 'api', tenant_id: '_' }), first = await scene.signIn(api);
    scene.facts.putTenant(tenant({ api_application: false }));
    expect(await codeOf(scene.refreshed(first.refresh_token, api))).toBe('unauthorized_client');
  });
  it('S54: no application type may use the password grant but native, where allowed, and api', () => {
    for (const type of ['web_server', 'browser', 'machine_to_machine', 'native'] as const) {
      expect(allowedGrants({ id: 'x', type, password_grant: true }).includes('password')).toBe(type === 'native');
      expect(allowedGrants({ id: 'x', type, password_grant: false })).not.toContain('password');
    }
  });
});
