import { eventCatalogue, EventType } from '@strowger/contracts/event-catalogue';
import { Application } from '@strowger/models/applications/applications.reader';
import { Origin } from '../change-log';
import { registered, settleApplication } from './application.events';
import { freshSecret, withNewCredentials, withNewSecret, withoutSecret } from './application-secrets';

const time = new Date('2026-05-01T10:00:00Z'), earlier = new Date('2026-04-01T10:00:00Z');
const origin: Origin = { source: { service: 'app-registry-service', instance: 'test' }, time, by: { account_id: 'a', client_id: 'c' }, request_id: 'r', ip: '192.0.2.1', user_agent: 'curl' };
const secret = (id: string, expires_at?: Date) => ({ id, hash: Buffer.alloc(32), created_at: earlier, ...(expires_at && { expires_at }) });
const before: Application = {
  id: 'app', tenant_id: 't', client_id: 'old-client', name: 'Dialler', type: 'native', scope: 'rest:calllog:read rest:callforward', access_level: 'call_api', owner: 'a',
  redirect_uris: ['https://a.example/cb'], password_grant: false, token_format: 'jwt', secrets: [secret('s1')], previous_client_ids: [], status: 'active',
  version: 7, rights_version: 3, sign_out_version: 2, created_at: earlier,
};
const after = (change: Partial<Application>): Application => ({ ...before, ...change });
const fresh = { ...freshSecret(time), kept: secret('s2') };
const request = { reason: 'we write', at: earlier, account_id: 'a' };

describe('a change of an application', () => {
  /** [what, before, after, act, events, raises rights_version, raises sign_out_version] */
  const table: [string, Application, Application, 'sign_out' | undefined, EventType[], boolean, boolean][] = [
    ['a new name', before, after({ name: 'Other' }), undefined, ['application.updated'], false, false],
    ['a new description and website', before, after({ description: 'd', website: 'https://w.example' }), undefined, ['application.updated'], false, false],
    ['a redirect URI taken away', before, after({ redirect_uris: [] }), undefined, ['application.updated'], false, false],
    ['another token format', before, after({ token_format: 'opaque' }), undefined, ['application.updated'], false, false],
    ['a scope added', before, after({ scope: 'gql rest:callforward rest:calllog:read' }), undefined, ['application.updated'], false, false],
    ['a scope taken away', before, after({ scope: 'rest:callforward' }), undefined, ['application.narrowed'], true, false],
    ['a parent replaced by its child', before, after({ scope: 'rest:callforward:read rest:calllog:read' }), undefined, ['application.narrowed'], true, false],
    ['a child replaced by its parent', before, after({ scope: 'rest:callforward rest:calllog' }), undefined, ['application.updated'], false, false],
    ['one scope for another', before, after({ scope: 'gql rest:callforward' }), undefined, ['application.narrowed', 'application.updated'], true, false],
    ['level raised', before, after({ access_level: 'all' }), undefined, ['application.updated'], false, false],
    ['level lowered', after({ access_level: 'all' }), before, undefined, ['application.narrowed'], true, false],
    ['password grant given', before, after({ password_grant: true }), undefined, ['application.updated'], false, false],
    ['password grant taken away', after({ password_grant: true }), before, undefined, ['application.narrowed'], true, false],
    ['level lowered and a new name', after({ access_level: 'all' }), after({ name: 'Other' }), undefined, ['application.narrowed', 'application.updated'], true, false],
    ['level asked for', before, after({ access_level_request: request }), undefined, ['access_level.requested'], false, false],
    ['level asked for and given', after({ access_level_request: request }), after({ access_level: 'all' }), undefined, ['application.updated'], false, false],
    ['disabled', before, after({ status: 'disabled' }), undefined, ['application.disabled'], true, true],
    ['enabled', after({ status: 'disabled' }), before, undefined, ['application.enabled'], false, false],
    ['deleted', before, after({ status: 'deleted' }), undefined, ['application.deleted'], true, true],
    ['everybody signed out', before, before, 'sign_out', ['application.signed_out'], true, true],
    ['a secret rotated with an overlap', before, withNewSecret(before, fresh, 60, time), undefined, ['secret.rotated'], false, false],
    ['a secret rotated without an overlap', before, withNewSecret(before, fresh, 0, time), undefined, ['secret.rotated', 'secret.burned'], true, false],
    ['a secret burned', before, withoutSecret(before, 's1', time), undefined, ['secret.burned'], true, false],
    ['credentials regenerated', before, withNewCredentials(before, 'new-client', fresh), undefined, ['credentials.regenerated'], true, true],
    ['credentials of a public client regenerated', after({ secrets: [] }), withNewCredentials(after({ secrets: [] }), 'new-client', fresh), undefined, ['credentials.regenerated'], true, true],
  ];

  test.each(table)('%s', (_what, from, to, act, types, lowers, signsOut) => {
    const settled = settleApplication(from, to, origin, act);
    expect(settled.events.map(event => event.type).sort()).toEqual([...types].sort());
    expect(settled.after).toMatchObject({ version: 8, rights_version: lowers ? 4 : 3, sign_out_version: signsOut ? 3 : 2 });
    for (const event of settled.events) {
      expect(eventCatalogue[event.type].data.parse(event.data)).toEqual(event.data);
      expect(event).toMatchObject({ subject: 'app', source: '/app-registry-service/test', time: '2026-05-01T10:00:00.000Z', data: { tenant_id: 't', version: 8, by: origin.by, request_id: 'r', ip: '192.0.2.1', user_agent: 'curl' } });
    }
    expect(new Set(settled.events.map(event => event.id)).size).toBe(types.length);
  });

  test('that changes nothing has no event and raises nothing', () => {
    expect(settleApplication(before, { ...before }, origin)).toEqual({ after: before, events: [] });
    expect(settleApplication(after({ status: 'disabled' }), after({ status: 'disabled' }), origin).events).toEqual([]);
  });

  test('tells of each direction what changed, and both client ids of regenerated credentials', () => {
    const { events } = settleApplication(after({ access_level: 'all' }), after({ name: 'Other' }), origin);
    expect(events.map(event => event.data)).toEqual([
      expect.objectContaining({ rights_version: 4, changes: [{ field: 'access_level', from: 'all', to: 'call_api' }] }),
      expect.objectContaining({ name: 'Other', changes: [{ field: 'name', from: 'Dialler', to: 'Other' }] }),
    ]);
    expect(settleApplication(before, withNewCredentials(before, 'new-client', fresh), origin).events[0]?.data).toMatchObject({ client_id: 'old-client', new_client_id: 'new-client', secret_id: 's2' });
  });

  test('that burns several secrets is one event that names them', () => {
    const two = after({ secrets: [secret('s0', new Date(time.getTime() + 1000)), secret('s1')] });
    const burned = settleApplication(two, withNewSecret(two, fresh, 0, time), origin).events.find(event => event.type === 'secret.burned');
    expect(burned?.data).toMatchObject({ secret_id: 's0 s1' });
  });

  test('stays under 8 KiB, however long its values are', () => {
    const uris = (letter: string) => Array.from({ length: 20 }, (_, index) => `https://a.example/${letter.repeat(2000)}${String(index)}`);
    const long = after({ scope: Array.from({ length: 60 }, (_, index) => `rest:${'m'.repeat(50)}${String(index)}`).join(' '), redirect_uris: uris('x'), description: 'ä'.repeat(1000), name: 'n'.repeat(100) });
    const { events } = settleApplication({ ...long, access_level: 'all' }, { ...long, scope: long.scope.replaceAll('m', 'k'), redirect_uris: uris('y'), description: 'ö'.repeat(1000), name: 'o' }, origin);
    expect(events.map(event => event.type)).toEqual(['application.narrowed', 'application.updated']);
    for (const event of events) expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(8192);
  });

  test('S61: has neither secret nor hash in an event, nor has a registration', () => {
    const hash = fresh.kept.hash.toString('hex');
    const text = JSON.stringify([...registered(before, origin), ...settleApplication(before, withNewSecret(before, fresh, 0, time), origin).events]);
    expect(text).not.toContain(fresh.text);
    expect(text).not.toContain(hash);
    expect(text).not.toContain('Buffer');
  });
});

describe('secrets of an application', () => {
  const plus = (seconds: number) => new Date(time.getTime() + seconds * 1000);

  test('keep their earlier end when a longer overlap is asked for', () => {
    const two = after({ secrets: [secret('s0', plus(10)), secret('s1')] });
    expect(withNewSecret(two, fresh, 60, time).secrets).toEqual([secret('s0', plus(10)), secret('s1', plus(60)), fresh.kept]);
  });

  test('are five at most that work, besides the new one', () => {
    const five = after({ secrets: ['a', 'b', 'c', 'd', 'e'].map(id => secret(id)) });
    expect(() => withNewSecret(five, fresh, 60, time)).toThrow('burn one');
    expect(withNewSecret(five, fresh, 0, time).secrets).toEqual([fresh.kept]);
    expect(withNewSecret(after({ secrets: [...five.secrets.slice(1), secret('z', earlier)] }), fresh, 60, time).secrets).toHaveLength(5);
  });

  test('never end up as none: an application whose last secret was burned is no public client', () => {
    const burned = withoutSecret(before, 's1', time);
    expect(burned.secrets).toEqual([secret('s1', time)]);
    expect(() => withoutSecret(burned, 's1', plus(1))).toThrow('no working secret');
    expect(withNewSecret(burned, fresh, 60, plus(1)).secrets).toEqual([fresh.kept]);
  });

  test('are not given to a public client', () => {
    expect(() => withNewSecret(after({ secrets: [] }), fresh, 60, time)).toThrow('public client');
    expect(withNewCredentials(after({ secrets: [] }), 'new-client', fresh)).toMatchObject({ client_id: 'new-client', secrets: [], previous_client_ids: ['old-client'] });
  });
});
