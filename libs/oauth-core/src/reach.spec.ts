import fc from 'fast-check';
import { account, application, native, tenant } from './facts.fixture';
import { AnnouncedRight, Holder, holderOf, needOf, Reach } from './reach';
import { mayDo } from './rights';

const right = (scope: string, access_level: AnnouncedRight['access_level'] = 'call_api', opens: AnnouncedRight['opens'] = []): AnnouncedRight => ({ scope, access_level, opens });
const everything: Holder = { scope: 'gql rest strowger', access_level: 'all', role: 'administrator', read_only: false, account_kind: 'user', impersonation: false };

describe('what an announced scope needs', () => {
  it.each([
    ['rest:fax:read', 'call_api', [], false, true], ['rest:fax:write', 'all', [], true, false], ['rest:fax:write:incoming', 'call_api', [], true, true], ['gql:fax:read:pages', 'call_api', [], false, true],
    ['rest:fax', 'call_api', [{ method: 'GET', path: '/f' }, { field: 'fax' }], false, true], ['rest:fax', 'call_api', [{ method: 'DELETE', path: '/f' }], true, true], ['gql:fax', 'all', [], true, false],
  ] as const)('%s of level %s that opens %j: write %s, for call_api %s', (scope, level, opens, write, callApiWrite) => {
    expect(needOf(right(scope, level, opens))).toEqual({ scope, write, callApiWrite });
  });
});

describe('who holds what', () => {
  const standing = (fields: Parameters<typeof account>[0] = {}) => ({ tenant: tenant(), application: application(), account: account(fields) });
  it('an application that acts for whoever allows it is bounded by its own scope and level alone', () => {
    expect(holderOf(native({ scope: 'rest', access_level: 'call_api' }), undefined)).toEqual({ ...everything, scope: 'rest', access_level: 'call_api' });
  });
  it('S53, S77: one of type machine_to_machine is bounded by its owner besides', () => {
    expect(holderOf(application(), standing({ access: 'read_only', role: 'auditor' }))).toMatchObject({ scope: 'gql rest', role: 'auditor', read_only: true });
    expect(holderOf(application(), standing({ status: 'blocked' }))).toBeUndefined();
    expect(holderOf(application(), undefined)).toBeUndefined();
  });
  it.each(['disabled', 'deleted'] as const)('one that is %s holds nothing', status => { expect(holderOf(native({ status }), undefined)).toBeUndefined(); });
});

describe('reach', () => {
  const fax = [right('rest:fax:read'), right('rest:fax:write', 'all'), right('rest:fax:write:incoming')];
  it('is of every announced scope asked for, however it was given', () => {
    const reach = new Reach(fax);
    expect(['rest', 'rest:fax', 'rest:fax:read rest:fax:write', 'rest:fax:write:incoming rest:fax:read rest:fax:write'].map(scope => reach.includes({ ...everything, scope }))).toEqual(Array(4).fill(true));
    expect(['', 'gql', 'rest:fax:read', 'rest:fax:write', 'rest:fax:read rest:fax:write:incoming', 'rest:faxes'].map(scope => reach.includes({ ...everything, scope }))).toEqual(Array(6).fill(false));
  });
  it('S77, S78: ends where a ceiling does', () => {
    expect(new Reach(fax).includes({ ...everything, access_level: 'call_api' })).toBe(false);
    expect(new Reach([right('rest:fax:write:incoming')]).includes({ ...everything, access_level: 'call_api' })).toBe(true);
    expect(new Reach([right('rest:fax:write:incoming')]).includes({ ...everything, read_only: true })).toBe(false);
    expect(new Reach([right('rest:fax:read')]).includes({ ...everything, account_kind: 'api_access' })).toBe(false);
    expect(new Reach([right('strowger:tenant:read')]).includes({ ...everything, role: 'user' })).toBe(false);
  });
  it('is of each of them, also where no ceiling tells them apart', () => {
    const halves = new Reach([right('rest:fax:read:a'), right('rest:fax:read:b')]);
    expect(['rest:fax:read:a', 'rest:fax:read:b', 'rest:fax:read:b rest:fax:read:a', 'rest:fax:read'].map(scope => halves.includes({ ...everything, scope }))).toEqual([false, false, true, true]);
  });
  it('of nothing announced is nobody\'s', () => { expect(new Reach([]).includes(everything)).toBe(false); });

  it('is exactly what the one rights function allows of each scope, whatever is asked of whom, and asked again', () => {
    const module = fc.constantFrom('rest:fax', 'rest:calllog', 'gql:fax', 'strowger:tokens', 'strowger:scopes');
    const scope = fc.tuple(module, fc.option(fc.tuple(fc.constantFrom('read', 'write'), fc.option(fc.constantFrom('a', 'b')))))
      .map(([of, rest]) => [of, rest?.[0], rest?.[1]].filter(part => typeof part === 'string').join(':'));
    const opens = fc.constantFrom<AnnouncedRight['opens']>([], [{ method: 'GET', path: '/x' }], [{ method: 'POST', path: '/x' }]);
    const announced = fc.array(fc.record({ scope, access_level: fc.constantFrom('call_api' as const, 'all' as const), opens }), { minLength: 1, maxLength: 4 });
    const holder = fc.record({
      scope: fc.array(fc.oneof(scope, fc.constantFrom('rest', 'gql', 'strowger')), { maxLength: 5 }).map(list => list.join(' ')), access_level: fc.constantFrom('call_api' as const, 'all' as const),
      role: fc.constantFrom('user' as const, 'auditor' as const, 'administrator' as const), read_only: fc.boolean(), account_kind: fc.constantFrom('user' as const, 'api_access' as const), impersonation: fc.boolean(),
    }).chain(one => fc.constantFrom<Holder>(one, { ...one, act: { sub: 'somebody' } }));
    fc.assert(fc.property(announced, fc.array(holder, { minLength: 1, maxLength: 4 }), (list, holders) => {
      const reach = new Reach(list);
      for (const one of [...holders, ...holders]) expect(reach.includes(one)).toBe(list.every(each => mayDo(one, needOf(each)).allowed));
    }), { numRuns: 1000 });
  });
});
