import { PasswordHasher, PasswordRefused, QueueFull } from './password-hasher';

const hasher = new PasswordHasher();
const GOOD = 'correct horse';

describe('PasswordHasher', () => {
  it('hashes with argon2id and the parameters of OWASP, a new salt each time', async () => {
    const [one, two] = await Promise.all([hasher.hash(GOOD), hasher.hash(GOOD)]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(one).not.toBe(two);
    expect(await hasher.verify(one, GOOD)).toBe(true);
    expect(await hasher.verify(one, `${GOOD} `)).toBe(false);
    expect(await hasher.verify(one, GOOD.toUpperCase())).toBe(false);
  });
  it('knows a password however its accents were typed', async () => {
    expect(await hasher.verify(await hasher.hash('mot de passé'), 'mot de passe\u0301')).toBe(true);
  });
  it('takes 8 to 256 characters, also long ones, and tells the rule without the password', async () => {
    await expect(hasher.hash('é'.repeat(8))).resolves.toMatch(/^\$argon2id/);
    await expect(hasher.hash('🙂'.repeat(256))).resolves.toMatch(/^\$argon2id/);
    for (const refused of ['', 'canary7', '🙂'.repeat(7), 'canary'.repeat(43), '🙂'.repeat(257), `canary12\ud800`]) {
      const error = await hasher.hash(refused).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(PasswordRefused);
      expect(String(error)).not.toContain('canary');
    }
  });
  it('S32: the empty password never matches, whatever is stored', async () => {
    for (const stored of [await hasher.hash(GOOD), '', '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$']) expect(await hasher.verify(stored, '')).toBe(false);
    expect(await hasher.verifyAgainstNothing('')).toBe(false);
  });
  it('S32: refuses a password of 1 MB before anything is hashed', async () => {
    const busy = new PasswordHasher(0, 0);
    await expect(busy.verify('not looked at', 'x'.repeat(1_000_000))).rejects.toThrow(PasswordRefused);
    await expect(busy.verifyAgainstNothing('x'.repeat(257))).rejects.toThrow(PasswordRefused);
    await expect(busy.hash('x'.repeat(1_000_000))).rejects.toThrow(PasswordRefused);
  });
  it('S29: does the same work where there is no account', async () => {
    const stored = await hasher.hash(GOOD);
    const timed = async (work: () => Promise<boolean>): Promise<number> => {
      const began = process.cpuUsage();      // of this process's own: others may be busy
      expect(await work()).toBe(false);
      const { user, system } = process.cpuUsage(began);
      return user + system;
    };
    const pairs: number[] = [];
    for (let round = 0; round < 15; round++) pairs.push(await timed(() => hasher.verify(stored, 'a wrong one')) / await timed(() => hasher.verifyAgainstNothing('a wrong one')));
    const median = pairs.sort((a, b) => a - b)[7] ?? 0;
    expect(median).toBeGreaterThan(0.6);
    expect(median).toBeLessThan(1.6);
  });
  it('computes at most two at once, lets a few wait, and refuses the rest at once', async () => {
    const small = new PasswordHasher(2, 3);
    const stored = await small.hash(GOOD);
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => small.verify(stored, GOOD).catch((error: unknown) => error)));
    expect(outcomes.filter(outcome => outcome === true)).toHaveLength(5);
    const refused = outcomes.filter(outcome => outcome instanceof QueueFull);
    expect(refused).toHaveLength(3);
    expect(refused[0]).toMatchObject({ retryAfterSeconds: 1 });
    expect(await small.verify(stored, GOOD)).toBe(true);
  });
  it('lets the waiting in after one failed', async () => {
    const single = new PasswordHasher(1, 2);
    const stored = await hasher.hash(GOOD);
    const outcomes = await Promise.allSettled([single.verify('not a hash', GOOD), single.verify(stored, GOOD), single.verify(stored, 'another one')]);
    expect(outcomes.map(outcome => outcome.status === 'fulfilled' ? outcome.value : 'failed')).toEqual(['failed', true, false]);
    expect(await single.verify(stored, GOOD)).toBe(true);
  });
});
