import { account, application, tenant } from './facts.fixture';
import { InMemoryFacts } from './facts.fake';
import { standingOf } from './read-standing';
import { ceilingsOf, isActive, rightsOf, signOutVersionsOf } from './standing';

const owner = account({ id: 'owner', role: 'administrator', rights_version: 4, sign_out_version: 40 });
const access = account({ id: 'access', kind: 'api_access', owner: 'owner', role: 'user', impersonation: true, switchboards: ['a'], rights_version: 3, sign_out_version: 30 });
const parts = { tenant: tenant({ rights_version: 1, sign_out_version: 10 }), application: application({ rights_version: 2, sign_out_version: 20 }) };

describe('what stands behind a token', () => {
  it('carries the versions of tenant, application, account and, of an API access, its owner', () => {
    expect(rightsOf({ ...parts, account: owner })).toEqual({ tenant: 1, application: 2, account: 4 });
    expect(rightsOf({ ...parts, account: access, owner })).toEqual({ tenant: 1, application: 2, account: 3, owner: 4 });
    expect(signOutVersionsOf({ ...parts, account: access, owner })).toEqual({ tenant: 10, application: 20, account: 30, owner: 40 });
  });
  it('is active only while application, account and owner are', () => {
    expect(isActive({ ...parts, account: access, owner })).toBe(true);
    for (const status of ['blocked', 'deleted'] as const) {
      expect(isActive({ ...parts, account: account({ status }) })).toBe(false);
      expect(isActive({ ...parts, account: access, owner: { ...owner, status } })).toBe(false);
    }
    for (const status of ['disabled', 'deleted'] as const) expect(isActive({ ...parts, application: application({ status }), account: owner })).toBe(false);
  });
  it('gives an API access its owner\'s role with the impersonation flag, and role user without', () => {
    expect(ceilingsOf({ ...parts, account: access, owner })).toMatchObject({ account_kind: 'api_access', role: 'administrator', impersonation: true, switchboards: ['a'] });
    expect(ceilingsOf({ ...parts, account: { ...access, impersonation: false, role: 'administrator' }, owner })).toMatchObject({ role: 'user', impersonation: false });
    expect(ceilingsOf({ ...parts, account: owner })).not.toHaveProperty('switchboards');
  });
  it('S53: is read_only as soon as account or owner is', () => {
    expect(ceilingsOf({ ...parts, account: access, owner }).read_only).toBe(false);
    expect(ceilingsOf({ ...parts, account: { ...access, access: 'read_only' }, owner }).read_only).toBe(true);
    expect(ceilingsOf({ ...parts, account: access, owner: { ...owner, access: 'read_only' } }).read_only).toBe(true);
  });
  it('is nothing where account, tenant or owner is missing', async () => {
    const facts = new InMemoryFacts();
    facts.putTenant(parts.tenant);
    expect(await standingOf(facts, parts.application, undefined)).toBeUndefined();
    expect(await standingOf(facts, parts.application, access)).toBeUndefined();
    expect(await standingOf(facts, parts.application, { ...owner, tenant_id: 'elsewhere' })).toBeUndefined();
    expect(await standingOf(facts, parts.application, { ...owner, kind: 'api_access' })).toBeUndefined();
    facts.putAccount(owner);
    expect(await standingOf(facts, parts.application, access)).toEqual({ ...parts, account: access, owner });
  });
});
