import { Schema } from 'mongoose';
import { AccountFacts } from '@strowger/oauth-core/facts';
import { IndexSpec } from '../database';

export const ACCOUNTS = 'accounts';

/** A user or an API access at rest. `username` (lower case) is unique in the deployment among accounts not deleted; an API access's is its e-mail. */
export interface AccountDocument extends Omit<AccountFacts, 'id' | 'switchboards'> {
  _id: string;
  version: number;
  email?: string;
  switchboards?: string[];
  /** The username while the account lives; absent once it is deleted, so that the name is free again. */
  live_username?: string;
  created_at: Date;
  attempt?: string;
}

const required = { type: String, required: true } as const;
export const accountSchema = new Schema<AccountDocument>({
  _id: required, tenant_id: required, version: { type: Number, required: true }, kind: required, username: required, live_username: String, email: String,
  owner: String, extension_id: String, password_hash: required, role: required, access: required, impersonation: { type: Boolean, required: true },
  switchboards: { type: [String], default: undefined }, status: required, rights_version: { type: Number, required: true },
  sign_out_version: { type: Number, required: true }, created_at: { type: Date, required: true }, attempt: String,
}, { versionKey: false });

export const accountIndexes: readonly IndexSpec[] = [
  { key: { live_username: 1 }, options: { unique: true, sparse: true } },
  { key: { tenant_id: 1, _id: 1 } },
  { key: { owner: 1 }, options: { sparse: true } },
  { key: { email: 1 }, options: { sparse: true } },
];
