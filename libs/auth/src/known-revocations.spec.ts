import fc from 'fast-check';
import { Envelope } from '@strowger/contracts/cloud-event';
import { eventCatalogue, isEventType, lowersARight } from '@strowger/contracts/event-catalogue';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { KnownRevocations, namesAll } from './known-revocations';
import { claimsOf } from './offline-guard.fixture';

const eventOf = (type: string, data: object): Envelope => ({ specversion: '1.0', id: 'i', source: '/x/y', type, time: '2026-01-01T00:00:00.000Z', data });
const knowing = (...events: Envelope[]): KnownRevocations => {
  const known = new KnownRevocations();
  for (const event of events) known.apply(event, 0);
  return known;
};
const apiAccess = { account_kind: 'api_access', sub: 'access', owner: 'alice', rights: { tenant: 1, application: 2, account: 3, owner: 4 } } as const;
const acting = { act: { sub: 'x', act: { sub: 'y' } }, actor_owners: ['p', 'q'], rights: { tenant: 1, application: 2, account: 3, actors: [5, 6], actor_owners: [7, 8] } };

it.each<[string, object, Partial<AccessTokenClaims>, boolean]>([
  ['token.revoked', { token_id: 'jti-1' }, {}, true], ['token.revoked', { token_id: 'jti-2' }, {}, false],
  ['grant.revoked', { grant_id: 'g' }, { grant_id: 'g' }, true], ['grant.reuse_detected', { grant_id: 'g' }, { grant_id: 'g' }, true], ['grant.revoked', { grant_id: 'g' }, {}, false],
  ['application.disabled', { application_id: 'app', rights_version: 3 }, {}, true], ['application.narrowed', { application_id: 'app', rights_version: 2 }, {}, false], ['application.deleted', { application_id: 'other', rights_version: 9 }, {}, false],
  ['secret.burned', { application_id: 'app', rights_version: 3 }, {}, true], ['credentials.regenerated', { application_id: 'app', rights_version: 3 }, {}, true],
  ['account.blocked', { account_id: 'alice', rights_version: 4 }, {}, true], ['account.blocked', { account_id: 'alice', rights_version: 3 }, {}, false], ['account.password_changed', { account_id: 'bob', rights_version: 9 }, {}, false],
  ['tenant.signed_out', { tenant_id: 'tenant', rights_version: 2 }, {}, true], ['tenant.narrowed', { tenant_id: 'other', rights_version: 2 }, {}, false],
  ['account.blocked', { account_id: 'alice', rights_version: 5 }, apiAccess, true], ['account.blocked', { account_id: 'alice', rights_version: 4 }, apiAccess, false], ['account.narrowed', { account_id: 'access', rights_version: 4 }, apiAccess, true],
  ['account.blocked', { account_id: 'x', rights_version: 6 }, acting, true], ['account.blocked', { account_id: 'y', rights_version: 7 }, acting, true], ['account.blocked', { account_id: 'y', rights_version: 6 }, acting, false],
  ['account.blocked', { account_id: 'p', rights_version: 8 }, acting, true], ['account.narrowed', { account_id: 'q', rights_version: 9 }, acting, true], ['account.narrowed', { account_id: 'q', rights_version: 8 }, acting, false],
])('S74: %s %j and a token of %j: lost %p', (type, data, change, lost) => { expect(knowing(eventOf(type, data)).covers(claimsOf(change))).toBe(lost); });

it('understands every type of the catalogue that lowers a right, by the data that the catalogue says', () => {
  const ids = { kid: 'k', token_id: 't', grant_id: 'g', application_id: 'a', account_id: 'u', tenant_id: 't', rights_version: 1 };
  const types = Object.keys(eventCatalogue).filter(isEventType).filter(lowersARight);
  expect(types.length).toBeGreaterThan(10);
  for (const type of types) expect({ type, understood: new KnownRevocations().apply(eventOf(type, ids), 0) }).toEqual({ type, understood: true });
});
it.each<[string, object]>([
  ['token.revoked', {}], ['token.revoked', { token_id: 7 }], ['grant.revoked', { grant_id: { $ne: '' } }], ['account.blocked', { account_id: 'a' }], ['account.blocked', { account_id: 'a', rights_version: '9' }],
  ['application.disabled', { rights_version: 1 }], ['tenant.narrowed', { tenant_id: 't', rights_version: -1 }], ['extension.lowered', { token_id: 't' }], ['', {}], ['__proto__.x', {}],
])('says that it does not understand %s %j', (type, data) => { expect(new KnownRevocations().apply(eventOf(type, data), 0)).toBe(false); });

it('S74: comes to the same whatever the order of events, and however often one is told', () => {
  const versions = fc.array(fc.record({ account_id: fc.constantFrom('alice', 'bob'), rights_version: fc.nat(9) }), { minLength: 1, maxLength: 12 });
  fc.assert(fc.property(versions, fc.nat(9), (heard, carried) => {
    const events = heard.map(data => eventOf('account.narrowed', data)), token = claimsOf({ rights: { tenant: 1, application: 2, account: carried } });
    const lost = heard.some(({ account_id, rights_version }) => account_id === 'alice' && rights_version > carried);
    for (const order of [events, events.toReversed(), [...events, ...events]]) expect(knowing(...order).covers(token)).toBe(lost);
  }));
});
it('knows which keys were withdrawn', () => {
  const known = knowing(eventOf('key.withdrawn', { kid: 'k' }));
  expect([known.isWithdrawn('k'), known.isWithdrawn('other')]).toEqual([true, false]);
});
it('S73: never forgets that a key was withdrawn: what is signed with it may say that it is young', () => {
  const known = knowing(eventOf('key.withdrawn', { kid: 'k' }));
  known.forgetBefore(1);
  expect(known.isWithdrawn('k')).toBe(true);
});
it('forgets what it heard long ago, but nothing that was said again since', () => {
  const known = new KnownRevocations(), token = claimsOf({ grant_id: 'g' });
  known.apply(eventOf('grant.revoked', { grant_id: 'g' }), 10);
  known.apply(eventOf('token.revoked', { token_id: 'other' }), 20);
  known.apply(eventOf('grant.revoked', { grant_id: 'g' }), 30);
  known.forgetBefore(25);
  expect([known.covers(token), known.size]).toEqual([true, 1]);
  known.forgetBefore(31);
  expect([known.covers(token), known.size]).toEqual([false, 0]);
});
it('judges nobody whose name the claims do not tell', () => {
  for (const change of [{}, apiAccess, acting]) expect(namesAll(claimsOf(change))).toBe(true);
  for (const change of [{ rights: apiAccess.rights }, { owner: 'alice' }, { act: acting.act }, { ...acting, rights: { ...acting.rights, actors: [5] } }, { rights: acting.rights }, { ...acting, actor_owners: ['p'] }, { ...acting, rights: { ...acting.rights, actor_owners: [7] } }]) expect(namesAll(claimsOf(change))).toBe(false);
});
