import { account, application } from '@strowger/oauth-core/facts.fixture';
import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { eventCatalogue } from '@strowger/contracts/event-catalogue';
import { RejectionRecorder } from './rejection-recorder';

type Refusal = StrowgerEvent<'token.rejected'> | StrowgerEvent<'login.failed'>;
const origin = (ip = '192.0.2.1') => ({ ip, user_agent: 'test', request_id: 'r' });
let events: Refusal[], recorder: RejectionRecorder;
beforeEach(() => {
  jest.useFakeTimers();
  events = [];
  recorder = new RejectionRecorder({ record: event => { events.push(event); return Promise.resolve(); } }, { service: 'token-service', instance: 'a' }, () => new Date());
});
afterEach(() => { jest.useRealTimers(); });
const who = (found?: ReturnType<typeof account>, username = 'alice') => ({ username, account: found });
const counts = (): (number | undefined)[] => events.map(event => event.data.count);

describe('refusals', () => {
  it('are each an event of the catalogue, of the application\'s tenant or the deployment\'s', async () => {
    await recorder.tokenRejected(application(), 'password', 'invalid_grant', origin());
    await recorder.tokenRejected(undefined, undefined, 'invalid_client', origin());
    await recorder.loginFailed(who(account()), false, origin());
    expect(events.map(event => [event.type, event.data.tenant_id, event.data.reason])).toEqual([['token.rejected', 'tenant', 'invalid_grant'], ['token.rejected', '_', 'invalid_client'], ['login.failed', 'tenant', 'wrong_password']]);
    for (const event of events) expect(eventCatalogue[event.type].data.safeParse(event.data).success).toBe(true);
    expect(new Set(events.map(event => event.id)).size).toBe(3);
  });
  it('of a login keep no typed name of an unknown account, and say why a right password was refused', async () => {
    await recorder.loginFailed(who(), false, origin());
    await recorder.loginFailed(who(account({ status: 'blocked' })), true, origin());
    await recorder.loginFailed(who(account()), true, origin());
    expect(events.map(event => event.data.reason)).toEqual(['wrong_password', 'blocked', 'not_allowed']);
    expect(events[0]?.data).not.toHaveProperty('account_id');
  });
  it('past ten a second of one client and address are counted, and recorded as one when the second ends', async () => {
    for (let i = 0; i < 35; i++) await recorder.tokenRejected(application(), 'password', 'invalid_grant', origin());
    await recorder.tokenRejected(application(), 'password', 'invalid_grant', origin('192.0.2.2'));
    expect(counts()).toEqual(Array(11).fill(undefined));
    await jest.advanceTimersByTimeAsync(1000);
    expect(counts()).toEqual([...Array<undefined>(11).fill(undefined), 25]);
    await recorder.tokenRejected(application(), 'password', 'invalid_grant', origin());
    expect(events).toHaveLength(13);
  });
  it('S29: of logins are counted name by name, whether there is such an account or not', async () => {
    for (const found of [account(), undefined]) {
      events = [];
      for (const name of ['alice', 'bob']) for (let i = 0; i < 12; i++) await recorder.loginFailed(who(found, name), false, origin());
      expect(events).toHaveLength(20);
      await jest.advanceTimersByTimeAsync(1000);
      expect(counts()).toEqual([...Array<undefined>(20).fill(undefined), 2, 2]);
      expect(JSON.stringify(events)).not.toContain('bob');
    }
  });
  it('past two hundred a second of an instance are one event a type, whoever caused them', async () => {
    for (let i = 0; i < 500; i++) await recorder.tokenRejected(undefined, undefined, 'invalid_client', origin(`10.0.${String(i >> 8)}.${String(i & 255)}`));
    expect(events).toHaveLength(200);
    await jest.advanceTimersByTimeAsync(1000);
    expect(events.slice(200).map(event => [event.type, event.data.tenant_id, event.data.count])).toEqual([['token.rejected', '_', 300]]);
  });
  it('that were counted are recorded when the service stops', async () => {
    for (let i = 0; i < 12; i++) await recorder.tokenRejected(application(), 'password', 'invalid_grant', origin());
    await recorder.drain();
    expect(counts().at(-1)).toBe(2);
    await jest.advanceTimersByTimeAsync(2000);
    expect(events).toHaveLength(11);
  });
});
