import { AccessTokenClaims } from './facts';
import { account, application, tenant } from './facts.fixture';
import { InMemoryFacts } from './facts.fake';
import { activeStanding, GrantReads } from './active-token';

const noGrants: GrantReads = { read: () => Promise.resolve(undefined) };
const claims: AccessTokenClaims = {
  iss: 'i', sub: 'bob', aud: 'a', client_id: 'client', iat: 1, exp: 2, jti: 'j', scope: 'rest', tenant_id: 'tenant', application_id: 'application', account_kind: 'user', role: 'user', access_level: 'all',
  read_only: false, impersonation: false, rights: { tenant: 1, application: 1, account: 1 },
};
/** Of bob, for whom an API access of alice's acts. */
const exchanged: AccessTokenClaims = { ...claims, act: { sub: 'access' }, actor_owners: ['alice'], rights: { ...claims.rights, actors: [5], actor_owners: [7] } };
const alice = account({ rights_version: 7 }), access = account({ id: 'access', kind: 'api_access', owner: 'alice', impersonation: true, rights_version: 5 });

let facts: InMemoryFacts;
beforeEach(() => {
  facts = new InMemoryFacts();
  facts.putTenant(tenant());
  facts.putApplication(application());
  for (const one of [alice, access, account({ id: 'bob' })]) facts.putAccount(one);
});
const isActive = async (token: AccessTokenClaims, grants = noGrants): Promise<boolean> => (await activeStanding(token, { facts, grants }, { fresh: false })) !== undefined;

it('a token is active while nothing behind it was lowered', async () => { expect(await isActive(claims)).toBe(true); });
it('S55: a token of somebody who acts for another stands on both: it is active while the actor may act, and the actor is told', async () => {
  expect(await activeStanding(exchanged, { facts, grants: noGrants }, { fresh: false })).toMatchObject({ account: { id: 'bob' }, actors: [{ account: { id: 'access' }, owner: { id: 'alice' } }] });
});
it.each([
  ['the actor is blocked', { ...access, status: 'blocked' }], ['the actor lost the impersonation flag', { ...access, impersonation: false }], ['a right of the actor was lowered', { ...access, rights_version: 6 }],
  ['the actor\'s owner is blocked', { ...alice, status: 'blocked' }], ['a right of the actor\'s owner was lowered', { ...alice, rights_version: 8 }],
] as const)('S55: it ends as soon as %s; one of the same account alone does not', async (_name, changed) => {
  facts.putAccount(changed);
  expect([await isActive(exchanged), await isActive(claims)]).toEqual([false, true]);
});
it('S55: it is nothing where the actor is unknown', async () => { expect(await isActive({ ...exchanged, act: { sub: 'nobody' } })).toBe(false); });
it('a token that is newer than what is known is judged on what is read anew', async () => {
  const newer = { ...claims, rights: { ...claims.rights, account: 2 } };
  expect(await isActive(newer)).toBe(false);
  facts.putAccount(account({ id: 'bob', rights_version: 2 }), 'hidden');
  expect(await isActive(newer)).toBe(true);
});
it('a token of a grant lives as long as that, and not past a sign-out', async () => {
  const granted = { ...claims, grant_id: 'g' }, sign_out_versions = { tenant: 1, application: 1, account: 1 };
  const reading = (status: 'active' | 'revoked', versions = sign_out_versions): GrantReads => ({ read: () => Promise.resolve({ grant: { status, sign_out_versions: versions } }) });
  expect([await isActive(granted, reading('active')), await isActive(granted, reading('revoked')), await isActive(granted, reading('active', { ...sign_out_versions, account: 0 })), await isActive(granted)]).toEqual([true, false, false, false]);
});
