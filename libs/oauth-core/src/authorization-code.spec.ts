import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { AUTHORIZATION_CODE_SECONDS, CodeKeys, CODE_REPLAY_SECONDS, CodeState, judgeCode, presentedCode } from './authorization-code';
import { InMemoryFacts } from './facts.fake';
import { account, native, tenant } from './facts.fixture';
import { authorizationCodeGrant } from './grants/authorization-code.grant';
import { InMemoryGrants } from './grants.fake';
import { OAuthError } from './oauth-error';
import { codeChallengeOf, verifierMatches } from './pkce';
import { RefreshKeys } from './refresh-token';

const secrets = [{ id: 'k', secret: Buffer.alloc(32, 7) }];
const VERIFIER = 'v'.repeat(43), CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');
const codeOfError = (work: () => unknown): string => {
  try { work(); } catch (error) { if (error instanceof OAuthError) return error.code; throw error; }
  return 'none';
};

describe('PKCE', () => {
  const params = (fields: Record<string, string>) => new Map(Object.entries(fields));
  it('S15: takes a challenge by S256 and no other way, and needs one where the client has nothing else', () => {
    expect(codeChallengeOf(params({ code_challenge: CHALLENGE, code_challenge_method: 'S256' }), true)).toBe(CHALLENGE);
    expect(codeChallengeOf(params({}), false)).toBeUndefined();
    for (const wrong of [{ code_challenge: CHALLENGE }, { code_challenge: CHALLENGE, code_challenge_method: 'plain' }, { code_challenge: CHALLENGE.slice(1), code_challenge_method: 'S256' }, { code_challenge: `${CHALLENGE.slice(0, 42)}B`, code_challenge_method: 'S256' }, { code_challenge_method: 'S256' }]) {
      expect(codeOfError(() => codeChallengeOf(params(wrong), false))).toBe('invalid_request');
    }
    expect(codeOfError(() => codeChallengeOf(params({}), true))).toBe('invalid_request');
  });
  it('S46: matches the one verifier, and with no challenge only no verifier (RFC 7636 appendix B is one pair)', () => {
    expect(verifierMatches('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(true);
    expect([verifierMatches(CHALLENGE, VERIFIER), verifierMatches(undefined, undefined)]).toEqual([true, true]);
    for (const wrong of [undefined, '', CHALLENGE, VERIFIER.slice(1), `${VERIFIER}v`, 'v'.repeat(129), `${VERIFIER.slice(1)} `]) expect(verifierMatches(CHALLENGE, wrong)).toBe(false);
    expect(verifierMatches(undefined, VERIFIER)).toBe(false);
  });
});

describe('a code', () => {
  const keys = new CodeKeys(secrets), grant = { id: Buffer.alloc(16, 1).toString('base64url'), key_id: 'k', nonce: Buffer.alloc(16, 2) };
  it('S58: is a function of its grant alone; no changed, cut or longer text is one', () => {
    const text = keys.codeOf(grant), made = (one: string): boolean => { const presented = presentedCode(one); return presented !== undefined && keys.made(grant, presented); };
    expect([keys.codeOf(grant), text.length, made(text)]).toEqual([text, 64, true]);
    for (let at = 0; at < text.length; at++) expect(made(text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1))).toBe(false);
    for (const wrong of [text.slice(1), text.slice(0, -1), `${text}A`, `${text}=`, '', 'x']) expect(made(wrong)).toBe(false);
    const presented = presentedCode(text);
    for (const other of [{ ...grant, nonce: Buffer.alloc(16, 3) }, { ...grant, key_id: 'gone' }]) expect(presented && keys.made(other, presented)).toBe(false);
    expect(new RefreshKeys(secrets).tokenOf(grant, 0)).not.toContain(text.slice(24));
  });
  it('S43, S45: is good for its minute; a second use is a replay ten seconds after the first, whenever it comes', () => {
    const issued_at = new Date(0), windows = { lifetimeSeconds: AUTHORIZATION_CODE_SECONDS, replaySeconds: CODE_REPLAY_SECONDS }, at = (seconds: number) => new Date(seconds * 1000);
    const code: CodeState = { redirect_uri: 'https://a.ex/cb', redirect_uri_named: false, issued_at }, used = { ...code, used_at: at(59) };
    expect([judgeCode(code, at(59.999), windows), judgeCode(code, at(60), windows)]).toEqual(['good', 'expired']);
    expect([judgeCode(used, at(68.999), windows), judgeCode(used, at(69), windows), judgeCode(used, at(9999), windows)]).toEqual(['used_just_now', 'replayed', 'replayed']);
  });
});

/** Two instances over one store, and a code that has just been issued. */
class Deployment {
  at = Date.parse('2026-01-01T00:00:00.000Z');
  readonly codes = new CodeKeys(secrets);
  readonly refresh = new RefreshKeys(secrets);
  readonly grants = new InMemoryGrants(() => new Date(this.at), this.refresh);
  private readonly facts = new InMemoryFacts();
  private readonly instances = [0, 1].map(() => authorizationCodeGrant(this.facts, this.grants, { codes: this.codes, refresh: this.refresh }, { lifetimeSeconds: 60, replaySeconds: 10 }));
  text = '';
  id = '';

  static async issued(): Promise<Deployment> {
    const one = new Deployment();
    one.facts.putTenant(tenant());
    one.facts.putAccount(account());
    const grant = await one.grants.begin({ tenant: tenant(), application: native(), account: account() }, 'authorization_code', 'rest');
    one.grants.grants.set(grant.id, { ...grant, code: { redirect_uri: 'https://a.ex/cb', redirect_uri_named: true, challenge: CHALLENGE, issued_at: new Date(one.at) } });
    one.id = grant.id;
    one.text = one.codes.codeOf(grant);
    return one;
  }
  get grant() { return this.grants.grants.get(this.id); }
  async exchange(instance: number, change: Record<string, string> = {}, client = native()): Promise<string> {
    const params = { code: this.text, redirect_uri: 'https://a.ex/cb', code_verifier: VERIFIER, ...change };
    try {
      const decided = await this.instances[instance % 2]?.decide({ client, params: new Map(Object.entries(params).filter(([, value]) => value !== '')), at: new Date(this.at), origin: { ip: '192.0.2.1', request_id: 'r' } });
      return decided?.refresh_token === undefined ? 'nothing' : 'tokens';
    } catch (error) {
      if (error instanceof OAuthError) return error.code;
      throw error;
    }
  }
}

describe('the authorization code grant', () => {
  it('S45, S46: no attempt that fails another check uses the code up, or revokes anything, however late', async () => {
    const one = await Deployment.issued();
    const attempts = async () => Promise.all([one.exchange(0, {}, native({ id: 'other' })), one.exchange(1, { redirect_uri: '' }), one.exchange(0, { redirect_uri: 'https://a.ex/cb/' }), one.exchange(1, { code_verifier: '' }), one.exchange(0, { code_verifier: 'w'.repeat(43) })]);
    expect(await attempts()).toEqual(Array(5).fill('invalid_grant'));
    expect(await one.exchange(0)).toBe('tokens');
    one.at += 3_600_000;
    expect(await attempts()).toEqual(Array(5).fill('invalid_grant'));
    expect(one.grant?.status).toBe('active');
  });
  it('S43, S44: whatever the order of uses, instances and pauses: one use at most gets tokens, in its minute; a use ten seconds after it revokes', async () => {
    const step = fc.oneof(
      fc.record({ wait: fc.constantFrom(0, 1, 5, 9, 10, 30, 59, 60, 3600) }),
      fc.record({ uses: fc.array(fc.record({ instance: fc.nat(1), right: fc.boolean() }), { minLength: 1, maxLength: 4 }) }),
    );
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 12 }), async steps => {
      const one = await Deployment.issued(), began = one.at;
      let usedAt: number | undefined, revoked = false;
      for (const each of steps) {
        if ('wait' in each) { one.at += each.wait * 1000; continue; }
        const results = await Promise.all(each.uses.map(({ instance, right }) => one.exchange(instance, right ? {} : { code_verifier: 'w'.repeat(43) })));
        const rights = each.uses.filter(({ right }) => right).length, won = results.filter(result => result === 'tokens').length;
        const mayWin = usedAt === undefined && rights > 0 && one.at - began < 60_000;
        expect(won).toBe(mayWin ? 1 : 0);
        if (usedAt !== undefined && rights > 0 && one.at - usedAt >= 10_000) revoked = true;
        if (mayWin) usedAt = one.at;
        expect(one.grant?.status).toBe(revoked ? 'revoked' : 'active');
      }
      expect(one.grants.events.filter(type => type === 'grant.revoked')).toHaveLength(revoked ? 1 : 0);
    }), { numRuns: 300 });
  });
});
