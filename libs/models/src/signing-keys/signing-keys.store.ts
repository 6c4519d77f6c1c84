import { mongo, Schema } from 'mongoose';
import { DEPLOYMENT } from '@strowger/oauth-core/facts';
import { Database, IndexSpec } from '../database';

export const SIGNING_KEYS = 'signing_keys';

/** A signing key at rest; `_id` is its `kid`. The private key is encrypted (AES-256-GCM) under the wrapping key `wrapped_by`. */
export interface SigningKeyDocument {
  _id: string;
  tenant_id: string;
  version: number;
  status: 'next' | 'active' | 'retiring';
  /** Present on the one that is signed with; a unique index lets there be one. */
  active?: true;
  public_jwk: { kty: string; crv: string; x: string; y: string };
  private_key: { wrapped_by: string; iv: Buffer; tag: Buffer; data: Buffer };
  created_at: Date;
}

export const signingKeySchema = new Schema<SigningKeyDocument>({
  _id: String, tenant_id: String, version: Number, status: String, active: Boolean, public_jwk: Schema.Types.Mixed, private_key: Schema.Types.Mixed, created_at: Date,
}, { versionKey: false });
export const signingKeyIndexes: readonly IndexSpec[] = [{ key: { active: 1 }, options: { unique: true, sparse: true } }];

const DUPLICATE_KEY = 11000;

export class SigningKeysStore {
  constructor(private readonly database: Database) {}

  /** Every key whose tokens may still be alive. */
  async all(): Promise<SigningKeyDocument[]> {
    return this.collection().find({ tenant_id: DEPLOYMENT }).sort({ created_at: 1 }).toArray();
  }

  /** Stores the first active key of a deployment; false where another instance was faster, and its key is the one. */
  async insertFirst(key: SigningKeyDocument): Promise<boolean> {
    try {
      await this.collection().insertOne(key);
      return true;
    } catch (error) {
      if (error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY) return false;
      throw error;
    }
  }

  private collection() { return this.database.collection<SigningKeyDocument>(SIGNING_KEYS); }
}
