import { Schema } from 'mongoose';

export const HEARTBEATS = 'heartbeats';

/** The last majority write of an instance, by which it shows that its primary still has one. Not a change of anything: no event, no version raised. */
export interface HeartbeatDocument {
  /** The instance. */
  _id: string;
  tenant_id: string;
  version: number;
  /** By the database's clock. */
  at: Date;
}

const required = { type: String, required: true } as const;
export const heartbeatSchema = new Schema<HeartbeatDocument>({ _id: required, tenant_id: required, version: { type: Number, required: true }, at: { type: Date, required: true } }, { versionKey: false });
