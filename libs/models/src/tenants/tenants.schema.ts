import { Schema } from 'mongoose';
import { TenantFacts } from '@strowger/oauth-core/facts';
import { IndexSpec } from '../database';

export const TENANTS = 'tenants';

/** A customer's PBX at rest. `administrators` are account ids; the last one cannot be taken out. */
export interface TenantDocument extends Omit<TenantFacts, 'id'> {
  _id: string;
  /** Equal to `_id`: every document names its tenant. */
  tenant_id: string;
  version: number;
  /** PNG, at most 64 KiB. */
  logo?: Buffer;
  administrators: string[];
  created_at: Date;
  attempt?: string;
}

const required = { type: String, required: true } as const;
const number = { type: Number, required: true } as const;
const flag = { type: Boolean, required: true } as const;
export const tenantSchema = new Schema<TenantDocument>({
  _id: required, tenant_id: required, version: number, name: required, logo: Buffer, password_grant: flag, password_grant_until: Date,
  implicit_grant: flag, implicit_grant_until: Date, api_application: flag, access_token_ttl_seconds: number, refresh_token_ttl_seconds: number,
  administrators: [String], rights_version: number, sign_out_version: number, created_at: { type: Date, required: true }, attempt: String,
}, { versionKey: false });

export const tenantIndexes: readonly IndexSpec[] = [{ key: { name: 1 }, options: { unique: true } }];
