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
  /** What it is found by (`audit-terms.ts`); the writer adds them. */
  terms?: number[];
}

const required = { type: String, required: true } as const;
export const auditEventSchema = new Schema<AuditEventDocument>({
  _id: required, tenant_id: required, version: { type: Number, required: true }, source: required, type: required, subject: String,
  time: { type: Date, required: true }, data: Schema.Types.Mixed, json: String, unparsed: Boolean, recorded_at: { type: Date, required: true }, terms: { type: [Number], default: undefined },
}, { versionKey: false });

/**
 * One index, because every issued token pays for it, and it serves every filter: an event stands in it once for each of its
 * terms, in the order of the answers. What it costs and what it gains stands in docs/performance.md.
 */
export const auditEventIndexes: readonly IndexSpec[] = [{ key: { terms: 1, time: -1, _id: -1 } }];
