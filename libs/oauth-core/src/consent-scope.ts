import { contains, covers, minimalScope, narrowedScope } from './scope';

/** One choice on the consent page: what it says, and the scopes it stands for. `key`: `module[:verb[:sub]]`, or the scope itself where nothing below it is announced. */
export interface OfferedScope { readonly key: string; readonly module: string; readonly writes: boolean; readonly descriptions: readonly string[]; readonly scopes: readonly string[] }
/** An announced scope and its words. */
export interface DescribedScope { readonly scope: string; readonly description: string }
/** What is remembered of a consent. `asked`: what the person has been asked, of which `scope` was given; `implied`: by a password, without being asked. */
export interface RememberedConsent { readonly scope: string; readonly asked?: string; readonly implied: boolean; readonly status: 'active' | 'removed' }

/**
 * What a person is asked for a requested scope string: the announced scopes in it, those of REST and GraphQL that are the
 * same as one. What another choice contains is told in its words and is no choice of its own.
 */
export function offeredScopes(requested: string, catalogue: readonly DescribedScope[]): OfferedScope[] {
  const asked = requested.split(' ');
  const leaves = catalogue.filter(({ scope }) => covers(asked, scope));
  const top = leaves.filter(({ scope }) => !leaves.some(other => other.scope !== scope && contains(other.scope, scope)));
  const silent = asked.filter(scope => !leaves.some(leaf => contains(scope, leaf.scope))).map(scope => ({ scope, description: `Everything in ${scope}` }));
  const offered = new Map<string, OfferedScope>();
  for (const { scope, description } of [...top, ...silent]) {
    const [type = '', module = type, verb] = scope.split(':');
    const key = silent.some(one => one.scope === scope) ? scope : scope.slice(type.length + 1);
    const within = leaves.filter(leaf => leaf.scope !== scope && contains(scope, leaf.scope)).map(leaf => leaf.description);
    const known = offered.get(key);
    offered.set(key, {
      key, module, writes: verb !== 'read', scopes: [...known?.scopes ?? [], scope], descriptions: [...new Set([...known?.descriptions ?? [], description, ...within])],
    });
  }
  return [...offered.values()].sort((a, b) => (a.module === b.module ? (a.key < b.key ? -1 : 1) : a.module < b.module ? -1 : 1));
}

/** The scope string of what was chosen: a requested scope whole where all of it was, else its chosen parts. Never more than was requested; empty where nothing was. */
export function chosenScope(requested: string, offered: readonly OfferedScope[], chosen: ReadonlySet<string>): string {
  const [yes, no] = [true, false].map(want => offered.filter(({ key }) => chosen.has(key) === want).flatMap(({ scopes }) => scopes));
  const whole = requested.split(' ').filter(scope => yes?.some(one => contains(scope, one)) && !no?.some(one => contains(scope, one)));
  return minimalScope([...whole, ...yes ?? []]);
}

/** What a remembered consent gives for a request without asking again; undefined where the person must be asked: more is requested than ever was, or nothing of it was given. */
export function rememberedScope(requested: string, consent: RememberedConsent | undefined): string | undefined {
  if (consent?.status !== 'active' || consent.implied) return undefined;
  const asked = (consent.asked ?? consent.scope).split(' ');
  if (!requested.split(' ').every(scope => covers(asked, scope))) return undefined;
  const scope = narrowedScope(requested, consent.scope);
  return scope === '' ? undefined : scope;
}

/** What is to be remembered once a person gave `granted` of `requested`: the newest answer counts, and what was not asked now stays. */
export function answeredConsent(consent: RememberedConsent | undefined, requested: string, granted: string): { readonly scope: string; readonly asked: string } {
  const now = requested.split(' '), before = consent?.status === 'active' && !consent.implied ? consent : undefined;
  const refusedSome = !now.every(scope => covers(granted.split(' '), scope));
  const kept = (before?.scope ?? '').split(' ').filter(scope => scope !== '' && !covers(now, scope) && !(refusedSome && now.some(one => contains(scope, one))));
  return {
    scope: minimalScope([...granted.split(' '), ...kept]),
    asked: minimalScope([...now, ...(before?.asked ?? before?.scope ?? '').split(' ').filter(scope => scope !== '')]),
  };
}
