import { Schema } from 'mongoose';
import { AccessLevel } from '@strowger/oauth-core/facts';
import { AnnouncedScope } from '@strowger/contracts/scope-announcement';
import { IndexSpec } from '../database';

export const SCOPES = 'scopes';

/** A scope of the catalogue at rest; `_id` is the scope itself. `withdrawn`: its service announces it no longer; it is never deleted. */
export interface ScopeDocument {
  _id: string;
  tenant_id: string;
  version: number;
  api_type: string;
  module: string;
  verb?: string;
  sub?: string;
  description: string;
  access_level: AccessLevel;
  opens: AnnouncedScope['opens'];
  successor?: string;
  announced_by: string;
  /**
   * `type:module`, of the first scope that was announced of a module: the module belongs to the service that announced it.
   * Unique, so that of two services that announce a module at one moment one gets it whole.
   */
  founds?: string;
  status: 'active' | 'deprecated' | 'withdrawn';
  /** When its service last announced it; moves without a new version and without an event. */
  last_seen: Date;
}

const required = { type: String, required: true } as const;
export const scopeSchema = new Schema<ScopeDocument>({
  _id: required, tenant_id: required, version: { type: Number, required: true }, api_type: required, module: required, verb: String, sub: String,
  description: required, access_level: required, opens: [Schema.Types.Mixed], successor: String, announced_by: required, founds: String, status: required,
  last_seen: { type: Date, required: true },
}, { versionKey: false });

export const scopeIndexes: readonly IndexSpec[] = [
  { key: { announced_by: 1, _id: 1 } },
  { key: { founds: 1 }, options: { unique: true, sparse: true } },
];
