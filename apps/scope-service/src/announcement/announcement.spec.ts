import fc from 'fast-check';
import { AnnouncedScope } from '@strowger/contracts/scope-announcement';
import type { ScopeDocument } from '@strowger/models/scopes/scopes.schema';
import { judgeAnnouncement, moduleOf } from './judge-announcement';
import { Listening } from './listening';

const now = new Date('2026-03-01T12:00:00.000Z');
const secondsAgo = (seconds: number): Date => new Date(now.getTime() - seconds * 1000);
const announced = (scope: string, more: Partial<AnnouncedScope> = {}): AnnouncedScope =>
  ({ scope, description: `about ${scope}`, access_level: 'call_api', opens: [{ method: 'GET', path: '/api/rest/x' }], ...more });

/** The catalogue after the announcements, in order: what the writer would have stored. */
function catalogueAfter(announcements: readonly (readonly [string, readonly AnnouncedScope[]])[], at = now, start: readonly ScopeDocument[] = []): ScopeDocument[] {
  const stored = new Map(start.map(scope => [scope._id, scope]));
  for (const [service, scopes] of announcements) {
    for (const { after } of judge(service, scopes, [...stored.values()], at).changes) stored.set(after._id, after);
  }
  return [...stored.values()];
}
function judge(service: string, scopes: readonly AnnouncedScope[], catalogue: readonly ScopeDocument[], at = now) {
  const modules = new Set(scopes.map(({ scope }) => moduleOf(scope)));
  const known = catalogue.filter(scope => scope.announced_by === service || (scope.founds !== undefined && modules.has(scope.founds)));
  return judgeAnnouncement({ service, scopes, known, now: at, absentSeconds: 90 });
}
const told = (changes: ReturnType<typeof judge>['changes']) => changes.map(({ type, after }) => `${type} ${after._id} v${String(after.version)} ${after.status}`);

describe('what an announcement changes', () => {
  const read = announced('rest:callforward:read');
  const write = announced('rest:callforward:write', { access_level: 'all' });

  it('a new scope is announced with everything that follows from its name', () => {
    const { changes, accepted, refused } = judge('pbx-api-service', [announced('rest:fax:write:incoming')], []);
    expect(accepted).toEqual(['rest:fax:write:incoming']);
    expect(refused).toEqual([]);
    expect(changes).toEqual([{ type: 'scope.announced', after: {
      _id: 'rest:fax:write:incoming', tenant_id: '_', version: 1, api_type: 'rest', module: 'fax', verb: 'write', sub: 'incoming', description: 'about rest:fax:write:incoming',
      access_level: 'call_api', opens: [{ method: 'GET', path: '/api/rest/x' }], announced_by: 'pbx-api-service', founds: 'rest:fax', status: 'active', last_seen: now,
    } }]);
  });

  it('what is announced unchanged changes nothing, in whatever order and with its openings in whatever order', () => {
    const both = { ...read, opens: [{ method: 'GET', path: '/a' }, { field: 'forward' }] };
    const catalogue = catalogueAfter([['pbx-api-service', [both, write]]]);
    const { changes, accepted } = judge('pbx-api-service', [write, { ...both, opens: both.opens.toReversed() }], catalogue);
    expect(changes).toEqual([]);
    expect(accepted).toHaveLength(2);
  });

  it.each<[string, Partial<AnnouncedScope>, string]>([
    ['description', { description: 'other' }, 'active'], ['access level', { access_level: 'all' }, 'active'], ['openings', { opens: [{ field: 'x' }] }, 'active'],
    ['successor', { successor: 'rest:forwarding:read' }, 'deprecated'],
  ])('a changed %s raises the version by one', (_what, change, status) => {
    const catalogue = catalogueAfter([['pbx-api-service', [read, write]]]);
    expect(told(judge('pbx-api-service', [{ ...read, ...change }, write], catalogue).changes)).toEqual([`scope.announced rest:callforward:read v2 ${status}`]);
  });

  it('a deprecated scope whose service takes the successor back is active again, without one', () => {
    const catalogue = catalogueAfter([['pbx-api-service', [{ ...read, successor: 'rest:x:read' }]]]);
    const [change] = judge('pbx-api-service', [read], catalogue).changes;
    expect(change?.after).toMatchObject({ status: 'active', version: 2 });
    expect(change?.after).not.toHaveProperty('successor');
  });

  it('a scope that is not in a full announcement is withdrawn, and nothing else of it changes', () => {
    const catalogue = catalogueAfter([['pbx-api-service', [read, write]]], secondsAgo(90));
    const [change, ...more] = judge('pbx-api-service', [read], catalogue).changes;
    expect(more).toEqual([]);
    expect(change).toEqual({ type: 'scope.withdrawn', before: catalogue[1], after: { ...catalogue[1], version: 2, status: 'withdrawn' } });
  });

  it('a scope that another instance of its service announced just now is not withdrawn: two versions of a service can run side by side', () => {
    const catalogue = catalogueAfter([['pbx-api-service', [read, write]]], secondsAgo(89));
    expect(judge('pbx-api-service', [read], catalogue).changes).toEqual([]);
  });

  it('a withdrawn scope is withdrawn once, and returns when it is announced again', () => {
    const withdrawn = catalogueAfter([['pbx-api-service', [read]]], now, catalogueAfter([['pbx-api-service', [read, write]]], secondsAgo(600)));
    expect(judge('pbx-api-service', [read], withdrawn).changes).toEqual([]);
    expect(told(judge('pbx-api-service', [read, write], withdrawn).changes)).toEqual(['scope.announced rest:callforward:write v3 active']);
  });

  it('a module belongs to the service that announced it first: another is refused that scope, told why, and keeps the rest', () => {
    const catalogue = catalogueAfter([['pbx-api-service', [read]]]);
    const { accepted, refused, changes } = judge('portal-service', [announced('rest:callforward:write'), announced('rest:portal:read')], catalogue);
    expect(accepted).toEqual(['rest:portal:read']);
    expect(refused).toEqual([{ scope: 'rest:callforward:write', reason: 'the module rest:callforward belongs to pbx-api-service, which announced it first' }]);
    expect(told(changes)).toEqual(['scope.announced rest:portal:read v1 active']);
  });

  it('a module stays its first announcer\'s when all its scopes are withdrawn: a service that is down for long loses nothing to another', () => {
    const catalogue = catalogueAfter([['pbx-api-service', [announced('rest:other:read')]]], now, catalogueAfter([['pbx-api-service', [read]]], secondsAgo(600)));
    expect(catalogue.map(scope => scope.status)).toEqual(['withdrawn', 'active']);
    expect(judge('portal-service', [read], catalogue)).toMatchObject({ accepted: [], changes: [] });
  });

  it('the same module of another type is another module', () => {
    const catalogue = catalogueAfter([['pbx-api-service', [read]]]);
    expect(judge('portal-service', [announced('gql:callforward:read')], catalogue).accepted).toEqual(['gql:callforward:read']);
  });

  it('exactly one scope founds a module', () => {
    const founders = catalogueAfter([['pbx-api-service', [read, write, announced('rest:callforward')]]]).filter(scope => scope.founds !== undefined);
    expect(founders.map(scope => [scope._id, scope.founds])).toEqual([['rest:callforward:read', 'rest:callforward']]);
  });

  it('a scope that stands in an announcement twice counts once: the later one is refused', () => {
    const { accepted, refused, changes } = judge('pbx-api-service', [read, { ...read, description: 'other' }], []);
    expect(accepted).toEqual(['rest:callforward:read']);
    expect(refused).toEqual([{ scope: 'rest:callforward:read', reason: 'it stands in the announcement twice' }]);
    expect(changes).toHaveLength(1);
  });

  it('a scope that names itself as its successor is refused', () => {
    expect(judge('pbx-api-service', [{ ...read, successor: read.scope }], []).refused).toEqual([{ scope: read.scope, reason: 'it names itself as its successor' }]);
  });

  it('whatever was announced before, the same announcement again changes nothing, and each change raises its version by exactly one', () => {
    const scope = fc.record({
      scope: fc.constantFrom('rest:a:read', 'rest:a:write', 'rest:b:read', 'gql:a', 'gql:a:read:x'), description: fc.constantFrom('x', 'y'),
      access_level: fc.constantFrom('call_api' as const, 'all' as const), opens: fc.constant<AnnouncedScope['opens']>([]),
    });
    const announcement = fc.tuple(fc.constantFrom('pbx-api-service', 'portal-service', 'audit-service'), fc.array(scope, { minLength: 1 }));
    fc.assert(fc.property(fc.array(announcement), announcement, (earlier, last) => {
      const catalogue = catalogueAfter(earlier, secondsAgo(100));
      const { changes, accepted, refused } = judge(last[0], last[1], catalogue);
      for (const { before, after } of changes) expect(after.version).toBe((before?.version ?? 0) + 1);
      expect(accepted.length + refused.length).toBe(last[1].length);
      expect(judge(last[0], last[1], catalogueAfter([last], now, catalogue)).changes).toEqual([]);
    }));
  });
});

describe('silence counts only while somebody listened', () => {
  it('from the first moment it could hear, without a break', () => {
    const listening = new Listening(1000);
    expect([0, 900, 1800].map(at => listening.note(true, at))).toEqual([0, 900, 1800]);
  });

  it('an outage of the bus or the database begins anew', () => {
    const listening = new Listening(1000);
    listening.note(true, 0);
    expect(listening.note(false, 500)).toBe(0);
    expect([1000, 1500].map(at => listening.note(true, at))).toEqual([0, 500]);
  });

  it('so does a pause of the process, and a clock that went back', () => {
    const listening = new Listening(1000);
    listening.note(true, 0);
    expect([1001, 1500, 1200, 1300].map(at => listening.note(true, at))).toEqual([0, 499, 0, 100]);
  });
});
