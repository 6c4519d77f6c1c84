import { Freshness } from './freshness';

const at = (second: number): Date => new Date(Date.UTC(2026, 10, 21, 12, 0, second));
const staleAt = (freshness: Freshness, second: number, oldestOwed?: Date) => freshness.staleSince(at(second), { oldestOwed, otherwise: at(-60) });

describe('how fresh the trail is', () => {
  it('is stale since the moment given as long as it was never seen whole', () => {
    const freshness = new Freshness();
    expect(staleAt(freshness, 0)).toEqual(at(-60));
    freshness.observe(at(0), { waiting: 3, settled: 0, last: 3 });
    expect(freshness.known).toBe(false);
    expect(staleAt(freshness, 1)).toEqual(at(-60));
  });

  it('is current for 5 s after a look at which nothing waited, then stale since that look', () => {
    const freshness = new Freshness();
    freshness.observe(at(0), { waiting: 0, settled: 10, last: 12 });
    expect(staleAt(freshness, 5)).toBeUndefined();
    expect(staleAt(freshness, 6)).toEqual(at(0));
  });

  it('stays current under a load that never ends: what stood there at a look is settled at a later one', () => {
    const freshness = new Freshness();
    for (let second = 0; second < 100; second++) freshness.observe(at(second), { waiting: 50, settled: second * 100, last: (second + 1) * 100 });
    expect(staleAt(freshness, 100)).toBeUndefined();
  });

  it('is stale since the last moment that is settled while one message is never acknowledged', () => {
    const freshness = new Freshness();
    freshness.observe(at(0), { waiting: 0, settled: 10, last: 10 });
    for (let second = 1; second < 2000; second++) freshness.observe(at(second), { waiting: 1, settled: 10, last: 10 + second });
    expect(staleAt(freshness, 2000)).toEqual(at(0));
    freshness.observe(at(2001), { waiting: 5, settled: 1900, last: 2011 });
    const since = staleAt(freshness, 2001)?.getTime() ?? 0;
    expect(since).toBeGreaterThan(at(1800).getTime());
    expect(since).toBeLessThanOrEqual(at(1890).getTime());
  });

  it('is stale since the oldest event that a service still owes for over 5 s', () => {
    const freshness = new Freshness();
    freshness.observe(at(20), { waiting: 0, settled: 10, last: 10 });
    expect(staleAt(freshness, 20, at(16))).toBeUndefined();
    expect(staleAt(freshness, 20, at(3))).toEqual(at(3));
    expect(staleAt(freshness, 30, at(22))).toEqual(at(20));
  });

  it('does not wait for sequences of a stream that was made anew', () => {
    const freshness = new Freshness();
    freshness.observe(at(0), { waiting: 1, settled: 999, last: 1000 });
    for (const second of [1, 2]) freshness.observe(at(second), { waiting: 1, settled: second * 10, last: (second + 1) * 10 });
    expect(staleAt(freshness, 3)).toBeUndefined();
  });
});
