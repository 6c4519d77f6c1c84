import { PasswordHasher } from '@strowger/credentials/password-hasher';
import { AccountsReader } from '@strowger/models/accounts/accounts.reader';
import { InMemoryRateLimits } from '@strowger/models/rate-limits/rate-limits.fake';
import { SignInAddresses } from '@strowger/models/sign-in-addresses/sign-in-addresses.store';
import { AccountFacts } from '@strowger/oauth-core/facts';
import { account } from '@strowger/oauth-core/facts.fixture';
import { RejectionRecorder } from '../rejections/rejection-recorder';
import { LimitedPasswordCheck } from './limited-password-check';

const KNOWN = '192.0.2.1', STRANGE = '198.51.100.1';

/** A check whose every step towards a database, a core or an event is written down. */
function scene(perAddress = 100) {
  const steps: string[] = [], counters = new InMemoryRateLimits(), known: AccountFacts[] = [account(), account({ id: 'b', username: 'blocked', status: 'blocked' }), account({ id: 'f', username: 'foreign', tenant_id: 'elsewhere' })];
  const note = <T>(step: string, value: T): Promise<T> => { steps.push(step); return Promise.resolve(value); };
  const check = new LimitedPasswordCheck(
    { byUsernames: ([name]: readonly string[]) => note('read the account', known.filter(({ username }) => username === name)) } as unknown as AccountsReader,
    { verify: (_hash: string, password: string) => note('compute', password === 'right'), verifyAgainstNothing: () => note('compute', false) } as unknown as PasswordHasher,
    {
      limits: { hit: async (...[counter, now, times]: Parameters<InMemoryRateLimits['hit']>) => note(`count ${counter.what}`, await counters.hit(counter, now, times)), giveBack: async (hit: Parameters<InMemoryRateLimits['giveBack']>[0]) => { steps.push('give back'); await counters.giveBack(hit); } },
      addresses: { isKnown: (id: string, address: string) => note('read the address', id === 'alice' && address === KNOWN), note: () => note('note the address', undefined) } as unknown as SignInAddresses,
      allowed: { windowSeconds: 900, accountAndAddress: 3, accountFromStrangers: 3, address: perAddress },
    },
    { loginFailed: () => note('record', undefined) } as unknown as RejectionRecorder, () => new Date(0));
  const attempt = async (username: string, password: string, ip: string): Promise<unknown> => {
    steps.length = 0;
    return check.check(username, password, { ip, request_id: 'r' }, found => Promise.resolve(found.tenant_id === 'tenant' ? found.id : undefined)).catch((error: unknown) => String(error));
  };
  return { steps, attempt };
}

describe('a password that gets nobody in', () => {
  it('S29: takes the same steps in the same order for a wrong one, an unknown, a blocked and a foreign account, and where the account signs in', async () => {
    const wanted = ['read the account', 'read the address', 'count password:account_and_address', 'count password:account_from_strangers', 'count password:address', 'compute', 'record'];
    const { steps, attempt } = scene();
    for (const [username, password, ip] of [['alice', 'wrong', STRANGE], ['nobody', 'wrong', STRANGE], ['blocked', 'right', STRANGE], ['blocked', 'wrong', STRANGE], ['foreign', 'right', STRANGE], ['alice', 'wrong', KNOWN]] as const) {
      expect(await attempt(username, password, ip)).toBeUndefined();
      expect(steps).toEqual(wanted);
    }
  });
  it('S30: where the account signs in counts for nobody elsewhere, however often', async () => {
    const { attempt } = scene();
    for (let wrong = 0; wrong < 3; wrong++) expect(await attempt('alice', 'wrong', KNOWN)).toBeUndefined();
    expect(await attempt('alice', 'wrong', KNOWN)).toContain('too many');
    for (let wrong = 0; wrong < 3; wrong++) expect(await attempt('alice', 'wrong', STRANGE)).toBeUndefined();
    expect(await attempt('alice', 'right', '198.51.100.2')).toContain('too many');
  });
  it('S30: of an address that may try nothing any more counts for no account: it locks nobody out', async () => {
    const { steps, attempt } = scene(1);
    expect(await attempt('nobody', 'wrong', STRANGE)).toBeUndefined();
    for (let more = 0; more < 5; more++) {
      expect(await attempt('alice', 'wrong', STRANGE)).toContain('too many');
      expect(steps).not.toContain('compute');
    }
    for (const ip of ['198.51.100.2', KNOWN]) expect(await attempt('alice', 'right', ip)).toBe('alice');
  });
  it('of its own account is taken back once it is right', async () => {
    const { steps, attempt } = scene();
    for (const ip of [STRANGE, KNOWN]) expect(await attempt('alice', 'right', ip)).toBe('alice');
    expect(steps.filter(step => step === 'give back')).toHaveLength(2);
  });
});
