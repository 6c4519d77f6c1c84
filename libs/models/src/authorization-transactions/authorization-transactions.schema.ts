import { Schema } from 'mongoose';
import { AuthorizationRequest } from '@strowger/oauth-core/authorization-request';
import { IndexSpec } from '../database';

export const AUTHORIZATION_TRANSACTIONS = 'authorization_transactions';

/** An authorization request on its way through login and consent; any instance goes on with what another began. */
export interface AuthorizationTransactionDocument {
  /** 16 random bytes, base64url. */
  _id: string;
  tenant_id: string;
  version: number;
  application_id: string;
  /** SHA-256 of the cookie of the browser it was begun in, or of the session it belongs to since the login. */
  browser: string;
  /** Whether the person logged in for this very request. */
  logged_in: boolean;
  request: AuthorizationRequest;
  /** Of tenant and application; with an older one it is dead. */
  sign_out_versions: { tenant: number; application: number };
  status: 'open' | 'approved' | 'denied';
  created_at: Date;
  expires_at: Date;
}

const required = { type: String, required: true } as const;
const date = { type: Date, required: true } as const;
const mixed = { type: Schema.Types.Mixed, required: true } as const;
export const authorizationTransactionSchema = new Schema<AuthorizationTransactionDocument>({
  _id: required, tenant_id: required, version: { type: Number, required: true }, application_id: required, browser: required, logged_in: { type: Boolean, required: true },
  request: mixed, sign_out_versions: mixed, status: required, created_at: date, expires_at: date,
}, { versionKey: false });

export const authorizationTransactionIndexes: readonly IndexSpec[] = [{ key: { expires_at: 1 }, options: { expireAfterSeconds: 3600 } }];
