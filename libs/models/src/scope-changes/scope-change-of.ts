import { AnnouncedScope } from '@strowger/contracts/scope-announcement';
import type { ScopeDocument } from '../scopes/scopes.schema';
import { ScopeChangeDocument, ScopeFieldChange, ScopeHappening } from './scope-changes.schema';

const fields = ['description', 'access_level', 'successor', 'announced_by'] as const;

/** The record of what a scope was (absent: it was not there) and what it becomes. `id`: of the event that tells it. */
export function scopeChangeOf(id: string, at: Date, before: ScopeDocument | undefined, after: ScopeDocument): ScopeChangeDocument {
  const { _id: scope, tenant_id, version, status, announced_by } = after;
  return { _id: id, scope, tenant_id, version, at, what: happening(before, after), status, announced_by, changes: [...plain(before, after), ...openings(before?.opens ?? [], after.opens)] };
}

function happening(before: ScopeDocument | undefined, after: ScopeDocument): ScopeHappening {
  if (after.status === 'withdrawn') return 'withdrawn';
  if (!before) return 'announced';
  return before.status === 'withdrawn' ? 'returned' : 'changed';
}

const plain = (before: ScopeDocument | undefined, after: ScopeDocument): ScopeFieldChange[] => fields.flatMap(field => {
  const from = before?.[field], to = after[field];
  return from === to ? [] : [{ field, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }];
});

/** What a scope opens as one text. */
const openingText = (one: AnnouncedScope['opens'][number]): string => ('field' in one ? one.field : `${one.method} ${one.path}`);

function openings(before: AnnouncedScope['opens'], after: AnnouncedScope['opens']): ScopeFieldChange[] {
  const [had, has] = [new Set(before.map(openingText)), new Set(after.map(openingText))];
  const added = after.filter(one => !had.has(openingText(one))), removed = before.filter(one => !has.has(openingText(one)));
  return added.length + removed.length === 0 ? [] : [{ field: 'opens', added, removed }];
}
