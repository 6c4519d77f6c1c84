import { idOf } from '@strowger/models/pbx/pbx-records.store';
import { cursorAfter } from './request-fields';
import { without } from './without';

/** A document as it is answered: its own fields, and its id within the tenant. */
export function shown<D extends { readonly _id: string; readonly tenant_id: string; readonly version: number }>(document: D): { id: string } & Omit<D, '_id' | 'tenant_id' | 'version'> {
  return { id: idOf(document), ...without(document, '_id', 'tenant_id', 'version') };
}

/** A page of a list as it is answered. */
export const shownPage = <D, S>({ items, next }: { readonly items: readonly D[]; readonly next?: string }, show: (document: D) => S) =>
  ({ items: items.map(show), next_cursor: next === undefined ? null : cursorAfter(next) });
