import fc from 'fast-check';
import { AccessTokenClaims, AccountFacts, ApplicationFacts, Role } from './facts';
import { account, application, native, tenant } from './facts.fixture';
import { InMemoryFacts } from './facts.fake';
import { Decision } from './grants/grant';
import { ACCESS_TOKEN_TYPE, tokenExchangeGrant, USERNAME_TYPE } from './grants/token-exchange.grant';
import { OAuthError } from './oauth-error';
import { NamedAccounts, PresentedTokens } from './ports';
import { standingOf } from './read-standing';
import { mayDo } from './rights';
import { ceilingsBoundBy, ceilingsOf, isActive, mayActForOthers, rightsOf, Standing } from './standing';

const AT = new Date('2026-01-01T00:00:00Z'), EXP = Math.floor(AT.getTime() / 1000) + 600;
const owner = account({ id: 'olga', username: 'olga' });
const access = account({ id: 'access', username: 'access@example.com', kind: 'api_access', owner: 'olga', impersonation: true, rights_version: 3 });
const phone = native({ scope: 'gql rest strowger', access_level: 'all' });

class InMemoryNames extends NamedAccounts {
  readonly accounts = new Map<string, AccountFacts>();
  wrong = 0;
  override async find<T>(name: string, _caller: AccountFacts, accept: (account: AccountFacts) => Promise<T | undefined>): Promise<T | undefined> {
    const found = this.accounts.get(name), accepted = found && await accept(found);
    if (accepted === undefined) this.wrong++;
    return accepted;
  }
}

/** Issues tokens as token-service does: what a decision says becomes claims; a token is active while its rights could hold. */
class Scene extends PresentedTokens {
  readonly facts = new InMemoryFacts();
  readonly names = new InMemoryNames();
  private readonly tokens = new Map<string, AccessTokenClaims>();
  private readonly grant = tokenExchangeGrant({ facts: this.facts, tokens: this, names: this.names, audience: 'https://a.ex/api' });

  constructor() {
    super();
    this.facts.putTenant(tenant());
    this.facts.putApplication(phone);
    for (const one of [owner, access, account(), account({ id: 'bob', username: 'bob' })]) this.put(one);
  }
  put(one: AccountFacts): AccountFacts { this.names.accounts.set(one.username, one); return this.facts.putAccount(one); }
  override async active(text: string): Promise<{ claims: AccessTokenClaims; standing: Standing } | undefined> {
    const claims = this.tokens.get(text), client = claims && await this.facts.application(claims.application_id);
    const standing = client && await standingOf(this.facts, client, await this.facts.account(claims.sub), undefined, claims.act);
    return standing && isActive(standing) ? { claims, standing } : undefined;
  }
  claimsOf({ standing, scope, acting }: Pick<Decision, 'standing' | 'scope' | 'acting'>): AccessTokenClaims {
    const own = ceilingsOf(standing);
    return {
      iss: 'https://a.ex', sub: standing.account.id, aud: 'https://a.ex/api', client_id: standing.application.client_id, exp: acting?.bound.exp ?? EXP, iat: EXP - 600, jti: 'j', scope, tenant_id: standing.tenant.id,
      application_id: standing.application.id, ...(acting ? ceilingsBoundBy(own, acting.bound) : own), rights: rightsOf(standing), ...(acting && { act: acting.act }),
    };
  }
  async tokenOf(id: string, client: ApplicationFacts = phone, scope = client.scope): Promise<string> {
    const standing = await standingOf(this.facts, this.facts.putApplication(client), await this.facts.account(id));
    if (!standing) throw new Error('no standing');
    return this.hold(this.claimsOf({ standing, scope }));
  }
  hold(claims: AccessTokenClaims): string { const text = `token-${String(this.tokens.size)}`; this.tokens.set(text, claims); return text; }
  async exchange(actor_token: string, subject_token: string, params: Record<string, string> = {}, client: ApplicationFacts = phone): Promise<Decision> {
    const all = { subject_token, subject_token_type: USERNAME_TYPE, actor_token, actor_token_type: ACCESS_TOKEN_TYPE, ...params };
    return this.grant.decide({ client, params: new Map(Object.entries(all).filter(([, value]) => value !== '')), at: AT, origin: { ip: '192.0.2.1', request_id: 'r' } });
  }
}
const refusal = async (work: Promise<unknown>): Promise<{ code: string; description: string }> => {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown);
  if (!(error instanceof OAuthError)) throw new Error('was not refused', { cause: error });
  return { code: error.code, description: error.description };
};
const codeOf = async (work: Promise<unknown>): Promise<string> => (await refusal(work)).code;

let scene: Scene, token: string;
beforeEach(async () => {
  scene = new Scene();
  token = await scene.tokenOf('access');
});

describe('token exchange', () => {
  it('S55: speaks for the account that is named, says who acts, is bound by the actor\'s token, and has no grant and no refresh token', async () => {
    const decision = await scene.exchange(token, 'alice', { scope: 'rest:calllog:read' });
    expect(decision).toEqual({ standing: expect.objectContaining({ account: account(), actors: [{ account: access, owner }] }) as unknown, scope: 'rest:calllog:read', acting: { act: { sub: 'access' }, bound: expect.objectContaining({ exp: EXP }) as unknown } });
    expect(rightsOf(decision.standing)).toEqual({ tenant: 1, application: 1, account: 1, actors: [3], actor_owners: [1] });
    expect((await scene.exchange(token, 'alice')).scope).toBe('gql rest strowger');
  });
  it.each(['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type'])('names %s where it is missing', async parameter => {
    expect(await refusal(scene.exchange(token, 'alice', { [parameter]: '' }))).toEqual({ code: 'invalid_request', description: expect.stringContaining(`${parameter} is missing`) as unknown });
    expect(scene.names.wrong).toBe(0);
  });
  it('takes a name and an access token, gives an access token, for its own audience, and nothing else', async () => {
    for (const [parameter, value] of [['subject_token_type', ACCESS_TOKEN_TYPE], ['subject_token_type', 'urn:ietf:params:oauth:token-type:jwt'], ['actor_token_type', USERNAME_TYPE], ['requested_token_type', 'urn:ietf:params:oauth:token-type:refresh_token']] as const) {
      expect(await codeOf(scene.exchange(token, 'alice', { [parameter]: value }))).toBe('invalid_request');
    }
    for (const parameter of ['audience', 'resource']) {
      expect(await codeOf(scene.exchange(token, 'alice', { [parameter]: 'https://b.ex' }))).toBe('invalid_target');
      expect((await scene.exchange(token, 'alice', { [parameter]: 'https://a.ex/api', requested_token_type: ACCESS_TOKEN_TYPE })).scope).toBe('gql rest strowger');
    }
  });
  it('S55: is for API accesses with impersonation, not for people, administrators among them, nor for an API access without', async () => {
    scene.put(account({ id: 'root', username: 'root', role: 'administrator' }));
    expect(await refusal(scene.exchange(await scene.tokenOf('root'), 'alice'))).toEqual({ code: 'invalid_request', description: expect.stringContaining('only an API access') as unknown });
    const bare = await scene.tokenOf('access');
    scene.put({ ...access, impersonation: false });
    expect(await refusal(scene.exchange(bare, 'alice'))).toEqual({ code: 'invalid_request', description: expect.stringContaining('has no impersonation') as unknown });
    expect(scene.names.wrong).toBe(0);
  });
  it('S55: wants an actor\'s token that is active, and of this client', async () => {
    expect(await codeOf(scene.exchange('nonsense', 'alice'))).toBe('invalid_request');
    const other = application({ id: 'other', client_id: 'other', scope: 'gql rest strowger' });
    expect(await codeOf(scene.exchange(await scene.tokenOf('access', other), 'alice'))).toBe('invalid_request');
    expect((await scene.exchange(await scene.tokenOf('access', other), 'alice', {}, other)).standing.application).toEqual(other);
    scene.put({ ...owner, status: 'blocked' });
    expect(await codeOf(scene.exchange(token, 'alice'))).toBe('invalid_request');
  });
  it('of the application api needs the tenant\'s switch for it', async () => {
    const api = native({ id: 'api', client_id: 'api', tenant_id: '_', scope: 'gql rest' }), held = await scene.tokenOf('access', api);
    expect((await scene.exchange(held, 'alice', {}, api)).scope).toBe('gql rest');
    scene.facts.putTenant(tenant({ api_application: false }));
    expect(await codeOf(scene.exchange(held, 'alice', {}, api))).toBe('unauthorized_client');
  });
  it('S55: answers alike, and counts, whoever cannot be acted for: nobody, the actor itself, another tenant\'s, blocked, deleted, more than a user, an administrator\'s API access', async () => {
    scene.facts.putTenant(tenant({ id: 'elsewhere' }));
    for (const one of [
      { id: 'mallory', tenant_id: 'elsewhere' }, { id: 'blocked', status: 'blocked' }, { id: 'deleted', status: 'deleted' }, { id: 'root', role: 'administrator' }, { id: 'eve', role: 'auditor' },
      { id: 'robot', kind: 'api_access', owner: 'root', impersonation: true }, { id: 'orphan', kind: 'api_access', owner: 'blocked' },
    ] as const) scene.put(account({ ...one, username: one.id }));
    const answers: unknown[] = [];
    for (const name of ['nobody', 'access@example.com', 'mallory', 'blocked', 'deleted', 'root', 'eve', 'robot', 'orphan']) answers.push(await refusal(scene.exchange(token, name)));
    expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ code: 'invalid_target' });
    expect(scene.names.wrong).toBe(9);
  });
  it('S55: two may act for a third, one for the other, and no more; nobody for one who acts for it', async () => {
    const chain = ['one', 'two', 'three'].map(id => scene.put(account({ id, username: id, kind: 'api_access', owner: 'olga', impersonation: true })));
    const first = scene.hold(scene.claimsOf(await scene.exchange(await scene.tokenOf('one'), 'two')));
    expect(await codeOf(scene.exchange(first, 'one'))).toBe('invalid_target');
    const second = scene.claimsOf(await scene.exchange(first, 'alice'));
    expect(second).toMatchObject({ sub: 'alice', act: { sub: 'two', act: { sub: 'one' } }, rights: { actors: [1, 1], actor_owners: [1, 1] } });
    const deeper = scene.hold(scene.claimsOf(await scene.exchange(first, 'three')));
    expect(await refusal(scene.exchange(deeper, 'alice'))).toEqual({ code: 'invalid_request', description: expect.stringContaining('at most two') as unknown });
    const held = scene.hold(second);
    expect(await scene.active(held)).toBeDefined();
    scene.put({ ...chain[0] ?? access, impersonation: false });
    expect(await scene.active(held)).toBeUndefined();
  });
  it('S55: never gives a scope that the actor\'s token, or the application now, has not', async () => {
    const narrow = await scene.tokenOf('access', phone, 'rest:calllog');
    expect((await scene.exchange(narrow, 'alice')).scope).toBe('rest:calllog');
    for (const scope of ['rest', 'gql', 'rest:calllog:read gql', 'strowger:tokens:read']) expect(await codeOf(scene.exchange(narrow, 'alice', { scope }))).toBe('invalid_scope');
    scene.facts.putApplication({ ...phone, scope: 'gql' });
    expect(await codeOf(scene.exchange(narrow, 'alice'))).toBe('invalid_scope');
  });
});

describe('a token that acts for somebody else', () => {
  const needs = ['rest:calllog', 'rest:calllog:read', 'rest:calllog:write', 'rest:switchboards:read', 'rest:extensions:write', 'gql', 'gql:calls:read', 'strowger:tokens:read', 'strowger:tokens:write', 'strowger:applications:write', 'strowger:accounts:write', 'strowger:audit:read', 'strowger']
    .flatMap(scope => [false, true].flatMap(write => [false, true].map(callApiWrite => ({ scope, write, callApiWrite }))));
  const some = fc.option(fc.subarray(['s1', 's2', 's3']), { nil: undefined });
  const ceilings = fc.record({ access: fc.constantFrom('full' as const, 'read_only' as const), switchboards: some }).map(({ access: type, switchboards }) => ({ access: type, ...(switchboards && { switchboards }) }));
  const scopes = fc.uniqueArray(fc.constantFrom('rest', 'gql', 'strowger', 'rest:calllog', 'rest:calllog:read', 'rest:extensions', 'gql:calls:read', 'strowger:tokens'), { minLength: 1 }).map(list => list.join(' '));
  const roles = fc.constantFrom<Role>('user', 'auditor', 'administrator');

  it('S55: may do nothing that its actor\'s own token may not, nor anything that the account\'s may not', async () => {
    let given = 0;
    await fc.assert(fc.asyncProperty(
      fc.record({ registered: scopes, held: scopes, asked: fc.option(scopes), level: fc.constantFrom('call_api' as const, 'all' as const), actor: ceilings, actorOwner: ceilings, ownerRole: roles, subject: ceilings, subjectRole: roles, kind: fc.constantFrom('user' as const, 'api_access' as const), flag: fc.boolean() }),
      async ({ registered, held, asked, level, actor, actorOwner, ownerRole, subject, subjectRole, kind, flag }) => {
        const own = new Scene(), client = { ...phone, scope: registered, access_level: level };
        own.put({ ...owner, ...actorOwner, role: ownerRole });
        own.put({ ...access, ...actor });
        own.put(account({ ...subject, role: kind === 'user' ? subjectRole : 'user', kind, impersonation: kind === 'api_access' && flag, ...(kind === 'api_access' && { owner: 'bob' }) }));
        const actorToken = await own.tokenOf('access', client, held), actorClaims = (await own.active(actorToken))?.claims, subjectClaims = (await own.active(await own.tokenOf('alice', client)))?.claims;
        const decision = await own.exchange(actorToken, 'alice', asked === null ? {} : { scope: asked }, client).catch(() => undefined);
        if (!decision || !actorClaims || !subjectClaims) return;
        given++;
        const result = own.claimsOf(decision);
        expect(result.role).toBe('user');
        expect(result.exp).toBeLessThanOrEqual(actorClaims.exp);
        for (const need of needs.filter(one => mayDo(result, one).allowed)) {
          expect([need, mayDo(actorClaims, need).allowed, mayDo(subjectClaims, need).allowed]).toEqual([need, true, true]);
        }
        for (const party of [actorClaims, subjectClaims]) if (party.switchboards) expect(party.switchboards).toEqual(expect.arrayContaining([...result.switchboards ?? ['every one']]));
      },
    ), { numRuns: 300 });
    expect(given).toBeGreaterThan(20);
  });
  it('S55: reads the management APIs and revokes tokens, and makes nothing there that would outlive it', () => {
    const claims = { scope: 'gql rest strowger', access_level: 'all', role: 'user', read_only: false, account_kind: 'user', impersonation: false, act: { sub: 'access' } } as const;
    const may = (scope: string, write: boolean): boolean => mayDo(claims, { scope, write }).allowed;
    expect(['applications', 'accounts', 'tokens'].map(module => may(`strowger:${module}:read`, false))).toEqual([true, true, true]);
    expect(['applications', 'accounts', 'tokens'].map(module => may(`strowger:${module}:write`, true))).toEqual([false, false, true]);
    expect(may('rest:extensions:write', true)).toBe(true);
  });
  it('S55: is dead as soon as its actor, or who made that, is blocked, deleted or gone, or the flag is taken', async () => {
    const held = scene.hold(scene.claimsOf(await scene.exchange(token, 'alice')));
    expect(await scene.active(held)).toBeDefined();
    const lesser: AccountFacts[] = [{ ...access, impersonation: false }, { ...access, status: 'blocked' }, { ...access, status: 'deleted' }, { ...access, kind: 'user' }, { ...owner, status: 'blocked' }, { ...owner, status: 'deleted' }];
    for (const one of lesser) {
      scene.put(one);
      expect(await scene.active(held)).toBeUndefined();
      scene.put(access);
      scene.put(owner);
    }
    expect(mayActForOthers({ account: access })).toBe(false);
    expect(await scene.active(held)).toBeDefined();
  });
});
