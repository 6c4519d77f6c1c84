import fc from 'fast-check';
import { OAuthError } from './oauth-error';
import { contains, covers, isKnown, KnownScopes, minimalScope, narrowedScope, narrowerScope, parseScope, registeredScope, requestedScope, resolveScope } from './scope';

const leaves = [
  'rest:callforward:read', 'rest:callforward:write', 'rest:calllog:read', 'rest:recordings:write:delete', 'gql:callforward:read',
  'strowger:applications:read', 'strowger:applications:write', 'strowger:audit:read',
];
const known = new KnownScopes(leaves);

/** What `invalid_scope` says. */
function refusal(attempt: () => unknown): string {
  try { attempt(); } catch (error) {
    if (error instanceof OAuthError && error.code === 'invalid_scope') return error.description;
    throw error;
  }
  throw new Error('not refused');
}
const asList = (scope: string): string[] => scope.split(' ').filter(word => word !== '');

describe('scope strings', () => {
  it.each(['rest', 'gql:callforward', 'rest:a:read', 'rest:a:write:own', 'strowger:a_b-c9', 'all', `rest:${'a'.repeat(64)}`])('accepts %s', text => {
    expect(parseScope(text)).toEqual([text]);
  });
  it.each([
    'soap', 'REST', 'All', 'rest:', ':read', 'rest::read', 'rest:a:', 'rest:a:delete', 'rest:a:read:', 'rest:a:read:b:c', 'rest:9a', 'rest:A', 'rest:a.b', 'rest:*',
    'rest:>', 'rest\tgql', 'rest\n', 'rest,gql', 'all:a', `rest:${'a'.repeat(65)}`, '__proto__', 'constructor', 'prototype', 'rest:ä',
  ])('S66: refuses %j and names it', text => {
    expect(refusal(() => parseScope(text))).toContain(text.slice(0, 61).replace(/[^ -~]/g, '?'));
  });
  it('tolerates runs of spaces and drops duplicates', () => {
    expect(parseScope('  rest:a:read   gql rest:a:read ')).toEqual(['rest:a:read', 'gql']);
    expect(parseScope('   ')).toEqual([]);
  });
  it('names a bad scope in printable ASCII, cut to 64 characters', () => {
    expect(refusal(() => parseScope(`"\\\r\n€${'x'.repeat(1000)}`))).toMatch(/^\?{5}x{56}\.\.\. is not a scope/);
  });
  it('refuses more than 4096 characters or 200 scopes', () => {
    expect(refusal(() => parseScope('x'.repeat(4097)))).toContain('4096');
    expect(refusal(() => parseScope(Array.from({ length: 201 }, (_, n) => `rest:m${String(n)}`).join(' ')))).toContain('200');
    expect(parseScope(Array.from({ length: 200 }, (_, n) => `rest:m${String(n)}`).join(' '))).toHaveLength(200);
  });
  it('answers any text with scopes or invalid_scope', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => {
      try { for (const scope of parseScope(text)) expect(scope).toMatch(/^[a-z0-9:_-]+$/); } catch (error) { expect(error).toMatchObject({ code: 'invalid_scope' }); }
    }));
  });
});

describe('containment', () => {
  it.each([
    ['rest', 'rest'], ['rest', 'rest:a'], ['rest', 'rest:a:read'], ['rest:a', 'rest:a:write:b'], ['rest:a:read', 'rest:a:read:b'],
  ])('%s contains %s', (parent, child) => { expect(contains(parent, child)).toBe(true); });
  it.each([
    ['rest:a:write', 'rest:a:read'], ['rest:a:read', 'rest:a:write'], ['rest:a', 'rest:ab'], ['rest:a:read', 'rest:a'], ['rest', 'gql'], ['rest', 'strowger:audit:read'],
    ['gql', 'strowger'], ['rest:a', 'gql:a'],
  ])('%s does not contain %s', (parent, child) => { expect(contains(parent, child)).toBe(false); });
  it('covers with any of several', () => {
    expect(covers(['gql', 'rest:a'], 'rest:a:read')).toBe(true);
    expect(covers(['gql', 'rest:a'], 'rest:b')).toBe(false);
    expect(covers([], 'rest')).toBe(false);
  });
});

describe('known scopes', () => {
  it.each(['rest', 'gql', 'strowger', 'rest:callforward', 'rest:callforward:read', 'rest:recordings', 'rest:recordings:write', 'rest:recordings:write:delete'])('knows %s', scope => {
    expect(isKnown(scope, known)).toBe(true);
  });
  it.each(['rest:callforward:read:x', 'rest:recordings:read', 'rest:call', 'gql:calllog', 'rest:constructor', 'soap', 'all', ''])('does not know %j', scope => {
    expect(isKnown(scope, known)).toBe(false);
  });
  it('knows the bare types before anything is announced', () => {
    expect(isKnown('rest', new KnownScopes([]))).toBe(true);
  });
});

describe('registering', () => {
  it('says all out, so that the word is never stored', () => {
    expect(registeredScope('all', known)).toBe('gql rest strowger');
    expect(registeredScope('rest:calllog:read all', known)).toBe('gql rest strowger');
  });
  it('keeps the shortest equal string, sorted', () => {
    expect(registeredScope('rest:callforward:write rest:callforward:read gql:callforward:read gql', known)).toBe('gql rest:callforward:read rest:callforward:write');
  });
  it.each([['rest:nothing:read', 'rest:nothing:read'], ['rest soap', 'soap'], ['', 'blank'], ['  ', 'blank']])('refuses %j', (text, named) => {
    expect(refusal(() => registeredScope(text, known))).toContain(named);
  });
});

describe('requesting', () => {
  const registered = 'gql rest:callforward';
  it('gives what was registered when no scope is named, or all', () => {
    expect(requestedScope(undefined, registered, known)).toBe(registered);
    expect(requestedScope('all', registered, known)).toBe(registered);
    expect(requestedScope('gql all', registered, known)).toBe(registered);
  });
  it('gives what was asked, duplicates dropped, in the order asked', () => {
    expect(requestedScope('rest:callforward:read gql rest:callforward:read', registered, known)).toBe('rest:callforward:read gql');
  });
  it('refuses a scope the application was not given', () => {
    expect(refusal(() => requestedScope('gql rest:calllog:read', registered, known))).toMatch(/^rest:calllog:read is a scope that the application was not given/);
    expect(refusal(() => requestedScope('rest', registered, known))).toMatch(/^rest is/);
    expect(refusal(() => requestedScope('all rest:calllog', registered, known))).toMatch(/^rest:calllog is/);
  });
  it('refuses a scope nobody announced, even below one that was given', () => {
    expect(refusal(() => requestedScope('gql:nothing', registered, known))).toMatch(/^gql:nothing is a scope that no service has announced/);
  });
  it('refuses a blank scope', () => { expect(refusal(() => requestedScope(' ', registered, known))).toContain('blank'); });
  it('S52: a refresh gets the grant\'s scope or less, never more', () => {
    expect(narrowerScope(undefined, 'rest:a gql')).toBe('rest:a gql');
    expect(narrowerScope('all', 'rest:a gql')).toBe('rest:a gql');
    expect(narrowerScope('rest:a:read', 'rest:a gql')).toBe('rest:a:read');
    expect(refusal(() => narrowerScope('gql rest', 'rest:a gql'))).toMatch(/^rest is a scope that the grant does not contain/);
    expect(refusal(() => narrowerScope('', 'rest'))).toContain('blank');
  });
});

describe('narrowing', () => {
  it.each([
    ['rest gql', 'rest gql', 'rest gql'], ['rest:b rest:a', 'rest', 'rest:b rest:a'], ['rest', 'rest:b:read rest:a', 'rest:a rest:b:read'], ['rest:a gql', 'gql:x rest', 'gql:x rest:a'],
    ['rest:a:read', 'rest:a:write', ''], ['rest', '', ''], ['', 'rest', ''],
  ])('of %j the registered %j leaves %j', (granted, registered, left) => { expect(narrowedScope(granted, registered)).toBe(left); });
});

describe('resolving', () => {
  it('lists the announced scopes that a scope string grants, what is unknown, and the shortest equal string', () => {
    expect(resolveScope('rest:callforward rest:callforward:read rest:recordings:write gql:nothing', known)).toEqual({
      granted: ['rest:callforward:read', 'rest:callforward:write', 'rest:recordings:write:delete'], unknown: ['gql:nothing'], minimal: 'rest:callforward rest:recordings:write',
    });
    expect(resolveScope('all', known)).toEqual({ granted: leaves, unknown: [], minimal: 'gql rest strowger' });
    expect(resolveScope('', known)).toEqual({ granted: [], unknown: [], minimal: '' });
  });
});

describe('the algebra', () => {
  const part = fc.constantFrom('a', 'ab', 'b');
  const scope = fc.tuple(fc.constantFrom('rest', 'gql', 'strowger'), fc.option(fc.tuple(part, fc.option(fc.tuple(fc.constantFrom('read', 'write'), fc.option(part))))))
    .map(([type, module]) => [type, module?.[0], module?.[1]?.[0], module?.[1]?.[1]].filter(each => typeof each === 'string').join(':'));
  const scopes = fc.array(scope, { maxLength: 8 });
  const every: string[] = ['rest', 'gql', 'strowger'].flatMap(type => [type, ...['a', 'ab', 'b'].flatMap(module => [`${type}:${module}`,
    ...['read', 'write'].flatMap(verb => [`${type}:${module}:${verb}`, ...['a', 'ab', 'b'].map(sub => `${type}:${module}:${verb}:${sub}`)])])]);
  /** Everything that a scope string lets one do, by brute force. */
  const meaning = (text: string): string[] => every.filter(each => covers(asList(text), each));

  it('contains is a partial order', () => {
    fc.assert(fc.property(scope, scope, scope, (a, b, c) => {
      expect(contains(a, a)).toBe(true);
      if (contains(a, b) && contains(b, a)) expect(a).toBe(b);
      if (contains(a, b) && contains(b, c)) expect(contains(a, c)).toBe(true);
    }), { numRuns: 2000 });
  });
  it('the minimal string means the same, is idempotent, and cannot lose a word', () => {
    fc.assert(fc.property(scopes, list => {
      const minimal = minimalScope(list);
      expect(meaning(minimal)).toEqual(meaning(list.join(' ')));
      expect(minimalScope(asList(minimal))).toBe(minimal);
      for (const word of asList(minimal)) expect(meaning(asList(minimal).filter(each => each !== word).join(' '))).not.toEqual(meaning(minimal));
    }));
  });
  it('the minimal string of a resolved one grants exactly the same announced scopes, never more whatever is announced later, and no shorter selection of it does', () => {
    const catalogues = fc.array(scope.filter(each => each.includes(':')), { maxLength: 12 });
    fc.assert(fc.property(fc.array(fc.oneof(scope, fc.constant('all')), { maxLength: 8 }), catalogues, catalogues, (asked, now, later) => {
      const catalogue = new KnownScopes(new Set(now)), { granted, unknown, minimal } = resolveScope(asked.join(' '), catalogue);
      const said = asked.flatMap(each => (each === 'all' ? ['rest', 'gql', 'strowger'] : [each])), good = said.filter(each => !unknown.includes(each));
      expect(granted).toEqual(catalogue.leaves.filter(leaf => covers(said, leaf)));
      expect(resolveScope(minimal, catalogue)).toEqual({ granted, unknown: [], minimal });
      expect(meaning(minimal)).toEqual(meaning(good.join(' ')));
      const grown = new KnownScopes(new Set([...now, ...later]));
      for (const leaf of resolveScope(minimal, grown).granted) expect(covers(good, leaf)).toBe(true);
      for (const word of asList(minimal)) expect(meaning(asList(minimal).filter(each => each !== word).join(' '))).not.toEqual(meaning(minimal));
      for (const each of unknown) expect(isKnown(each, catalogue)).toBe(false);
    }), { numRuns: 2000 });
  });
  it('narrowing is intersection', () => {
    fc.assert(fc.property(scopes, scopes, (granted, registered) => {
      const both = new Set(meaning(registered.join(' ')));
      expect(meaning(narrowedScope(granted.join(' '), registered.join(' ')))).toEqual(meaning(granted.join(' ')).filter(each => both.has(each)));
    }), { numRuns: 500 });
  });
  it('nothing is ever granted that was not registered, and nothing that was is refused', () => {
    const catalogue = new KnownScopes(every);
    fc.assert(fc.property(scopes, fc.array(fc.oneof(scope, fc.constant('all')), { minLength: 1, maxLength: 6 }), (list, asked) => {
      const registered = minimalScope(list);
      const allowed = asked.every(each => each === 'all' || covers(asList(registered), each));
      if (!allowed) { refusal(() => requestedScope(asked.join(' '), registered, catalogue)); refusal(() => narrowerScope(asked.join(' '), registered)); return; }
      for (const granted of [requestedScope(asked.join(' '), registered, catalogue), narrowerScope(asked.join(' '), registered)]) {
        for (const leaf of resolveScope(granted, catalogue).granted) expect(covers(asList(registered), leaf)).toBe(true);
        expect(meaning(granted)).toEqual(meaning(asked.includes('all') ? registered : asked.join(' ')));
      }
    }), { numRuns: 1000 });
  });
  it('stays linear with a catalogue of ten thousand scopes and the longest of requests', () => {
    const large = Array.from({ length: 10_000 }, (_, n) => `rest:m${String(n >> 1)}:${n % 2 ? 'read' : 'write'}`);
    const catalogue = new KnownScopes(large);
    const registered = large.slice(0, 200).join(' ');
    const asked = large.slice(0, 200).reverse().join(' ');
    const began = process.cpuUsage();      // of this process's own: others may be busy
    for (let n = 0; n < 100; n++) requestedScope(asked, registered, catalogue);
    const { user, system } = process.cpuUsage(began);
    expect(user + system).toBeLessThan(2_000_000);
    expect(resolveScope('rest', catalogue).granted).toHaveLength(10_000);
  });
});
