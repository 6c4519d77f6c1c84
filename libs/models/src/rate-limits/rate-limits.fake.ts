import { Counter, RateLimits, windowOf } from './rate-limits.store';

/** Counters in memory, of one process. */
export class InMemoryRateLimits extends RateLimits {
  private readonly counts = new Map<string, number>();

  override hit(counter: Counter, now: Date): Promise<number> {
    const count = (this.counts.get(keyOf(counter, now)) ?? 0) + 1;
    this.counts.set(keyOf(counter, now), count);
    return Promise.resolve(count);
  }

  override giveBack(counter: Counter, now: Date): Promise<void> {
    const count = this.counts.get(keyOf(counter, now)) ?? 0;
    if (count > 0) this.counts.set(keyOf(counter, now), count - 1);
    return Promise.resolve();
  }
}

const keyOf = (counter: Counter, now: Date): string => JSON.stringify([counter.what, counter.whom, windowOf(counter, now)]);
