import { DocumentNode, FieldNode, FragmentDefinitionNode, Kind, SelectionSetNode } from 'graphql';

/** How much one request may ask. */
export interface QueryLimits {
  readonly tokens: number;
  readonly depth: number;
  /** Of introspection, which nests by nature. */
  readonly introspectionDepth: number;
  readonly aliases: number;
  readonly fields: number;
  readonly directives: number;
  readonly operations: number;
  /** A field costs one, and what is below a page or a list as often as it may have items. */
  readonly cost: number;
}
export const standardLimits: QueryLimits = { tokens: 2500, depth: 10, introspectionDepth: 20, aliases: 50, fields: 1000, directives: 50, operations: 10, cost: 20_000 };

/** The query asks too much, or in circles; `message` says of what. */
export class QueryTooLarge extends Error { override readonly name = 'QueryTooLarge'; }
/** What a document asks, fragments spread. `rootFields`: how many operations of the PBX it is worth. */
export interface QuerySize { readonly rootFields: number; readonly cost: number }

const DEFAULT_PAGE = 50, LARGEST_PAGE = 200;

/**
 * Measures a parsed document before anything else looks at it; stops as soon as it is too much, so a document costs no more than its limits.
 * `itemsBelow`: how many items a field of this name gives at most; of a page, as many as are asked for.
 * @throws QueryTooLarge
 */
export function measureQuery(document: DocumentNode, itemsBelow: (field: string) => 'page' | number, limits: QueryLimits = standardLimits): QuerySize {
  const fragments = new Map<string, FragmentDefinitionNode>(), inside = new Set<string>();
  let fields = 0, aliases = 0, directives = 0, cost = 0, rootFields = 0;
  const most = (what: keyof QueryLimits, found: number): void => {
    if (found > limits[what]) throw new QueryTooLarge(`the query has more than ${String(limits[what])} as its ${what}; ask less at once`);
  };
  const walk = ({ selections }: SelectionSetNode, depth: number, times: number, introspects: boolean): void => {
    most(introspects ? 'introspectionDepth' : 'depth', depth);
    for (const selection of selections) {
      most('directives', directives += selection.directives?.length ?? 0);
      if (selection.kind === Kind.FIELD) walkField(selection, depth, times, introspects);
      else if (selection.kind === Kind.INLINE_FRAGMENT) walk(selection.selectionSet, depth, times, introspects);
      else walkFragment(selection.name.value, depth, times, introspects);
    }
  };
  const walkField = (field: FieldNode, depth: number, times: number, introspects: boolean): void => {
    most('fields', ++fields);
    if (field.alias) most('aliases', ++aliases);
    most('cost', cost += times);
    if (depth === 1) rootFields++;
    const { name: { value: name }, selectionSet } = field, items = itemsBelow(name);
    if (selectionSet) walk(selectionSet, depth + 1, times * (items === 'page' ? pageSize(field) : items), introspects || name === '__schema' || name === '__type');
  };
  const walkFragment = (name: string, depth: number, times: number, introspects: boolean): void => {
    const fragment = fragments.get(name);
    if (!fragment) return;      // validation names it
    if (inside.has(name)) throw new QueryTooLarge('a fragment spreads itself');
    inside.add(name);
    walk(fragment.selectionSet, depth, times, introspects);
    inside.delete(name);
  };
  for (const definition of document.definitions) if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const operations = document.definitions.filter(definition => definition.kind === Kind.OPERATION_DEFINITION);
  most('operations', operations.length);
  for (const { selectionSet, directives: own } of operations) {
    most('directives', directives += own?.length ?? 0);
    walk(selectionSet, 1, 1, false);
  }
  return { rootFields, cost };
}

/** How many items a page may have: what its `limit` says; the most there can be, where a variable says it. */
function pageSize({ arguments: given = [] }: FieldNode): number {
  const limit = given.find(({ name }) => name.value === 'limit')?.value;
  if (!limit) return DEFAULT_PAGE;
  return limit.kind === Kind.INT ? Math.min(Math.max(Number(limit.value), 1), LARGEST_PAGE) : LARGEST_PAGE;
}
