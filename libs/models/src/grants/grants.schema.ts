import { Schema } from 'mongoose';
import { CodeState } from '@strowger/oauth-core/authorization-code';
import { IndexSpec } from '../database';

export const GRANTS = 'grants';

/** `sign_out_version`s that a grant began under; with an older one it is dead. `owner`: of an API access's owner. */
export interface SignOutVersions { tenant: number; application: number; account: number; owner?: number }

/**
 * One authorization at rest. Its refresh tokens are pure functions of it: `key_id` names the key, `nonce` (16 bytes) and
 * `generation` the one that is live; nothing secret is stored.
 */
export interface GrantDocument {
  /** 16 bytes, base64url. */
  _id: string;
  tenant_id: string;
  version: number;
  application_id: string;
  account_id: string;
  grant_type: string;
  scope: string;
  key_id: string;
  nonce: Buffer;
  sign_out_versions: SignOutVersions;
  status: 'active' | 'revoked';
  generation: number;
  /** Database time of the last rotation; absent before the first. */
  rotated_at?: Date;
  /** Of a grant that began with an authorization code; its times are the database's. */
  code?: CodeState;
  created_at: Date;
  /** End of the refresh tokens: absolute, from consent. */
  expires_at: Date;
}

const required = { type: String, required: true } as const;
const number = { type: Number, required: true } as const;
const date = { type: Date, required: true } as const;
export const grantSchema = new Schema<GrantDocument>({
  _id: required, tenant_id: required, version: number, application_id: required, account_id: required, grant_type: required, scope: required,
  key_id: required, nonce: { type: Buffer, required: true }, sign_out_versions: { type: Schema.Types.Mixed, required: true }, status: required,
  generation: number, rotated_at: Date, code: Schema.Types.Mixed, created_at: date, expires_at: date,
}, { versionKey: false });

export const grantIndexes: readonly IndexSpec[] = [{ key: { account_id: 1, application_id: 1 } }, { key: { expires_at: 1 } }, { key: { created_at: 1 } }];
