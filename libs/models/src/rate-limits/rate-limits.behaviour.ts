import { RateLimits, secondsLeft } from './rate-limits.store';

/** What every adapter of `RateLimits` keeps to; `make` gives one more instance over the same counters. */
export function rateLimitsBehaviour(make: () => RateLimits): void {
  const now = new Date('2026-01-01T00:07:30.000Z');
  const counter = (whom: string, what = 'password', windowSeconds = 900) => ({ what, whom, windowSeconds });
  const hits = async (many: number, whom: string, limits = make()): Promise<number> => { let last = 0; for (let i = 0; i < many; i++) last = await limits.hit(counter(whom), now); return last; };

  it('counts up from one, each counter for itself', async () => {
    expect(await hits(3, 'alice')).toBe(3);
    expect(await make().hit(counter('alice', 'other'), now)).toBe(1);
    expect(await make().hit(counter('ali', 'ce'), now)).toBe(1);
    expect(await make().hit(counter('bob'), now)).toBe(1);
    expect(await make().hit(counter('alice'), now)).toBe(4);
  });
  it('S30: gives each of many parallel hits a number of its own, the first ones among them', async () => {
    const [one, other] = [make(), make()];
    const counts = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 ? one : other).hit(counter('parallel'), now)));
    expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });
  it('takes one back, and never below nothing', async () => {
    const limits = make();
    await hits(2, 'back', limits);
    await limits.giveBack(counter('back'), now);
    expect(await limits.hit(counter('back'), now)).toBe(2);
    for (let i = 0; i < 4; i++) await limits.giveBack(counter('back'), now);
    await limits.giveBack(counter('never hit'), now);
    expect(await limits.hit(counter('back'), now)).toBe(1);
    expect(await limits.hit(counter('never hit'), now)).toBe(1);
  });
  it('begins anew with the next window, whose distance it tells', async () => {
    const limits = make();
    await hits(5, 'window', limits);
    expect(secondsLeft(counter('window'), now)).toBe(450);
    expect(await limits.hit(counter('window'), new Date(now.getTime() + 449_999))).toBe(6);
    expect(await limits.hit(counter('window'), new Date(now.getTime() + 450_000))).toBe(1);
  });
}
