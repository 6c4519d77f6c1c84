import { eventCatalogue, EventType } from '@strowger/contracts/event-catalogue';
import { Account } from '@strowger/models/accounts/accounts.reader';
import { Tenant } from '@strowger/models/tenants/tenants.reader';
import { Origin } from '../change-log';
import { created, settleAccount } from './account.events';
import { settleAll } from './change-account';

const time = new Date('2026-05-01T10:00:00Z');
const origin: Origin = { source: { service: 'app-registry-service', instance: 'test' }, time };
const before: Account = {
  id: 'alice', tenant_id: 't', kind: 'user', username: 'alice', password_hash: 'h1', role: 'auditor', access: 'full', impersonation: false, status: 'active',
  version: 7, rights_version: 3, sign_out_version: 2, created_at: time,
};
const after = (change: Partial<Account>): Account => ({ ...before, ...change });
const tenant: Tenant = {
  id: 't', tenant_id: 't', name: 'demo', password_grant: false, implicit_grant: false, api_application: false, access_token_ttl_seconds: 3600, refresh_token_ttl_seconds: 86_400,
  administrators: ['root'], version: 4, rights_version: 2, sign_out_version: 2, created_at: time,
};

describe('a change of an account', () => {
  /** [what, before, after, act, events, raises rights_version, raises sign_out_version] */
  const table: [string, Account, Account, 'sign_out' | undefined, EventType[], boolean, boolean][] = [
    ['role raised', before, after({ role: 'administrator' }), undefined, ['account.updated'], false, false],
    ['role lowered', before, after({ role: 'user' }), undefined, ['account.narrowed'], true, false],
    ['read_only set', before, after({ access: 'read_only' }), undefined, ['account.narrowed'], true, false],
    ['read_only taken away', after({ access: 'read_only' }), before, undefined, ['account.updated'], false, false],
    ['impersonation given', before, after({ impersonation: true }), undefined, ['account.updated'], false, false],
    ['impersonation taken away', after({ impersonation: true }), before, undefined, ['account.narrowed'], true, false],
    ['switchboards restricted', before, after({ switchboards: ['a'] }), undefined, ['account.narrowed'], true, false],
    ['a switchboard taken away', after({ switchboards: ['a', 'b'] }), after({ switchboards: ['a'] }), undefined, ['account.narrowed'], true, false],
    ['the last switchboard taken away', after({ switchboards: ['a'] }), after({ switchboards: [] }), undefined, ['account.narrowed'], true, false],
    ['a switchboard added', after({ switchboards: ['a'] }), after({ switchboards: ['a', 'b'] }), undefined, ['account.updated'], false, false],
    ['one switchboard for another', after({ switchboards: ['a'] }), after({ switchboards: ['b'] }), undefined, ['account.narrowed', 'account.updated'], true, false],
    ['the restriction taken away', after({ switchboards: ['a'] }), before, undefined, ['account.updated'], false, false],
    ['another extension', before, after({ extension_id: '100' }), undefined, ['account.updated'], false, false],
    ['role raised and read_only set', before, after({ role: 'administrator', access: 'read_only' }), undefined, ['account.narrowed', 'account.updated'], true, false],
    ['password changed', before, after({ password_hash: 'h2' }), undefined, ['account.password_changed'], true, true],
    ['signed out', before, before, 'sign_out', ['account.signed_out'], true, true],
    ['blocked', before, after({ status: 'blocked' }), undefined, ['account.blocked'], true, true],
    ['unblocked', after({ status: 'blocked' }), before, undefined, ['account.unblocked'], false, false],
    ['deleted', before, after({ status: 'deleted' }), undefined, ['account.deleted'], true, true],
    ['blocked, with a new password and a lower role', before, after({ status: 'blocked', password_hash: 'h2', role: 'user' }), undefined, ['account.blocked', 'account.password_changed', 'account.narrowed'], true, true],
  ];

  test.each(table)('%s', (_what, from, to, act, types, lowers, signsOut) => {
    const settled = settleAccount(from, to, origin, act);
    expect(settled.events.map(event => event.type).sort()).toEqual([...types].sort());
    expect(settled.after).toMatchObject({ version: 8, rights_version: lowers ? 4 : 3, sign_out_version: signsOut ? 3 : 2 });
    for (const event of settled.events) expect(eventCatalogue[event.type].data.parse(event.data)).toEqual(event.data);
    expect(new Set(settled.events.map(event => event.id)).size).toBe(types.length);
  });

  test('that changes nothing has no event and raises nothing', () => {
    expect(settleAccount(before, { ...before }, origin)).toEqual({ after: before, events: [] });
  });

  test('S61: has no password and no hash in an event', () => {
    const text = JSON.stringify([...created(before, origin), ...settleAccount(before, after({ password_hash: 'h2' }), origin).events]);
    expect(text).not.toMatch(/"h1"|"h2"|password_hash/);
  });
});

describe('what follows a change of an account', () => {
  const access = (id: string, change: Partial<Account> = {}): Account => after({ id, kind: 'api_access', owner: 'alice', role: 'user', username: `${id}@example.com`, ...change });
  const found = { account: before, tenant, accesses: [access('x'), access('y', { switchboards: ['a', 'b'] })] };

  test('its API accesses are deleted with it', () => {
    const decided = settleAll(found, after({ status: 'deleted' }), origin);
    expect(decided.accesses?.map(({ id, status }) => [id, status])).toEqual([['x', 'deleted'], ['y', 'deleted']]);
    expect(decided.events.map(event => [event.type, event.subject])).toEqual([['account.deleted', 'alice'], ['account.deleted', 'x'], ['account.deleted', 'y']]);
  });

  test('its API accesses stay where it is blocked: the owner\'s own versions and status count for them', () => {
    expect(settleAll(found, after({ status: 'blocked' }), origin)).toMatchObject({ accesses: [], result: { signedOut: true } });
  });

  test('its API accesses reach no switchboard that it no longer reaches', () => {
    const decided = settleAll(found, after({ switchboards: ['b', 'c'] }), origin);
    expect(decided.accesses?.map(({ id, switchboards }) => [id, switchboards])).toEqual([['x', ['b', 'c']], ['y', ['b']]]);
    expect(decided.events.map(event => event.type)).toEqual(['account.narrowed', 'account.narrowed', 'account.narrowed']);
  });

  test.each([
    ['the role given', before, after({ role: 'administrator' }), ['root', 'alice']],
    ['the role taken away', after({ role: 'administrator' }), before, ['root']],
    ['blocked', after({ role: 'administrator' }), after({ role: 'administrator', status: 'blocked' }), ['root']],
    ['deleted', after({ role: 'administrator' }), after({ role: 'administrator', status: 'deleted' }), ['root']],
    ['allowed only to read', after({ role: 'administrator' }), after({ role: 'administrator', access: 'read_only' }), ['root']],
  ])('the tenant\'s administrators: %s', (_what, from, to, administrators) => {
    const listed = from.role === 'administrator' ? ['root', 'alice'] : ['root'];
    const decided = settleAll({ account: from, tenant: { ...tenant, administrators: listed }, accesses: [] }, to, origin);
    expect(decided.tenant).toMatchObject({ administrators, version: 5, rights_version: 2 });
    expect(decided.events.at(-1)).toMatchObject({ type: 'tenant.updated', data: { changes: [{ field: 'administrators', from: listed, to: administrators }] } });
  });

  test.each([['role', { role: 'user' }], ['status', { status: 'blocked' }], ['deletion', { status: 'deleted' }], ['access', { access: 'read_only' }]] as const)('the last administrator cannot be lost: %s', (_what, change) => {
    const last = after({ role: 'administrator' });
    expect(() => settleAll({ account: last, tenant: { ...tenant, administrators: ['alice'] }, accesses: [] }, { ...last, ...change }, origin)).toThrow('last administrator');
  });
});
