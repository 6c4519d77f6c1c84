import { Schema } from 'mongoose';
import { AnnouncedScope } from '@strowger/contracts/scope-announcement';
import { IndexSpec } from '../database';

export const SCOPE_CHANGES = 'scope_changes';

/** What happened to a scope: it was announced for the first time, announced otherwise than before, withdrawn, or announced again after that. */
export type ScopeHappening = 'announced' | 'changed' | 'withdrawn' | 'returned';
/** A field that changed; of `opens` what came and what went. */
export type ScopeFieldChange =
  | { readonly field: 'description' | 'access_level' | 'successor' | 'announced_by'; readonly from?: string; readonly to?: string }
  | { readonly field: 'opens'; readonly added: AnnouncedScope['opens']; readonly removed: AnnouncedScope['opens'] };

/** A change of a scope at rest, never changed itself. `_id` is the id of its event in the trail; `version` the scope's after it. */
export interface ScopeChangeDocument {
  _id: string;
  scope: string;
  tenant_id: string;
  version: number;
  at: Date;
  what: ScopeHappening;
  status: 'active' | 'deprecated' | 'withdrawn';
  announced_by: string;
  changes: ScopeFieldChange[];
}

const required = { type: String, required: true } as const;
export const scopeChangeSchema = new Schema<ScopeChangeDocument>({
  _id: required, scope: required, tenant_id: required, version: { type: Number, required: true }, at: { type: Date, required: true }, what: required, status: required,
  announced_by: required, changes: [Schema.Types.Mixed],
}, { versionKey: false });

export const scopeChangeIndexes: readonly IndexSpec[] = [{ key: { scope: 1, version: 1 }, options: { unique: true } }];
