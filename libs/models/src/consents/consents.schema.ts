import { Schema } from 'mongoose';
import { IndexSpec } from '../database';

export const CONSENTS = 'consents';

/** What an account allowed an application. `implied`: by giving it the password, not on a consent page. */
export interface ConsentDocument {
  /** `<account id>:<application id>` */
  _id: string;
  tenant_id: string;
  version: number;
  account_id: string;
  application_id: string;
  scope: string;
  /** What the person has been asked for, of which `scope` was given; absent where nobody was asked. */
  asked?: string;
  implied: boolean;
  status: 'active' | 'removed';
  granted_at: Date;
}

const required = { type: String, required: true } as const;
export const consentSchema = new Schema<ConsentDocument>({
  _id: required, tenant_id: required, version: { type: Number, required: true }, account_id: required, application_id: required, scope: required,
  asked: String, implied: { type: Boolean, required: true }, status: required, granted_at: { type: Date, required: true },
}, { versionKey: false });

export const consentIndexes: readonly IndexSpec[] = [{ key: { account_id: 1 } }, { key: { application_id: 1 } }];
