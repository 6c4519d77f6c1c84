import { Schema } from 'mongoose';
import { ApplicationFacts } from '@strowger/oauth-core/facts';
import { IndexSpec } from '../database';

export const APPLICATIONS = 'applications';

/** A client secret at rest: SHA-256 of its text, and when it ends (absent: never). */
export interface SecretDocument { id: string; hash: Buffer; created_at: Date; expires_at?: Date }

/** An application at rest. `_id` is for ever; `client_id` is replaced by regeneration and then stands in `previous_client_ids`. */
export interface ApplicationDocument extends Omit<ApplicationFacts, 'id' | 'secrets' | 'redirect_uris'> {
  _id: string;
  version: number;
  description?: string;
  website?: string;
  redirect_uris: string[];
  secrets: SecretDocument[];
  previous_client_ids: string[];
  access_level_request?: { reason: string; at: Date; account_id: string };
  created_at: Date;
  /** Random mark of the last change, by which a change with an unknown outcome is recognised. */
  attempt?: string;
}

const required = { type: String, required: true } as const;
export const applicationSchema = new Schema<ApplicationDocument>({
  _id: required, tenant_id: required, version: { type: Number, required: true }, client_id: required, name: required, type: required,
  description: String, website: String, scope: required, access_level: required, redirect_uris: [String], redirect_uris_at: Date, owner: required,
  password_grant: { type: Boolean, required: true }, token_format: required,
  secrets: [new Schema<SecretDocument>({ id: required, hash: { type: Buffer, required: true }, created_at: { type: Date, required: true }, expires_at: Date }, { _id: false })],
  previous_client_ids: [String],
  access_level_request: new Schema({ reason: required, at: Date, account_id: required }, { _id: false }),
  status: required, rights_version: { type: Number, required: true }, sign_out_version: { type: Number, required: true },
  created_at: { type: Date, required: true }, attempt: String,
}, { versionKey: false });

export const applicationIndexes: readonly IndexSpec[] = [
  { key: { client_id: 1 }, options: { unique: true } },
  { key: { tenant_id: 1, _id: 1 } },
  { key: { owner: 1, _id: 1 } },
];
