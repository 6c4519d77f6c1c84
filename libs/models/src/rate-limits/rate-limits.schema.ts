import { Schema } from 'mongoose';
import { IndexSpec } from '../database';

export const RATE_LIMITS = 'rate_limits';

/** A counter that instances share, and when its window ends; `_id` is `<what>:<whom, hashed>`. Once that is past, nothing depends on when it goes. */
export interface RateLimitDocument { _id: string; count: number; expires_at: Date }

export const rateLimitSchema = new Schema<RateLimitDocument>({ _id: { type: String, required: true }, count: { type: Number, required: true }, expires_at: { type: Date, required: true } }, { versionKey: false });
export const rateLimitIndexes: readonly IndexSpec[] = [{ key: { expires_at: 1 }, options: { expireAfterSeconds: 3600 } }];
