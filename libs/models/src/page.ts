/** A part of a list, in the order of the ids; `next` is the id after which the rest begins, absent at the end. */
export interface Page<T> { readonly items: readonly T[]; readonly next?: string }

/** The page of at most `limit` items; `found` holds one more where there is a next page. */
export function pageOf<T extends { readonly id: string }>(found: readonly T[], limit: number): Page<T> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return found.length > limit && last ? { items, next: last.id } : { items };
}
