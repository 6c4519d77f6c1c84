import { JwtVerifier } from './jwt-verifier';
import { FeedCurrency } from './feed-currency';
import { claimsOf, CountingIssuer, ISSUER, Signer, ToldRevocations } from './offline-guard.fixture';
import { OfflineTokenIntrospector } from './offline-token-introspector';

class Scene {
  readonly signer = new Signer();
  readonly revocations = new ToldRevocations();
  readonly issuer = new CountingIssuer();
  readonly known = new Set([this.signer.kid]);
  at = 1_000_000_000;
  verified = 0;
  private readonly verifier = new JwtVerifier({ find: kid => Promise.resolve(this.known.has(kid) ? this.signer.publicKey : undefined) }, { issuer: ISSUER, audience: `${ISSUER}/api`, skewSeconds: 60 }, () => this.at / 1000);
  readonly introspector = new OfflineTokenIntrospector({
    jwts: { verify: token => { this.verified++; return this.verifier.verify(token); } }, keys: this.known, revocations: this.revocations, issuer: this.issuer, longestTokenSeconds: 3600,
  }, () => this.at);
  readonly jwt = this.signer.sign(claimsOf());
  constructor() { for (const token of [this.jwt, 'opaque']) this.issuer.tokens.set(token, { claims: claimsOf(), username: 'alice' }); }
  /** Whose the token is, if it is active; `nobody` could say. */
  async sub(token: string): Promise<string | undefined> {
    try { return (await this.introspector.introspect(token, 'r'))?.claims.sub; } catch { return 'nobody could say'; }
  }
}
let scene: Scene;
beforeEach(() => { scene = new Scene(); });

describe('a JWT', () => {
  it('is verified once, and nobody is asked', async () => {
    for (let i = 0; i < 3; i++) expect(await scene.sub(scene.jwt)).toBe('alice');
    expect([scene.verified, scene.issuer.asked]).toEqual([1, []]);
  });
  it('S72: that is forged is refused, and nobody is asked', async () => {
    expect(await scene.sub(`${scene.jwt.slice(0, -10)}AAAAAAAAAA`)).toBeUndefined();
    expect(scene.issuer.asked).toEqual([]);
  });
  it('ends when it says, to the second', async () => {
    await scene.sub(scene.jwt);
    scene.at = 1_003_599_999;
    expect(await scene.sub(scene.jwt)).toBe('alice');
    scene.at = 1_003_600_000;
    expect(await scene.sub(scene.jwt)).toBeUndefined();
    expect(scene.issuer.asked).toEqual([]);
  });
  it('S73: of a key that is not known here is asked about, as often as it comes', async () => {
    scene.known.clear();
    for (let i = 0; i < 2; i++) expect(await scene.sub(scene.jwt)).toBe('alice');
    scene.issuer.tokens.clear();
    scene.revocations.current = false;
    expect(await scene.sub(new Signer().sign(claimsOf()))).toBeUndefined();
  });
  it('S73: of a key that was withdrawn is asked about each time: only the issuer knows what is genuine', async () => {
    await scene.sub(scene.jwt);
    scene.revocations.withdrawn.add(scene.signer.kid);
    expect(await scene.sub(scene.jwt)).toBe('alice');
    expect(await scene.sub(scene.signer.sign(claimsOf({ jti: 'made by somebody else' })))).toBeUndefined();
    expect(scene.issuer.asked).toHaveLength(2);
  });
  it('of a key that was taken back is not remembered as good', async () => {
    await scene.sub(scene.jwt);
    scene.known.clear();
    scene.issuer.tokens.clear();
    expect(await scene.sub(scene.jwt)).toBeUndefined();
  });
});

describe('an opaque token', () => {
  it('is asked about once, however many bring it at once', async () => {
    expect(await Promise.all(Array.from({ length: 20 }, () => scene.sub('opaque')))).toEqual(Array(20).fill('alice'));
    expect(await scene.sub('opaque')).toBe('alice');
    expect(scene.issuer.asked).toEqual(['opaque']);
  });
  it('that is not active is nobody\'s', async () => { expect(await scene.sub('unknown')).toBeUndefined(); });
});

describe.each([['a JWT', (): string => scene.jwt], ['an opaque token', (): string => 'opaque']])('S74: %s', (_name, token) => {
  it('that the feed covers is refused at once, whatever the issuer says, current or not', async () => {
    expect(await scene.sub(token())).toBe('alice');
    scene.revocations.covered.add('jti-1');
    for (const current of [true, false]) {
      scene.revocations.current = current;
      expect(await scene.sub(token())).toBeUndefined();
    }
  });
  it('is asked about each time while the feed is not current, and nobody can say once the issuer is away', async () => {
    expect(await scene.sub(token())).toBe('alice');
    scene.issuer.asked.length = 0;
    scene.revocations.current = false;
    for (let i = 0; i < 3; i++) expect(await scene.sub(token())).toBe('alice');
    expect(scene.issuer.asked).toHaveLength(3);
    scene.issuer.tokens.clear();
    expect(await scene.sub(token())).toBeUndefined();
    scene.issuer.away = true;
    expect(await scene.sub(token())).toBe('nobody could say');
  });
  it('born before what the feed can tell of is asked about each time', async () => {
    await scene.sub(token());
    scene.issuer.asked.length = 0;
    scene.revocations.from = 1_000_000_001;
    for (let i = 0; i < 2; i++) expect(await scene.sub(token())).toBe('alice');
    expect(scene.issuer.asked).toHaveLength(2);
    scene.revocations.from = 1_000_000_000;
    expect(await scene.sub(token())).toBe('alice');
    expect(scene.issuer.asked).toHaveLength(2);
  });
});
it.each([['lives longer than the feed remembers', claimsOf({ exp: 1_003_601 })], ['carries the version of somebody it does not name', claimsOf({ rights: { tenant: 1, application: 2, account: 3, owner: 1 } })]])('a token that %s is asked about each time', async (_name, claims) => {
  const jwt = scene.signer.sign(claims);
  scene.issuer.tokens.set(jwt, { claims });
  for (let i = 0; i < 2; i++) expect(await scene.sub(jwt)).toBe('alice');
  expect(scene.issuer.asked).toHaveLength(2);
});
it('remembers a bounded number of tokens, those that were asked for last', async () => {
  for (let i = 0; i < 25_000; i++) {
    const token = `token-${String(i)}`;
    scene.issuer.tokens.set(token, { claims: claimsOf({ jti: token }) });
    await scene.introspector.introspect(token, 'r');
    if (i % 5000 === 0) await scene.introspector.introspect('token-0', 'r');
  }
  const { young, old } = scene.introspector as unknown as { young: Map<string, unknown>; old: Map<string, unknown> };
  expect(young.size + old.size).toBeLessThanOrEqual(20_000);
  expect(scene.issuer.asked.filter(token => token === 'token-0')).toHaveLength(1);
});

describe('currency', () => {
  const clock = { monotonic: 0, wall: 0 };
  let currency: FeedCurrency;
  const pass = (ms: number): void => { clock.monotonic += ms; clock.wall += ms; };
  beforeEach(() => { currency = new FeedCurrency({ monotonic: () => clock.monotonic, wall: () => clock.wall }); });
  it('is not there before the first own nonce is met, whatever others are', () => {
    const nonce = currency.nonce();
    currency.met(['another', 'x'.repeat(22)]);
    expect(currency.isCurrent()).toBe(false);
    currency.met(['another', nonce]);
    expect(currency.isCurrent()).toBe(true);
  });
  it('counts from the moment the nonce was sent, not from when it was met', () => {
    const nonce = currency.nonce();
    pass(4000);
    currency.met([nonce]);
    pass(1000);
    expect(currency.isCurrent()).toBe(true);
    pass(1);
    expect(currency.isCurrent()).toBe(false);
  });
  it('does not go back when an older nonce is met after a younger one, and a nonce counts once', () => {
    const older = currency.nonce();
    pass(3000);
    const younger = currency.nonce();
    currency.met([younger]);
    currency.met([older]);
    pass(4000);
    expect(currency.isCurrent()).toBe(true);
    currency.met([younger, older]);
    pass(1001);
    expect(currency.isCurrent()).toBe(false);
  });
  it('ends for a machine that slept: its monotonic clock stood still, the other one did not', () => {
    currency.met([currency.nonce()]);
    clock.wall += 60_000;
    expect(currency.isCurrent()).toBe(false);
  });
  it('is not prolonged by a clock that is set back', () => {
    currency.met([currency.nonce()]);
    clock.wall -= 3_600_000;
    pass(5001);
    expect(currency.isCurrent()).toBe(false);
  });
  it('forgets nonces that would make nobody current any more', () => {
    for (let i = 0; i < 100; i++) { currency.nonce(); pass(1000); }
    expect((currency as unknown as { sent: Map<string, unknown> }).sent.size).toBeLessThan(10);
  });
});
