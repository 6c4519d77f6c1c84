import { AnnouncedScope, RefusedScope } from '@strowger/contracts/scope-announcement';
import type { ScopeDocument } from '@strowger/models/scopes/scopes.schema';
import type { ScopeChange } from '@strowger/models/scopes/scopes.writer';
import { DEPLOYMENT } from '@strowger/oauth-core/facts';

/** All that the judgement depends on. `known`: the service's scopes and the founding scope of each module it announces. */
export interface Announced {
  readonly service: string;
  readonly scopes: readonly AnnouncedScope[];
  readonly known: readonly ScopeDocument[];
  readonly now: Date;
  /** How long a scope that is not in the announcement must not have been in another of the same service: an older instance may still announce it. */
  readonly absentSeconds: number;
}

/** What is to be changed (nothing of it is done yet), what is accepted, and what is refused and why. */
export interface Judgement { readonly accepted: readonly string[]; readonly refused: readonly RefusedScope[]; readonly changes: readonly ScopeChange[] }

/**
 * What a full announcement of a service changes in the catalogue: new, changed and returned scopes are announced, those it
 * no longer names are withdrawn, the rest stays as it is. A module belongs for ever to the service that announced it first.
 */
export function judgeAnnouncement({ service, scopes, known, now, absentSeconds }: Announced): Judgement {
  const before = new Map(known.filter(scope => scope.announced_by === service).map(scope => [scope._id, scope]));
  const owners = new Map(known.flatMap(scope => (scope.founds === undefined ? [] : [[scope.founds, scope.announced_by] as const])));
  const announced = new Set<string>();
  const accepted: string[] = [];
  const refused: RefusedScope[] = [];
  const changes: ScopeChange[] = [];
  for (const scope of scopes) {
    const module = moduleOf(scope.scope);
    const owner = owners.get(module);
    const reason = announced.has(scope.scope) ? 'it stands in the announcement twice' : reasonAgainst(scope, service, owner, module);
    announced.add(scope.scope);
    if (reason !== undefined) { refused.push({ scope: scope.scope, reason }); continue; }
    accepted.push(scope.scope);
    const old = before.get(scope.scope);
    const after = documentOf(scope, service, now, old, owner === undefined ? module : old?.founds);
    owners.set(module, service);
    if (!old) changes.push({ type: 'scope.announced', after });
    else if (!sameMeaning(old, after)) changes.push({ type: 'scope.announced', before: old, after });
  }
  const unseenSince = new Date(now.getTime() - absentSeconds * 1000);
  for (const old of before.values()) {
    if (!announced.has(old._id) && old.status !== 'withdrawn' && old.last_seen <= unseenSince) changes.push(withdrawal(old));
  }
  return { accepted, refused, changes };
}

/** The withdrawal of a scope: it stays, cannot be granted any more, and returns when its service announces it again. */
export const withdrawal = (before: ScopeDocument): ScopeChange => ({ type: 'scope.withdrawn', before, after: { ...before, version: before.version + 1, status: 'withdrawn' } });

/** The module a scope belongs to, as `type:module`. */
export const moduleOf = (scope: string): string => scope.split(':', 2).join(':');

function reasonAgainst({ scope, successor }: AnnouncedScope, service: string, owner: string | undefined, module: string): string | undefined {
  if (owner !== undefined && owner !== service) return `the module ${module} belongs to ${owner}, which announced it first`;
  if (successor === scope) return 'it names itself as its successor';
  return undefined;
}

function documentOf(announced: AnnouncedScope, service: string, now: Date, before: ScopeDocument | undefined, founds: string | undefined): ScopeDocument {
  const { scope, description, access_level, opens, successor } = announced;
  const [api_type = '', module = '', verb, sub] = scope.split(':');
  return {
    _id: scope, tenant_id: DEPLOYMENT, version: (before?.version ?? 0) + 1, api_type, module, ...(verb !== undefined && { verb }), ...(sub !== undefined && { sub }),
    description, access_level, opens, ...(successor !== undefined && { successor }), announced_by: service, ...(founds !== undefined && { founds }),
    status: successor === undefined ? 'active' : 'deprecated', last_seen: now,
  };
}

const sameMeaning = (one: ScopeDocument, other: ScopeDocument): boolean =>
  one.status === other.status && one.description === other.description && one.access_level === other.access_level
  && one.successor === other.successor && openings(one) === openings(other);

/** In an order of its own: a service may list them in any. */
const openings = ({ opens }: ScopeDocument): string => opens.map(one => ('field' in one ? one.field : `${one.method} ${one.path}`)).sort().join('\n');
