import { mongo, Schema } from 'mongoose';
import { EventType, StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { DEPLOYMENT } from '@strowger/oauth-core/facts';
import { Database, IndexSpec } from '../database';
import { ChangeRecorder } from '../outbox/change-recorder';
import { eventIdOf, makeEvent } from '../outbox/make-event';

export const SIGNING_KEYS = 'signing_keys';

/** A private key, encrypted (AES-256-GCM) under the wrapping key `wrapped_by`. */
export interface WrappedKey { wrapped_by: string; iv: Buffer; tag: Buffer; data: Buffer }

/**
 * A signing key at rest; `_id` is its `kid`. It is published as `next` before it signs, signs while it is `active`, and stays published as `retiring` until the
 * last token that it signed has expired. Times are the database's, but for `created_at`.
 */
export interface SigningKeyDocument {
  _id: string;
  tenant_id: string;
  version: number;
  status: 'next' | 'active' | 'retiring';
  /** Present on the one that is signed with, and on the one that comes after it; a unique index each lets there be one. */
  active?: true;
  next?: true;
  public_jwk: { kty: string; crv: string; x: string; y: string };
  /** Gone once it is retiring: it signs no more. */
  private_key?: WrappedKey;
  /** The longest life that a token signed with it may have. */
  longest_token_seconds?: number;
  published_at?: Date;
  activated_at?: Date;
  retiring_at?: Date;
  created_at: Date;
}

export const signingKeySchema = new Schema<SigningKeyDocument>({
  _id: String, tenant_id: String, version: Number, status: String, active: Boolean, next: Boolean, public_jwk: Schema.Types.Mixed, private_key: Schema.Types.Mixed,
  longest_token_seconds: Number, published_at: Date, activated_at: Date, retiring_at: Date, created_at: Date,
}, { versionKey: false });
export const signingKeyIndexes: readonly IndexSpec[] = [
  { key: { active: 1 }, options: { unique: true, sparse: true } }, { key: { next: 1 }, options: { unique: true, sparse: true } },
];

/** What a rotation does: `active` ends, `next` signs, `fresh` is published to come after it. */
export interface Rotation { readonly active: SigningKeyDocument; readonly next: SigningKeyDocument; readonly fresh: SigningKeyDocument }
type KeyEvent = Extract<EventType, `key.${string}`>;

const DUPLICATE_KEY = 11000;
/** Ends a transaction: another one was faster. */
class Outrun extends Error { override readonly name = 'Outrun'; }

/** What their readers and rotations need of the stored keys. */
export type SigningKeysPort = Pick<SigningKeysStore, 'all' | 'insertFirst' | 'rotate' | 'rewrap' | 'lengthen' | 'retire'>;

/** The deployment's signing keys in MongoDB. */
export class SigningKeysStore {
  constructor(private readonly database: Database, private readonly changes: ChangeRecorder) {}

  /** Every key whose tokens may still be alive, the oldest first, and the database's time at which they were read. */
  async all(): Promise<{ readonly keys: readonly SigningKeyDocument[]; readonly now: Date }> {
    const found = await this.collection().aggregate<SigningKeyDocument & { now: Date }>([{ $match: { tenant_id: DEPLOYMENT } }, { $sort: { created_at: 1 } }, { $set: { now: '$$NOW' } }]).toArray();
    return { keys: found, now: found[0]?.now ?? new Date() };
  }

  /** Stores the first active or the first next key of a deployment; false where another instance was faster, and its key is the one. */
  async insertFirst(key: SigningKeyDocument): Promise<boolean> {
    try {
      return await this.changes.record(async session => { await this.insert(key, session); return { result: true, events: [] }; });
    } catch (error) {
      if (error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY) return false;
      throw error;
    }
  }

  /**
   * Rotates in one transaction with its events; false where the keys are not as they were read any more, and nothing changed. The old key loses its private half
   * and stays published; if it is `compromised` it is deleted instead.
   * @throws a database error where the outcome is unknown
   */
  async rotate({ active, next, fresh }: Rotation, compromised: boolean): Promise<boolean> {
    const collection = this.collection();
    try {
      return await this.changes.record(async session => {
        const was = { _id: active._id, status: 'active', version: active.version } as const;
        const ended = compromised ? (await collection.deleteOne(was, { session })).deletedCount : (await collection.updateOne(was, {
          $set: { status: 'retiring' }, $unset: { active: 1, private_key: 1 }, $currentDate: { retiring_at: true }, $inc: { version: 1 },
        }, { session })).modifiedCount;
        if (ended !== 1) throw new Outrun();
        const begun = await collection.updateOne({ _id: next._id, status: 'next', version: next.version }, {
          $set: { status: 'active', active: true }, $unset: { next: 1 }, $currentDate: { activated_at: true }, $inc: { version: 1 },
        }, { session });
        if (begun.modifiedCount !== 1) throw new Outrun();
        await this.insert(fresh, session);
        return { result: true, events: [this.event('key.rotated', next), ...(compromised ? [this.event('key.withdrawn', active)] : [])] };
      });
    } catch (error) {
      if (error instanceof Outrun) return false;
      throw error;
    }
  }

  /** Encrypts a private key anew, unless it changed meanwhile. */
  async rewrap({ _id, version }: SigningKeyDocument, private_key: WrappedKey): Promise<void> {
    await this.collection().updateOne({ _id, version, private_key: { $exists: true } }, { $set: { private_key }, $inc: { version: 1 } });
  }

  /** Keeps in mind that the keys that sign, now or next, may sign tokens that live so long. */
  async lengthen(longestTokenSeconds: number): Promise<void> {
    await this.collection().updateMany({ tenant_id: DEPLOYMENT, status: { $in: ['active', 'next'] } }, { $max: { longest_token_seconds: longestTokenSeconds } });
  }

  /** Deletes a retiring key: none of its tokens is alive. */
  async retire({ _id, version }: SigningKeyDocument): Promise<void> { await this.collection().deleteOne({ _id, status: 'retiring', version }); }

  private async insert(key: SigningKeyDocument, session: mongo.ClientSession): Promise<void> {
    await this.collection().insertOne(key, { session });
    await this.collection().updateOne({ _id: key._id }, { $currentDate: { published_at: true, ...(key.status === 'active' && { activated_at: true }) } }, { session });
  }

  private event(type: KeyEvent, { _id: kid, tenant_id, version: before }: SigningKeyDocument): StrowgerEvent<KeyEvent> {
    const version = before + 1;
    return makeEvent(this.changes.source, type, eventIdOf(SIGNING_KEYS, kid, version, type), kid, new Date(), { tenant_id, version, kid });
  }

  private collection() { return this.database.collection<SigningKeyDocument>(SIGNING_KEYS); }
}
