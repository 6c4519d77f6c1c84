import { eventCatalogue, EventType } from '@strowger/contracts/event-catalogue';
import { Tenant } from '@strowger/models/tenants/tenants.reader';
import { Origin } from '../change-log';
import { changedTenant } from './change-tenant';
import { settleTenant, tenantCreated } from './tenant.events';
import { TenantRequests } from './tenant.request';

const time = new Date('2026-05-01T10:00:00Z'), soon = new Date('2026-06-01T00:00:00Z'), later = new Date('2026-07-01T00:00:00Z');
const origin: Origin = { source: { service: 'app-registry-service', instance: 'test' }, time };
const off: Tenant = {
  id: 't', tenant_id: 't', name: 'demo', password_grant: false, implicit_grant: false, api_application: false, access_token_ttl_seconds: 3600, refresh_token_ttl_seconds: 86_400,
  administrators: ['root'], version: 4, rights_version: 2, sign_out_version: 1, created_at: time,
};
const on: Tenant = { ...off, password_grant: true, implicit_grant: true, api_application: true };

describe('a change of a tenant', () => {
  /** [what, before, change, events, raises rights_version] */
  const table: [string, Tenant, Parameters<typeof changedTenant>[1], EventType[], boolean][] = [
    ['password grant on', off, { password_grant: true }, ['tenant.updated'], false],
    ['password grant off', on, { password_grant: false }, ['tenant.narrowed'], true],
    ['implicit grant off', on, { implicit_grant: false }, ['tenant.narrowed'], true],
    ['the application api off', on, { api_application: false }, ['tenant.narrowed'], true],
    ['an end given', on, { password_grant_until: soon }, ['tenant.narrowed'], true],
    ['an end moved nearer', { ...on, implicit_grant_until: later }, { implicit_grant_until: soon }, ['tenant.narrowed'], true],
    ['an end moved away', { ...on, implicit_grant_until: soon }, { implicit_grant_until: later }, ['tenant.updated'], false],
    ['an end taken away', { ...on, password_grant_until: soon }, { password_grant_until: null }, ['tenant.updated'], false],
    ['one switch off and one on', { ...off, implicit_grant: true }, { implicit_grant: false, password_grant: true }, ['tenant.narrowed', 'tenant.updated'], true],
    ['a shorter access token', off, { access_token_ttl_seconds: 60 }, ['tenant.updated'], false],
    ['a shorter refresh token', off, { refresh_token_ttl_seconds: 300 }, ['tenant.updated'], false],
  ];

  test.each(table)('%s', (_what, before, change, types, lowers) => {
    const settled = settleTenant(before, changedTenant(before, change), origin);
    expect(settled.events.map(event => event.type)).toEqual(types);
    expect(settled.after).toMatchObject({ version: 5, rights_version: lowers ? 3 : 2, sign_out_version: 1 });
    for (const event of settled.events) expect(eventCatalogue[event.type].data.parse(event.data)).toEqual(event.data);
  });

  test('that signs out raises both versions', () => {
    const { after, events } = settleTenant(off, off, origin, 'sign_out');
    expect(after).toMatchObject({ version: 5, rights_version: 3, sign_out_version: 2 });
    expect(events).toMatchObject([{ type: 'tenant.signed_out', data: { rights_version: 3 } }]);
  });

  test('that turns a switch on without an end takes an older end away', () => {
    expect(changedTenant({ ...off, password_grant_until: soon }, { password_grant: true })).toEqual({ ...off, password_grant: true });
  });

  test('that changes nothing has no event and raises nothing', () => {
    expect(settleTenant(on, changedTenant(on, { password_grant: true }), origin)).toEqual({ after: on, events: [] });
    expect(settleTenant(off, changedTenant(off, {}), origin).events).toEqual([]);
  });

  test('shows a logo as its hash', () => {
    const sha256: unknown = expect.stringMatching(/^[0-9a-f]{64}$/);
    const [event] = settleTenant(off, { ...off, logo: Buffer.from('png') }, origin).events;
    expect(event).toMatchObject({ type: 'tenant.updated', data: { changes: [{ field: 'logo', from: null, to: sha256 }] } });
    expect(tenantCreated(off, origin)).toMatchObject([{ type: 'tenant.created', subject: 't', data: { version: 4 } }]);
  });
});

describe('the request to change a tenant', () => {
  const requests = new TenantRequests(86_400, () => time);

  test.each([
    ['a lifetime under a minute', { access_token_ttl_seconds: 59 }, /access_token_ttl_seconds/], ['a lifetime over the deployment\'s', { access_token_ttl_seconds: 86_401 }, /from 60 to 86400/],
    ['a refresh token of more than a leap year', { refresh_token_ttl_seconds: 31_622_401 }, /refresh_token_ttl_seconds/], ['half a second', { access_token_ttl_seconds: 60.5 }, /whole number/],
    ['an end that has passed', { password_grant_until: '2026-04-30T00:00:00Z' }, /future/], ['an end that is no time', { password_grant_until: 'tomorrow' }, /a time such as/],
    ['a name', { name: 'other' }, /name/], ['its administrators', { administrators: [] }, /administrators/], ['a switch that is no switch', { password_grant: 1 }, /true or false/],
    ['an operator', { password_grant: { $ne: false } }, /true or false/],
  ])('refuses %s', (_what, body, message) => { expect(() => requests.changeOf(body)).toThrow(message); });

  test('reads JSON and forms alike', () => {
    expect(requests.changeOf({ password_grant: 'true', access_token_ttl_seconds: '600', implicit_grant_until: soon.toISOString() }))
      .toEqual(requests.changeOf({ password_grant: true, access_token_ttl_seconds: 600, implicit_grant_until: '2026-06-01T02:00:00+02:00' }));
  });
});
