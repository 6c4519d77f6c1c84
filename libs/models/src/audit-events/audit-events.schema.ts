import { Schema } from 'mongoose';
import { IndexSpec } from '../database';

export const AUDIT_EVENTS = 'audit_events';

/**
 * An event of the trail at rest: its CloudEvents attributes and data, who it concerns and when it came. Never changed.
 * `_id` is the event's id, so that an event told twice stands here once.
 */
export interface AuditEventDocument {
  _id: string;
  /** Out of its data; `_` where that names none: such an event belongs to the deployment. */
  tenant_id: string;
  version: number;
  source: string;
  type: string;
  subject?: string;
  time: Date;
  /** Absent where `json` has it. */
  data?: Record<string, unknown>;
  /** The whole event as it was told, where a document cannot hold it (names such as `$set`) or it has more than the known attributes. */
  json?: string;
  /** The catalogue of the recording process knew no such type, or refused its data. */
  unparsed?: true;
  recorded_at: Date;
}

const required = { type: String, required: true } as const;
export const auditEventSchema = new Schema<AuditEventDocument>({
  _id: required, tenant_id: required, version: { type: Number, required: true }, source: required, type: required, subject: String,
  time: { type: Date, required: true }, data: Schema.Types.Mixed, json: String, unparsed: Boolean, recorded_at: { type: Date, required: true },
}, { versionKey: false });

/** One index, because every issued token pays for each (docs/performance.md): what else an event is found by is in `audit_postings`. */
export const auditEventIndexes: readonly IndexSpec[] = [{ key: { tenant_id: 1, time: -1, _id: -1 } }];
