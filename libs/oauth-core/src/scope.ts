import { OAuthError } from './oauth-error';
import { printable } from './printable';

/** Types of scopes: a PBX's REST and GraphQL APIs, and Strowger's own management APIs. Sorted. */
export const scopeTypes = ['gql', 'rest', 'strowger'] as const;
/** Says everything the application was registered for; never stored. */
export const ALL = 'all';
const MAX_SCOPE_LENGTH = 4096;
const MAX_SCOPES = 200;

const syntax = /^(?:rest|gql|strowger)(?::[a-z][a-z0-9_-]{0,63}(?::(?:read|write)(?::[a-z][a-z0-9_-]{0,63})?)?)?$/;

/**
 * The scopes that services announced, indexed once so that every question is one look-up. `leaves` are the announced
 * scopes themselves; known is each of them, each of their parents, and every bare type.
 */
export class KnownScopes {
  readonly leaves: readonly string[];
  private readonly known = new Set<string>(scopeTypes);

  constructor(leaves: Iterable<string>) {
    this.leaves = [...leaves];
    for (const leaf of this.leaves) {
      for (let scope = leaf; !this.known.has(scope); scope = parentOf(scope) ?? scope) this.known.add(scope);
    }
  }
  has(scope: string): boolean { return this.known.has(scope); }
}

/**
 * The scopes of a scope string, each once, in the order given; `all` stands as itself. Separated by spaces
 * (RFC 6749 §3.3), of which runs are tolerated: people paste. Blank text is no scope at all.
 * @throws OAuthError invalid_scope - over 4096 characters or 200 scopes, or one that is not `type[:module[:verb[:sub]]]`
 */
export function parseScope(text: string): readonly string[] {
  if (text.length > MAX_SCOPE_LENGTH) throw new OAuthError('invalid_scope', `scope is longer than ${String(MAX_SCOPE_LENGTH)} characters; a parent such as rest or rest:callforward says the same in fewer`);
  const scopes = words(text);
  if (scopes.length > MAX_SCOPES) throw new OAuthError('invalid_scope', `scope names more than ${String(MAX_SCOPES)} scopes; a parent such as rest or rest:callforward says the same in fewer`);
  const bad = scopes.find(scope => scope !== ALL && !syntax.test(scope));
  if (bad !== undefined) throw new OAuthError('invalid_scope', `${printable(bad)} is not a scope; write type, type:module, type:module:verb or type:module:verb:sub with type rest, gql or strowger and verb read or write`);
  return scopes;
}

/** Whether who has `parent` has `child`: itself, or below it. `write` does not contain `read`. */
export const contains = (parent: string, child: string): boolean => child === parent || (child.startsWith(parent) && child[parent.length] === ':');

/** Whether one of `granted` contains `wanted`. For many questions about one long list see `requestedScope`. */
export const covers = (granted: readonly string[], wanted: string): boolean => granted.some(scope => contains(scope, wanted));

/** Whether a scope is a bare type, or an announced scope is equal to it or below it. */
export const isKnown = (scope: string, known: KnownScopes): boolean => known.has(scope);

/**
 * The scope string to register for an application (seed 004): `all` said out as `gql rest strowger`, minimal, sorted.
 * @throws OAuthError invalid_scope - blank, bad syntax, or a scope that no service announced
 */
export function registeredScope(text: string, known: KnownScopes): string {
  const scopes = someScopes(text).flatMap(scope => (scope === ALL ? scopeTypes : [scope]));
  for (const scope of scopes) assertKnown(scope, known);
  return minimalScope(scopes);
}

/**
 * The scope string that a token request gets: what was registered when it names none or says `all`, else what it asked.
 * `registered` is a stored scope string; nothing is ever granted that it does not contain.
 * @throws OAuthError invalid_scope - blank, bad syntax, unknown, or not registered for the application; names the scope
 */
export function requestedScope(requested: string | undefined, registered: string, known: KnownScopes): string {
  if (requested === undefined) return registered;
  return within(requested, registered, 'the application was not given', known);
}

/**
 * The scope string that a refresh gets (RFC 6749 §6): the grant's when it names none or says `all`, else what it asked.
 * @throws OAuthError invalid_scope - blank, bad syntax, or not contained in what was granted; names the scope
 */
export function narrowerScope(requested: string | undefined, granted: string): string {
  if (requested === undefined) return granted;
  return within(requested, granted, 'the grant does not contain');
}

/**
 * What is left of a grant's scope string now that `registered` is what the application has: the intersection of both.
 * Unchanged when all of it is left; empty when nothing is.
 */
export function narrowedScope(granted: string, registered: string): string {
  const ours = words(granted);
  const theirs = words(registered);
  const [has, given] = [new Set(theirs), new Set(ours)];
  if (ours.every(scope => hasOrAbove(has, scope))) return granted;
  return minimalScope([...ours.filter(scope => hasOrAbove(has, scope)), ...theirs.filter(scope => hasOrAbove(given, scope))]);
}

/**
 * The shortest scope string of the same meaning: without what another contains, each once, sorted. Children are never
 * merged into their parent: it would also contain what is announced later.
 */
export function minimalScope(scopes: readonly string[]): string {
  const all = new Set(scopes);
  return [...all].filter(scope => !aboveOf(all, scope)).sort().join(' ');
}

/**
 * What a scope string means today: the announced scopes it grants, those of its scopes that nobody announced, and the
 * shortest string that says the rest. `all` is what registering it would give.
 * @throws OAuthError invalid_scope - bad syntax
 */
export function resolveScope(text: string, known: KnownScopes): { readonly granted: string[]; readonly unknown: string[]; readonly minimal: string } {
  const scopes = parseScope(text).flatMap(scope => (scope === ALL ? scopeTypes : [scope]));
  const good = new Set(scopes.filter(scope => known.has(scope)));
  return {
    granted: known.leaves.filter(leaf => hasOrAbove(good, leaf)),
    unknown: scopes.filter(scope => !known.has(scope)),
    minimal: minimalScope([...good]),
  };
}

function within(requested: string, held: string, not: string, known?: KnownScopes): string {
  const scopes = someScopes(requested);
  const has = new Set(words(held));
  for (const scope of scopes) {
    if (scope === ALL) continue;
    if (known) assertKnown(scope, known);
    if (!hasOrAbove(has, scope)) throw new OAuthError('invalid_scope', `${printable(scope)} is a scope that ${not}; ask for less, or leave scope out to get all there is`);
  }
  return scopes.includes(ALL) ? held : scopes.join(' ');
}

function someScopes(text: string): readonly string[] {
  const scopes = parseScope(text);
  if (scopes.length === 0) throw new OAuthError('invalid_scope', 'scope is blank; name scopes such as rest:callforward:read, or all');
  return scopes;
}

function assertKnown(scope: string, known: KnownScopes): void {
  if (!known.has(scope)) throw new OAuthError('invalid_scope', `${printable(scope)} is a scope that no service has announced; the scope list at /api/scopes has those that are`);
}

function words(text: string): string[] {
  return [...new Set(text.split(' ').filter(word => word !== ''))];
}

function parentOf(scope: string): string | undefined {
  const end = scope.lastIndexOf(':');
  return end < 0 ? undefined : scope.slice(0, end);
}

/** Depth is at most four, so a question costs at most four look-ups however long the list is. */
function aboveOf(scopes: ReadonlySet<string>, scope: string): boolean {
  for (let parent = parentOf(scope); parent !== undefined; parent = parentOf(parent)) if (scopes.has(parent)) return true;
  return false;
}

const hasOrAbove = (scopes: ReadonlySet<string>, scope: string): boolean => scopes.has(scope) || aboveOf(scopes, scope);
