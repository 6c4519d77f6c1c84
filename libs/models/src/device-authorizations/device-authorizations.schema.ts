import { Schema } from 'mongoose';
import { DeviceAuthorizationFacts } from '@strowger/oauth-core/device-authorization';
import { IndexSpec } from '../database';

export const DEVICE_AUTHORIZATIONS = 'device_authorizations';

/** A device authorization at rest; `_id` is the SHA-256 of its device code. Polls move `interval`, `polled_at` and `used_at` without a version. */
export interface DeviceAuthorizationDocument extends Omit<DeviceAuthorizationFacts, 'id'> { _id: string }

const required = { type: String, required: true } as const;
const number = { type: Number, required: true } as const;
const date = { type: Date, required: true } as const;
export const deviceAuthorizationSchema = new Schema<DeviceAuthorizationDocument>({
  _id: required, tenant_id: required, version: number, application_id: required, user_code: required, scope: required,
  sign_out_versions: { type: Schema.Types.Mixed, required: true }, status: required, interval: number, polled_at: Date, grant_id: String, used_at: Date,
  ip: required, created_at: date, expires_at: date,
}, { versionKey: false });

/** A user code is nobody else's until its authorization has gone. */
export const deviceAuthorizationIndexes: readonly IndexSpec[] = [{ key: { user_code: 1 }, options: { unique: true } }, { key: { expires_at: 1 }, options: { expireAfterSeconds: 86_400 } }];
