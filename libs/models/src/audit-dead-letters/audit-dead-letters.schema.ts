import { Schema } from 'mongoose';
import { IndexSpec } from '../database';

export const AUDIT_DEAD_LETTERS = 'audit_dead_letters';

/** Why something on the stream is not an event of the trail. */
export type DeadLetterReason = 'not_a_batch' | 'too_large' | 'too_deep' | 'no_envelope' | 'forged' | 'not_storable' | 'id_taken';

/** What came over the bus and is not an event: kept for a person to look at, never read by a program. */
export interface AuditDeadLetterDocument {
  /** `<stream sequence>-<place in the batch>-<digest of raw>`: delivered again, it is the same. */
  _id: string;
  tenant_id: string;
  version: number;
  /** Of the message it came with. */
  subject: string;
  reason: DeadLetterReason;
  /** Its bytes, cut to 64 KiB. */
  raw: Buffer;
  recorded_at: Date;
}

const required = { type: String, required: true } as const;
export const auditDeadLetterSchema = new Schema<AuditDeadLetterDocument>({
  _id: required, tenant_id: required, version: { type: Number, required: true }, subject: required, reason: required,
  raw: { type: Buffer, required: true }, recorded_at: { type: Date, required: true },
}, { versionKey: false });

export const auditDeadLetterIndexes: readonly IndexSpec[] = [];
