import { Counter, endOf, Hit, hitOf, RateLimits } from './rate-limits.store';

/** Counters in memory, of one process. */
export class InMemoryRateLimits extends RateLimits {
  private readonly windows = new Map<string, { count: number; readonly endsAt: Date }>();

  override hit(counter: Counter, now: Date, times = 1): Promise<Hit> {
    const known = this.windows.get(keyOf(counter)), window = known && known.endsAt > now ? known : { count: 0, endsAt: endOf(counter, now) };
    window.count += times;
    this.windows.set(keyOf(counter), window);
    return Promise.resolve(hitOf(counter, window.count, window.endsAt, now));
  }

  override giveBack({ counter, endsAt }: Hit): Promise<void> {
    const window = this.windows.get(keyOf(counter));
    if (window && window.count > 0 && window.endsAt.getTime() === endsAt.getTime()) window.count--;
    return Promise.resolve();
  }
}

const keyOf = ({ what, whom }: Counter): string => JSON.stringify([what, whom]);
