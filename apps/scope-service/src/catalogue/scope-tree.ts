import type { ScopeDocument } from '@strowger/models/scopes/scopes.schema';

/** A node of the tree; what a service announced of it, if this very scope was announced. `children` in order of name. */
export interface ScopeNode {
  readonly scope: string;
  readonly name: string;
  readonly description?: string;
  readonly access_level?: string;
  readonly announced_by?: string;
  readonly status?: string;
  readonly successor?: string;
  readonly children: ScopeNode[];
}

/** Type → module → verb → sub, of announced scopes given in order of scope; their parents stand in it whether announced or not. */
export function scopeTree(scopes: readonly ScopeDocument[]): ScopeNode[] {
  const roots: ScopeNode[] = [];
  const nodes = new Map<string, ScopeNode>();
  const announced = new Map(scopes.map(scope => [scope._id, scope]));
  const nodeOf = (scope: string): ScopeNode => {
    const known = nodes.get(scope);
    if (known) return known;
    const end = scope.lastIndexOf(':');
    const node = { scope, name: scope.slice(end + 1), ...saidOf(announced.get(scope)), children: [] };
    nodes.set(scope, node);
    (end < 0 ? roots : nodeOf(scope.slice(0, end)).children).push(node);
    return node;
  };
  for (const scope of announced.keys()) nodeOf(scope);
  return sorted(roots);
}

const saidOf = (scope: ScopeDocument | undefined) => scope && {
  description: scope.description, access_level: scope.access_level, announced_by: scope.announced_by, status: scope.status,
  ...(scope.successor !== undefined && { successor: scope.successor }),
};

function sorted(nodes: ScopeNode[]): ScopeNode[] {
  for (const { children } of nodes) sorted(children);
  return nodes.sort((one, other) => (one.name < other.name ? -1 : 1));
}
