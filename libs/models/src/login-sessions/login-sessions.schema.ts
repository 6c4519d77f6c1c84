import { Schema } from 'mongoose';
import { IndexSpec } from '../database';

export const LOGIN_SESSIONS = 'login_sessions';

/** A person's session at the login page. `_id` is the SHA-256 of its cookie in base64url: who reads the database has no session. */
export interface LoginSessionDocument {
  _id: string;
  tenant_id: string;
  version: number;
  account_id: string;
  /** `sign_out_version`s it began under; with an older one it is dead. */
  sign_out_versions: { tenant: number; account: number; owner?: number };
  status: 'active' | 'ended';
  created_at: Date;
  expires_at: Date;
}

const required = { type: String, required: true } as const;
const date = { type: Date, required: true } as const;
export const loginSessionSchema = new Schema<LoginSessionDocument>({
  _id: required, tenant_id: required, version: { type: Number, required: true }, account_id: required, sign_out_versions: { type: Schema.Types.Mixed, required: true },
  status: required, created_at: date, expires_at: date,
}, { versionKey: false });

export const loginSessionIndexes: readonly IndexSpec[] = [{ key: { expires_at: 1 }, options: { expireAfterSeconds: 3600 } }];
