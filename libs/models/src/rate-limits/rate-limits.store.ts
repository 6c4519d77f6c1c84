import { createHash } from 'node:crypto';
import { mongo } from 'mongoose';
import { Database } from '../database';
import { RATE_LIMITS, RateLimitDocument } from './rate-limits.schema';

/** What is counted: `what` for whom (hashed: it may be a typed name), in windows of so many seconds. A window begins with its first hit. */
export interface Counter { readonly what: string; readonly whom: string; readonly windowSeconds: number }

/** What a counter stood at after a hit: how many there are in this window, when it ends, and how many whole seconds that is from the hit. */
export interface Hit { readonly counter: Counter; readonly count: number; readonly endsAt: Date; readonly secondsLeft: number }

/** Counters that all instances share and that outlive them. */
export abstract class RateLimits {
  /** Counts one, or `times`, and says how many there are in the window that `now` is in, these included. The first of them begins it. */
  abstract hit(counter: Counter, now: Date, times?: number): Promise<Hit>;
  /** Takes one of these counts back, as long as their window is the counter's. */
  abstract giveBack(hit: Hit): Promise<void>;
}

const DUPLICATE_KEY = 11000;
/** Each miss means that somebody else began the window in between; then the next look finds it. */
const LOOKS = 10;

/**
 * Two compare-and-sets with plain update operators: into the window that runs, or else a new one in the place of what has ended. (One update
 * with a pipeline would do on MongoDB; on DocumentDB fifty simultaneous first hits of such an upsert answered "1" to up to twenty-five of them.)
 */
export class RateLimitsStore extends RateLimits {
  constructor(private readonly database: Database) { super(); }

  override async hit(counter: Counter, now: Date, times = 1): Promise<Hit> {
    const _id = idOf(counter), after = { returnDocument: 'after' } as const;
    for (let look = 1; ; look++) {
      const running = await this.collection().findOneAndUpdate({ _id, expires_at: { $gt: now } }, { $inc: { count: times } }, after);
      if (running) return hitOf(counter, running.count, running.expires_at, now);
      const begun = { count: times, expires_at: endOf(counter, now) };
      try {
        await this.collection().findOneAndUpdate({ _id, expires_at: { $lte: now } }, { $set: begun }, { ...after, upsert: true });
        return hitOf(counter, begun.count, begun.expires_at, now);
      } catch (error) {
        if (!(error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY) || look === LOOKS) throw error;
      }
    }
  }

  override async giveBack({ counter, endsAt }: Hit): Promise<void> {
    await this.collection().updateOne({ _id: idOf(counter), expires_at: endsAt, count: { $gt: 0 } }, { $inc: { count: -1 } });
  }

  private collection() { return this.database.collection<RateLimitDocument>(RATE_LIMITS); }
}

const idOf = ({ what, whom }: Counter): string => `${what}:${createHash('sha256').update(whom).digest('base64url')}`;

/** When a window ends that begins now. */
export const endOf = ({ windowSeconds }: Counter, now: Date): Date => new Date(now.getTime() + windowSeconds * 1000);

/** A hit as callers get it. Whoever's clock or request began before the window did has no more of it left than all. */
export const hitOf = (counter: Counter, count: number, endsAt: Date, now: Date): Hit =>
  ({ counter, count, endsAt, secondsLeft: Math.min(counter.windowSeconds, Math.ceil((endsAt.getTime() - now.getTime()) / 1000)) });
