import { Schema } from 'mongoose';

export const RECONCILIATIONS = 'reconciliations';

/** How far a service has compared its documents with the trail, and what it found. One document a service, `_id` its name. Not a change of anything: no event, no version raised. */
export interface ReconciliationDocument {
  _id: string;
  tenant_id: string;
  version: number;
  /** The instance that compares, until `held_until`. */
  holder: string;
  held_until: Date;
  /** By age of the documents looked at, in seconds: everything made before is compared. */
  compared_until: Record<string, Date>;
  /** Documents found without their event, ever; when the last one was. */
  missing: number;
  last_missing_at?: Date;
}

const required = { type: String, required: true } as const;
export const reconciliationSchema = new Schema<ReconciliationDocument>({
  _id: required, tenant_id: required, version: { type: Number, required: true }, holder: required, held_until: { type: Date, required: true },
  compared_until: { type: Schema.Types.Mixed, required: true }, missing: { type: Number, required: true }, last_missing_at: Date,
}, { versionKey: false });
