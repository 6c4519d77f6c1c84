import { createHash } from 'node:crypto';
import { mongo } from 'mongoose';
import { Database } from '../database';
import { RATE_LIMITS, RateLimitDocument } from './rate-limits.schema';

/** What is counted: `what` for whom (hashed: it may be a typed name), in windows of so many seconds. */
export interface Counter { readonly what: string; readonly whom: string; readonly windowSeconds: number }

const DUPLICATE_KEY = 11000;
/** Number of the window that `now` is in. */
export const windowOf = ({ windowSeconds }: Counter, now: Date): number => Math.floor(now.getTime() / 1000 / windowSeconds);
const idOf = (counter: Counter, now: Date): string =>
  `${counter.what}:${createHash('sha256').update(counter.whom).digest('base64url')}:${String(windowOf(counter, now))}`;

/** Seconds until the counter's window ends. */
export const secondsLeft = (counter: Counter, now: Date): number => Math.ceil((windowOf(counter, now) + 1) * counter.windowSeconds - now.getTime() / 1000);

/** Counters that all instances share and that outlive them. */
export abstract class RateLimits {
  /** Counts one and says how many there are in this window, this one included. */
  abstract hit(counter: Counter, now: Date): Promise<number>;
  /** Takes one count back. */
  abstract giveBack(counter: Counter, now: Date): Promise<void>;
}

export class RateLimitsStore extends RateLimits {
  constructor(private readonly database: Database) { super(); }

  override async hit(counter: Counter, now: Date): Promise<number> {
    const count = () => this.collection().findOneAndUpdate(
      { _id: idOf(counter, now) },
      { $inc: { count: 1 }, $setOnInsert: { expires_at: new Date((windowOf(counter, now) + 1) * counter.windowSeconds * 1000) } },
      { upsert: true, returnDocument: 'after' },
    );
    const counted = await count().catch((error: unknown) => {
      if (error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY) return count();      // two first hits at once
      throw error;
    });
    return counted?.count ?? 1;
  }

  override async giveBack(counter: Counter, now: Date): Promise<void> {
    await this.collection().updateOne({ _id: idOf(counter, now), count: { $gt: 0 } }, { $inc: { count: -1 } });
  }

  private collection() { return this.database.collection<RateLimitDocument>(RATE_LIMITS); }
}
