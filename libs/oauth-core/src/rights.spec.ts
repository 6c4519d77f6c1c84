import { AccessTokenClaims } from './facts';
import { managementAccessLevel, mayDo, reachesSwitchboard, rightsHold } from './rights';

type Claims = Parameters<typeof mayDo>[0];
const administrator: Claims = { scope: 'gql rest strowger', access_level: 'all', role: 'administrator', read_only: false, account_kind: 'user', impersonation: false };
const status = (claims: Partial<AccessTokenClaims>, scope: string, write: boolean, callApiWrite?: boolean): string => {
  const verdict = mayDo({ ...administrator, ...claims }, callApiWrite === undefined ? { scope, write } : { scope, write, callApiWrite });
  return verdict.allowed ? 'allowed' : verdict.status;
};
const [read, write, callApiWrite] = [[false], [true], [true, true]] as const;

describe('scope', () => {
  it('refuses what the token\'s scopes do not contain, and names what is missing', () => {
    expect(mayDo({ ...administrator, scope: 'rest:calllog gql' }, { scope: 'rest:faxes:read', write: false })).toEqual({
      allowed: false, error: 'insufficient_scope', status: 'access_denied', scope: 'rest:faxes:read', description: 'the token lacks the scope rest:faxes:read',
    });
  });
  it.each([['', 'rest'], ['rest gql', 'strowger:tokens:read'], ['rest:a:write', 'rest:a:read'], ['rest:a:read', 'rest:a'], ['all', 'rest']])('of %j does not reach %s', (scope, needed) => {
    expect(status({ scope }, needed, false)).toBe('access_denied');
  });
});

describe('access level', () => {
  it.each([
    ['call_api', 'rest:extensions:read', read, 'allowed'], ['call_api', 'rest:extensions:write', write, 'app_access_type_deny'], ['call_api', 'gql:extensions:write', write, 'app_access_type_deny'],
    ['call_api', 'rest:calls:write', callApiWrite, 'allowed'], ['all', 'rest:extensions:write', write, 'allowed'],
    ['call_api', 'strowger:tokens:write', write, 'allowed'], ['call_api', 'strowger:applications:write', write, 'app_access_type_deny'],
    ['call_api', 'strowger:applications:write', callApiWrite, 'app_access_type_deny'], ['call_api', 'strowger:tenant:write', write, 'app_access_type_deny'],
    ['call_api', 'strowger:tenant:read', read, 'allowed'], ['all', 'strowger:tenant:write', write, 'allowed'],
  ] as const)('S78: %s on %s %j is %s', (access_level, scope, [writes, called], expected) => {
    expect(status({ access_level }, scope, writes, called)).toBe(expected);
  });
  it('says who can raise it', () => {
    expect(mayDo({ ...administrator, access_level: 'call_api' }, { scope: 'rest:extensions:write', write: true })).toEqual({
      allowed: false, error: 'access_denied', status: 'app_access_type_deny', description: 'the application has access level call_api, this needs level all, which an administrator can set',
    });
  });
  it('of management scopes is what their catalogue entries say', () => {
    expect(['tokens:read', 'tokens:write', 'audit:read', 'applications:write', 'tenant:write'].map(scope => managementAccessLevel(`strowger:${scope}`))).toEqual(['call_api', 'call_api', 'call_api', 'all', 'all']);
  });
});

describe('role', () => {
  const reached: Record<string, readonly string[]> = {
    user: ['accounts:read', 'accounts:write', 'applications:read', 'applications:write', 'tokens:read', 'tokens:write', 'scopes:read'],
    auditor: ['accounts:read', 'accounts:write', 'applications:read', 'applications:write', 'tokens:read', 'tokens:write', 'scopes:read', 'audit:read'],
    administrator: ['accounts', 'applications', 'tenant', 'scopes', 'tokens', 'audit'].flatMap(module => [`${module}:read`, `${module}:write`]),
  };
  it.each(['user', 'auditor', 'administrator'] as const)('S64: %s reaches exactly its management scopes', role => {
    const every = reached['administrator'] ?? [];
    expect(every.filter(scope => status({ role }, `strowger:${scope}`, scope.endsWith('write')) === 'allowed').sort()).toEqual([...reached[role] ?? []].sort());
  });
  it('does not bound a PBX\'s own scopes', () => { expect(status({ role: 'user' }, 'rest:extensions:write', true)).toBe('allowed'); });
  it('gives a route that needs all management scopes to administrators only', () => {
    expect(status({ role: 'auditor' }, 'strowger', false)).toBe('access_denied');
    expect(status({}, 'strowger', false)).toBe('allowed');
  });
});

describe('read_only', () => {
  it.each([
    ['rest:extensions:read', read, 'allowed'], ['rest:extensions:write', write, 'user_access_type_deny'], ['rest:calls:write', callApiWrite, 'user_access_type_deny'],
    ['gql:extensions:write', write, 'user_access_type_deny'], ['strowger:applications:write', write, 'user_access_type_deny'], ['strowger:tokens:write', write, 'user_access_type_deny'],
    ['strowger:tokens:read', read, 'allowed'],
  ] as const)('S77: on %s %j is %s', (scope, [writes, called], expected) => {
    expect(status({ read_only: true }, scope, writes, called)).toBe(expected);
  });
});

describe('the method of a REST request', () => {
  const may = (claims: Partial<AccessTokenClaims>, method: string): boolean => mayDo({ ...administrator, ...claims }, { scope: 'rest:calllog:read', write: false, method }).allowed;
  it.each([['GET', true], ['HEAD', true], ['POST', false], ['PUT', false], ['PATCH', false], ['DELETE', false], ['get', false], ['', false], ['OPTIONS', false]])('S77: %s of a read_only account on a route that only needs to read: %p', (method, allowed) => {
    expect(may({ read_only: true }, method)).toBe(allowed);
    expect(may({}, method)).toBe(true);
  });
});

describe('a door that many scopes lead through', () => {
  const may = (claims: Partial<AccessTokenClaims>, scope: string): boolean => mayDo({ ...administrator, ...claims }, { scope, write: false, below: true }).allowed;
  it.each([['gql:calls:read', 'gql', true], ['gql', 'gql', true], ['gql:calls', 'gql:calls', true], ['gql:calls:read', 'gql:calls', true], ['rest', 'gql', false], ['gqlx:calls', 'gql', false], ['', 'gql', false], ['gql:calls:read', 'gql:faxes', false]])('a token with %j at %s: %p', (scope, door, allowed) => {
    expect(may({ scope }, door)).toBe(allowed);
  });
  it('an API access without impersonation goes where something behind is its', () => {
    const access = { account_kind: 'api_access', impersonation: false } as const;
    expect([may({ ...access, scope: 'rest gql' }, 'gql'), may({ ...access, scope: 'rest gql' }, 'rest')]).toEqual([false, true]);
  });
});

describe('switchboards', () => {
  it.each([[undefined, true], [[], false], [['s1'], true], [['s2'], false], [['s'], false]])('of %j s1 is reached: %p', (switchboards, reached) => {
    expect(reachesSwitchboard(switchboards === undefined ? {} : { switchboards }, 's1')).toBe(reached);
  });
});

describe('account kind', () => {
  it.each([
    ['rest:calllog:read', 'allowed'], ['rest:switchboards:read', 'allowed'], ['rest:switchboards', 'allowed'], ['rest:extensions:read', 'access_denied'], ['rest:calllogs:read', 'access_denied'], ['rest', 'access_denied'],
    ['gql:calllog:read', 'access_denied'], ['strowger:accounts:read', 'access_denied'],
  ])('an API access without impersonation on %s is %s', (scope, expected) => {
    expect(status({ account_kind: 'api_access' }, scope, false)).toBe(expected);
  });
  it('an API access with impersonation reaches what its owner\'s role does', () => {
    const access = { account_kind: 'api_access', impersonation: true, role: 'user' } as const;
    expect(status(access, 'gql:extensions:write', true)).toBe('allowed');
    expect(status(access, 'strowger:audit:read', false)).toBe('access_denied');
  });
});

describe('the order of ceilings', () => {
  const nothing: Partial<AccessTokenClaims> = { scope: 'gql', access_level: 'call_api', role: 'user', read_only: true, account_kind: 'api_access' };
  it('names the first that says no', () => {
    const need = ['strowger:tenant:write', true] as const;
    expect(status(nothing, ...need)).toBe('access_denied');
    expect(mayDo({ ...administrator, ...nothing }, { scope: need[0], write: true })).toMatchObject({ error: 'insufficient_scope' });
    const scoped = { ...nothing, scope: 'strowger' };
    expect(status(scoped, ...need)).toBe('app_access_type_deny');
    expect(mayDo({ ...administrator, ...scoped, access_level: 'all' }, { scope: need[0], write: true })).toMatchObject({ status: 'access_denied', description: 'the role user does not reach strowger:tenant:write' });
    expect(status({ ...scoped, access_level: 'all', role: 'administrator' }, ...need)).toBe('user_access_type_deny');
    expect(status({ ...scoped, access_level: 'all', role: 'administrator', read_only: false }, ...need)).toBe('access_denied');
    expect(status({ ...scoped, access_level: 'all', role: 'administrator', read_only: false, account_kind: 'user' }, ...need)).toBe('allowed');
  });
});

describe('rights versions', () => {
  const carried = { tenant: 3, application: 5, account: 7 };
  it.each([
    [carried, carried, 'holds'],
    [carried, { ...carried, tenant: 4 }, 'older'], [carried, { ...carried, application: 6 }, 'older'], [carried, { ...carried, account: 8 }, 'older'],
    [carried, { ...carried, tenant: 2 }, 'newer'], [carried, { ...carried, account: 0 }, 'newer'],
    [carried, { tenant: 4, application: 1, account: 1 }, 'older'],
    [{ ...carried, owner: 2 }, { ...carried, owner: 2 }, 'holds'], [{ ...carried, owner: 1 }, { ...carried, owner: 2 }, 'older'], [{ ...carried, owner: 3 }, { ...carried, owner: 2 }, 'newer'],
    [carried, { ...carried, owner: 0 }, 'older'], [{ ...carried, owner: 0 }, carried, 'newer'],
    [{ ...carried, actors: [1, 2] }, { ...carried, actors: [1, 2] }, 'holds'], [{ ...carried, actors: [1, 2] }, { ...carried, actors: [1, 3] }, 'older'], [{ ...carried, actors: [1, 2] }, { ...carried, actors: [0, 2] }, 'newer'],
    [{ ...carried, actors: [1] }, { ...carried, actors: [1, 0] }, 'older'], [{ ...carried, actors: [1, 0] }, { ...carried, actors: [1] }, 'newer'], [{ ...carried, actors: [] }, carried, 'holds'],
    [{ ...carried, actor_owners: [1, 2] }, { ...carried, actor_owners: [1, 3] }, 'older'], [{ ...carried, actor_owners: [1] }, { ...carried, actor_owners: [0] }, 'newer'], [carried, { ...carried, actor_owners: [0] }, 'older'],
  ] as const)('%j against %j: %s', (ours, known, expected) => { expect(rightsHold(ours, known)).toBe(expected); });
});
