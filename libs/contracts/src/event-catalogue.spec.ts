import { busUsers, FEED_MARK, inboxOf, rpc } from './bus-users';
import { decodeBatch, encodeBatch, Envelope } from './cloud-event';
import { EventType, eventCatalogue, isEventType, lowersARight, serviceNames, subjectOf, typesOf } from './event-catalogue';
import { AnnouncedScope, ScopeAnnouncement } from './scope-announcement';

/** The catalogue as people agreed on it, once more and by hand: publisher, flags, types. */
const agreed: readonly (readonly [string, 'L' | 'LC' | 'C' | '', string])[] = [
  ['token-service', '', 'token.issued token.rejected grant.created consent.granted consent.denied consent.removed device.approved device.denied login.succeeded login.failed login.ended impersonation.started'],
  ['token-service', 'L', 'token.revoked grant.revoked grant.reuse_detected'],
  ['token-service', 'C', 'key.rotated'],
  ['token-service', 'LC', 'key.withdrawn'],
  ['app-registry-service', 'C', 'application.registered application.updated application.enabled access_level.requested secret.rotated account.created account.updated account.unblocked tenant.created tenant.updated'],
  ['app-registry-service', 'LC', 'application.disabled application.deleted application.signed_out application.narrowed secret.burned credentials.regenerated account.blocked account.deleted account.signed_out account.narrowed account.password_changed tenant.signed_out tenant.narrowed'],
  ['scope-service', 'C', 'scope.announced scope.withdrawn'],
  ['audit-service', '', 'audit.exported'],
];
const rows = agreed.flatMap(([service, flags, types]) => types.split(' ').map(type => ({ service, flags, type })));
const allTypes = Object.keys(eventCatalogue).filter(isEventType);

/** Whether a permission covers a subject, as nats-server reads it. */
function covers(permission: string, subject: string): boolean {
  const [wanted, given] = [subject.split('.'), permission.split('.')];
  for (const [i, part] of given.entries()) {
    if (part === '>') return wanted.length > i;
    if (wanted[i] === undefined || (part !== '*' && part !== wanted[i])) return false;
  }
  return wanted.length === given.length;
}
const mayPublish = (name: string, subject: string): boolean => {
  const user = busUsers().find(one => one.name === name);
  if (!user) throw new Error(`no user ${name}`);
  return user.publish.some(permission => covers(permission, subject)) && !user.denyPublish.some(denied => covers(denied, subject));
};
const everyone = busUsers().map(user => user.name);

describe('the event catalogue', () => {
  it('holds exactly the agreed types, each with its publisher and flags', () => {
    const written = (one: { service: string; flags: string; type: string }): string => `${one.type} ${one.service} ${one.flags}`;
    const found = allTypes.map(type => written({ type, service: eventCatalogue[type].service, flags: `${lowersARight(type) ? 'L' : ''}${'caches' in eventCatalogue[type] ? 'C' : ''}` }));
    expect(found.sort()).toEqual(rows.map(written).sort());
  });
  it('derives the subject from the flags alone, so that a guard needs one filter and a cache one', () => {
    for (const { flags, type } of rows) {
      const prefix = flags.includes('L') ? 'strowger.feed.lowering.' : flags === 'C' ? 'strowger.feed.cache.' : 'strowger.events.';
      expect(subjectOf(type as EventType)).toBe(prefix + type);
    }
  });
  it('S82: no subject has a wildcard, a space or an empty part, and none is the mark', () => {
    for (const type of allTypes) expect(subjectOf(type)).toMatch(/^strowger\.(events|feed\.(lowering|cache))\.[a-z_]+\.[a-z_]+$/);
    expect(allTypes.map(subjectOf)).not.toContain(FEED_MARK);
  });
  it('knows its own types only, names of Object.prototype among the unknown', () => {
    for (const stranger of ['toString', 'constructor', '__proto__', 'token.', 'token.issued.x', '']) expect(isEventType(stranger)).toBe(false);
  });
});

describe('the bus permissions', () => {
  it('S83: let each service publish exactly its own types, and audit-service none: it writes straight into the trail', () => {
    for (const user of everyone) {
      const allowed = allTypes.filter(type => mayPublish(user, subjectOf(type)));
      expect({ user, allowed }).toEqual({ user, allowed: serviceNames.flatMap(name => (name === user && name !== 'audit-service' ? typesOf(name) : [])) });
    }
  });
  it('let nobody but token-service publish the mark, and nobody anything else into the stream', () => {
    expect(everyone.filter(user => mayPublish(user, FEED_MARK))).toEqual(['token-service']);
    for (const user of everyone) {
      for (const subject of ['strowger.events.made.up', 'strowger.events.token', 'strowger.feed.lowering.made.up', 'strowger.feed.cache.x', 'strowger.feed.x.token.issued', 'strowger']) {
        expect({ user, subject, may: mayPublish(user, subject) }).toEqual({ user, subject, may: false });
      }
    }
  });
  it('let a service announce scopes under its own name only, and the answerer write to other services\' inboxes only', () => {
    for (const user of serviceNames) {
      expect(everyone.filter(other => mayPublish(other, rpc.announceScopes(user)))).toEqual([user]);
      expect(everyone.filter(other => mayPublish(other, `${inboxOf(user)}.x`))).toEqual(['token-service', 'scope-service'].filter(answerer => answerer === 'scope-service' ? user !== 'scope-service' : user === 'app-registry-service'));
    }
  });
  it('let everybody listen on an inbox of his own, and to requests only who answers them', () => {
    for (const { name, subscribe } of busUsers()) {
      const answers = name === 'token-service' ? [`${rpc.askFeed} token-service`, `${rpc.rotateKeys} token-service`] : name === 'scope-service' ? [`${rpc.announceScopesOfAny} scope-service`] : [];
      expect(subscribe).toEqual([`${inboxOf(name)}.>`, ...answers]);
    }
  });
  it('S81: keep everybody but the provisioner from changing stream and consumers, and all but audit-service off the trail\'s consumer', () => {
    const api = '$JS.API.';
    for (const user of everyone) {
      const may = (subject: string): boolean => mayPublish(user, api + subject);
      for (const never of ['STREAM.DELETE.STROWGER', 'STREAM.PURGE.STROWGER', 'STREAM.MSG.DELETE.STROWGER', 'STREAM.MSG.GET.STROWGER', 'STREAM.RESTORE.STROWGER', 'STREAM.SNAPSHOT.STROWGER',
        'CONSUMER.DELETE.STROWGER.audit', 'CONSUMER.PAUSE.STROWGER.audit', 'CONSUMER.CREATE.STROWGER', 'CONSUMER.CREATE.STROWGER.audit.strowger.feed.lowering.>', 'STREAM.CREATE.OTHER', 'INFO', 'ACCOUNT.PURGE.x']) {
        expect({ user, never, may: may(never) }).toEqual({ user, never, may: false });
      }
      for (const shape of ['STREAM.CREATE.STROWGER', 'STREAM.UPDATE.STROWGER', 'CONSUMER.DURABLE.CREATE.STROWGER.audit']) expect(may(shape)).toBe(user === 'provisioner');
      expect(may('CONSUMER.MSG.NEXT.STROWGER.audit')).toBe(user === 'audit-service');
      expect(may('CONSUMER.MSG.NEXT.STROWGER.mine')).toBe(user !== 'provisioner');
      expect(may('CONSUMER.CREATE.STROWGER.mine.strowger.feed.>')).toBe(user === 'token-service');
      expect(may('CONSUMER.CREATE.STROWGER.mine.strowger.feed.lowering.>')).toBe(user !== 'provisioner');
      expect(may('CONSUMER.CREATE.STROWGER.mine.strowger.events.>')).toBe(false);
      expect(mayPublish(user, '$JS.ACK.STROWGER.audit.1.2.3.4.5')).toBe(user === 'audit-service');
    }
  });
});

describe('services outside the deployment', () => {
  const added = busUsers(['shop', 'fax-archive']), userOf = (name: string) => added.find(user => user.name === name);
  const subjects = (name: string): string => JSON.stringify(userOf(name)).replaceAll(name, 'SELF');
  it('may do exactly what a service may that publishes nothing, and nobody else may do more than before', () => {
    for (const name of ['shop', 'fax-archive']) expect(subjects(name)).toBe(subjects('pbx-api-service'));
    for (const { name, ...rest } of busUsers()) if (name !== 'scope-service') expect(userOf(name)).toEqual({ name, ...rest });
    const [before, after] = [busUsers(), added].map(users => users.find(({ name }) => name === 'scope-service')?.publish ?? []);
    expect(after?.filter(subject => !before?.includes(subject))).toEqual(['_INBOX_shop.>', '_INBOX_fax-archive.>']);
  });
  it.each(['', 'Shop', 'a.b', 'a:b', '*', '>', 'a b', 'a\nb', '9lives', 'x'.repeat(65), '../x', '__proto__', 'token-service', 'provisioner', 'scope-service'])('S82: none is called %j', name => { expect(() => busUsers([name])).toThrow(RangeError); });
  it('none is there twice', () => { expect(() => busUsers(['shop', 'shop'])).toThrow('there is a service shop already'); });
});

describe('a batch', () => {
  const event = { specversion: '1.0', id: 'i', source: '/token-service/a', type: 'token.issued', subject: 's', time: '2026-01-01T00:00:00.000Z', data: { text: 'ä☎' } };
  it('comes back as it went, also from the middle of a larger buffer', () => {
    const bytes = encodeBatch([event, event]);
    expect(decodeBatch(bytes)).toEqual([event, event]);
    expect(decodeBatch(Buffer.concat([Buffer.from('xx'), bytes, Buffer.from('yy')]).subarray(2, 2 + bytes.length))).toEqual([event, event]);
    expect(decodeBatch(encodeBatch([]))).toEqual([]);
  });
  it.each(['{}', '', 'null', '"[]"', '[', '[]x', '\ufeff[]'])('S84: %j is no batch', text => { expect(() => decodeBatch(Buffer.from(text))).toThrow(SyntaxError); });
  it('takes for an event what has id, type, source and time, whatever its data; and nothing less', () => {
    expect(Envelope.parse({ ...event, type: 'of.a.newer.catalogue', data: 7, more: [] })).toMatchObject({ data: 7, more: [] });
    for (const [field, bad] of Object.entries({ id: ['', 7, 'x'.repeat(129)], source: ['', undefined], type: [null, 'x'.repeat(129)], time: ['today', '2026-01-01', 0], specversion: ['0.3'], subject: [{}] })) {
      for (const value of bad) expect({ field, value, is: Envelope.safeParse({ ...event, [field]: value }).success }).toEqual({ field, value, is: false });
    }
  });
});

describe('a scope announcement', () => {
  const scope = { scope: 'rest:callforward:read', description: 'Read call forwarding', access_level: 'call_api', opens: [{ method: 'GET', path: '/api/rest/callforward' }, { field: 'callForward' }] };
  it('names scopes with at least a module, and what they open', () => {
    for (const name of ['rest:callforward', 'gql:calls:write', 'strowger:audit:read:own']) expect(AnnouncedScope.safeParse({ ...scope, scope: name }).success).toBe(true);
    for (const name of ['rest', 'all', 'soap:x', 'rest:Callforward', 'rest:x:execute', 'rest:x:read:y:z', 'rest:*', 'rest:x read', 'rest:x\n', 'rest:__proto__']) expect(AnnouncedScope.safeParse({ ...scope, scope: name }).success).toBe(false);
  });
  it('opens plain routes and fields only', () => {
    const opens = (...list: unknown[]): boolean => AnnouncedScope.safeParse({ ...scope, opens: list }).success;
    for (const path of ['/', '/user/', '/api/rest/faxes/{id}', '/api/rest/callforward/{extension}/{condition}', '/.well-known/jwks.json', '/a/~b@c:d+e-f_g']) expect([path, opens({ method: 'GET', path })]).toEqual([path, true]);
    for (const path of ['', 'a', '//', '/a//b', '/..', '/a/./b', '/a?b', '/a#b', '/a b', '/%61', '/{1}', '/{}', '/{a', '/a}', '/*', '/ä', '/a\n']) expect([path, opens({ method: 'GET', path })]).toEqual([path, false]);
    expect([opens({ method: 'TRACE', path: '/a' }), opens({ method: 'GET' }), opens({ field: '__proto__.x' }), opens({ field: '1' }), opens({ method: 'GET', path: '/a', field: 'x' })]).toEqual([false, false, true, false, false]);
    expect(opens({ method: 'GET', path: `/${'{'.repeat(100_000)}` })).toBe(false);
  });
  it('is refused whole with no scope, too many, or a field nobody knows', () => {
    expect(ScopeAnnouncement.safeParse({ scopes: [scope] }).success).toBe(true);
    for (const bad of [{ scopes: [] }, { scopes: Array(2001).fill(scope) }, { scopes: [{ ...scope, tenant_id: 'x' }] }, { scopes: [scope], more: 1 }, { scopes: [{ ...scope, opens: [{ method: 'GET', path: 'x' }] }] }]) {
      expect(ScopeAnnouncement.safeParse(bad).success).toBe(false);
    }
  });
});
