import { Schema } from 'mongoose';
import { IndexSpec } from '../database';

export const OUTBOX = 'outbox';

/**
 * One message that is owed to the bus. `batch` is the bytes to publish, encoded once; the collection is empty at rest.
 * `sure` is false where the events' documents were inserted beside it and may have failed.
 */
export interface OutboxDocument {
  /** 16 random bytes. */
  _id: Buffer;
  service: string;
  at: Date;
  subject: string;
  sure: boolean;
  /** An event in it lowers a right: every mark on the feed tells guards of it until it is published. */
  lowers?: true;
  until?: Date;
  /** The relay looked for its events' documents in vain this many times. */
  absent?: number;
  /** Of an absent one: not to be looked at before. */
  next_look?: Date;
  batch: Buffer;
}

export const outboxSchema = new Schema<OutboxDocument>({
  _id: { type: Buffer, required: true }, service: { type: String, required: true }, at: { type: Date, required: true }, subject: { type: String, required: true },
  sure: { type: Boolean, required: true }, lowers: Boolean, until: Date, absent: Number, next_look: Date, batch: { type: Buffer, required: true },
}, { versionKey: false });

/** The second has only what lowers a right, which is little: every mark on the feed asks for it. */
export const outboxIndexes: readonly IndexSpec[] = [{ key: { service: 1, at: 1 } }, { key: { lowers: 1 }, options: { sparse: true } }];
