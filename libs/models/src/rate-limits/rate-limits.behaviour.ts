import { Hit, RateLimits } from './rate-limits.store';

/** What every adapter of `RateLimits` keeps to; `make` gives one more instance over the same counters. */
export function rateLimitsBehaviour(make: () => RateLimits): void {
  // So far ahead that no janitor of the database takes it for long past.
  const now = new Date('2126-01-01T00:14:59.500Z'), after = (ms: number): Date => new Date(now.getTime() + ms);
  const counter = (whom: string, what = 'password', windowSeconds = 900) => ({ what, whom, windowSeconds });
  const hits = async (many: number, whom: string, limits = make()): Promise<Hit[]> => { const all: Hit[] = []; for (let i = 0; i < many; i++) all.push(await limits.hit(counter(whom), now)); return all; };
  const count = async (limits: RateLimits, whom: string, at = now): Promise<number> => (await limits.hit(counter(whom), at)).count;
  /** Many hits at once by two instances, each at its own moment; the counts they were answered, in order. */
  const parallel = async (whom: string, at: (i: number) => Date): Promise<number[]> => {
    const instances = [make(), make()] as const;
    const all = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 ? instances[0] : instances[1]).hit(counter(whom), at(i))));
    return all.map(one => one.count).sort((a, b) => a - b);
  };
  const oneToFifty = Array.from({ length: 50 }, (_, i) => i + 1);

  it('counts up from one, each counter for itself', async () => {
    expect((await hits(3, 'alice')).map(hit => hit.count)).toEqual([1, 2, 3]);
    expect((await make().hit(counter('alice', 'other'), now)).count).toBe(1);
    expect((await make().hit(counter('ali', 'ce'), now)).count).toBe(1);
    expect(await count(make(), 'bob')).toBe(1);
    expect(await count(make(), 'alice')).toBe(4);
  });
  it('counts several at once', async () => {
    const limits = make();
    expect((await limits.hit(counter('several'), now, 40)).count).toBe(40);
    expect((await limits.hit(counter('several'), now, 2)).count).toBe(42);
    expect((await limits.hit(counter('several'), after(900_000), 7)).count).toBe(7);
  });
  it('S30: gives each of many parallel hits a number of its own, the first ones among them', async () => {
    for (let round = 0; round < 3; round++) expect(await parallel(`parallel${String(round)}`, () => now)).toEqual(oneToFifty);
  });
  it('S30: also at the moment the window ends, and in the one that begins then', async () => {
    for (let round = 0; round < 3; round++) {
      const whom = `ends${String(round)}`;
      await hits(3, whom);
      expect(await parallel(whom, () => after(900_000))).toEqual(oneToFifty);
      expect(await count(make(), whom, after(900_001))).toBe(51);
    }
  });
  it('S30: those before the end and those after it are numbered once each, whoever comes first', async () => {
    const whom = 'straddles';
    await hits(3, whom);
    const counts = await parallel(whom, i => after(i % 3 === 0 ? 899_999 : 900_000)), inNew = await count(make(), whom, after(900_001)) - 1;
    // Whoever says it is before the end when the new window has begun counts into that one.
    expect(inNew).toBeGreaterThanOrEqual(33);
    expect(counts).toEqual([...oneToFifty.slice(0, inNew), ...oneToFifty.slice(0, 50 - inNew).map(n => n + 3)].sort((a, b) => a - b));
  });
  it('takes one back, and never below nothing', async () => {
    const limits = make(), [, second] = await hits(2, 'back', limits) as [Hit, Hit];
    await limits.giveBack(second);
    expect(await count(limits, 'back')).toBe(2);
    for (let i = 0; i < 4; i++) await limits.giveBack(second);
    expect(await count(limits, 'back')).toBe(1);
  });
  it('takes nothing back from a window that began later', async () => {
    const limits = make(), [hit] = await hits(1, 'later', limits) as [Hit];
    expect(await count(limits, 'later', after(900_000))).toBe(1);
    await limits.giveBack(hit);
    expect(await count(limits, 'later', after(900_001))).toBe(2);
  });
  it('begins a window with its first hit, whatever the clock shows, and tells how far its end is', async () => {
    const limits = make();
    expect((await hits(5, 'window', limits)).map(hit => hit.secondsLeft)).toEqual([900, 900, 900, 900, 900]);
    expect(await limits.hit(counter('window'), after(-3000))).toMatchObject({ count: 6, secondsLeft: 900, endsAt: after(900_000) });
    expect(await limits.hit(counter('window'), after(1000))).toMatchObject({ count: 7, secondsLeft: 899, endsAt: after(900_000) });
    expect(await limits.hit(counter('window'), after(899_999))).toMatchObject({ count: 8, secondsLeft: 1 });
    expect(await limits.hit(counter('window'), after(900_000))).toMatchObject({ count: 1, secondsLeft: 900, endsAt: after(1_800_000) });
    expect(await limits.hit(counter('window'), after(9_000_000))).toMatchObject({ count: 1, secondsLeft: 900 });
  });
}
