/** A request looks at no more than this, and no longer; what it did not reach is behind its cursor. */
const MOST_LOOKED_AT = 2000, LONGEST_MS = 2000;

/** A part of a walk: what was found in it, each with where the rest begins after it; how many were looked at; and where the rest begins after all of it. */
export interface Stretch<T, P> { readonly found: readonly { readonly item: T; readonly position: P }[]; readonly looked: number; readonly end: P }
/** A page of what a walk finds. `next`: where the rest begins, absent at the end. `count`: of all that was found, where it was counted; `complete`: there is no more. */
export interface Gathered<T, P> { readonly items: readonly T[]; readonly next?: P; readonly count?: number; readonly complete?: boolean }

/** Takes a page from a walk; `counts`: goes on after it to count the rest, within the bounds. */
export async function gatherPage<T, P>(walk: AsyncIterable<Stretch<T, P>>, limit: number, counts: boolean, now: () => number = () => performance.now()): Promise<Gathered<T, P>> {
  const began = now(), items: T[] = [];
  let count = 0, looked = 0, last: P | undefined, end: P | undefined;
  for await (const stretch of walk) {
    end = stretch.end;
    for (const { item, position } of stretch.found) {
      count++;
      if (items.length < limit) { items.push(item); last = position; }
    }
    looked += stretch.looked;
    const enough = looked >= MOST_LOOKED_AT || now() - began > LONGEST_MS;
    if (enough || (!counts && count > limit)) return pageOf(true);
  }
  return pageOf(false);

  function pageOf(more: boolean): Gathered<T, P> {
    const next = count > items.length ? last : more ? end : undefined;
    return { items, ...(next !== undefined && { next }), ...(counts && { count, complete: !more }) };
  }
}
