/** Deeper than any event of ours by far, and shallow enough for every recursive reader after us. */
const MAX_DEPTH = 32;
/** Names that a stored document cannot have, or that mean something to a driver: such JSON is kept as text. */
const isAwkward = (name: string): boolean =>
  name === '' || name.startsWith('$') || name === '_bsontype' || name === '__proto__' || name.includes('.') || name.includes('\0');

/**
 * Looks through JSON without recursion, so that no nesting can exhaust the stack: `too_deep` over 32 levels, `awkward`
 * where a name in it cannot stand in a stored document, else `plain`.
 */
export function shapeOf(value: unknown): 'plain' | 'awkward' | 'too_deep' {
  let awkward = false;
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return 'too_deep';
    const below: unknown[] = [];
    for (const one of level) {
      if (typeof one !== 'object' || one === null) continue;
      if (Array.isArray(one)) { for (const part of one) if (typeof part === 'object') below.push(part); continue; }
      for (const [name, part] of Object.entries(one)) {
        awkward ||= isAwkward(name);
        if (typeof part === 'object') below.push(part);
      }
    }
    level = below;
  }
  return awkward ? 'awkward' : 'plain';
}
