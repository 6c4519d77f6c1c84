import { Account } from '@strowger/models/accounts/accounts.reader';
import { InMemoryRateLimits } from '@strowger/models/rate-limits/rate-limits.fake';
import { account } from '@strowger/oauth-core/facts.fixture';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { LimitedNames } from './limited-names';

const alice: Account = { ...account(), version: 1, created_at: new Date(0) };
const [one, two] = [account({ id: 'access', kind: 'api_access' }), account({ id: 'other', kind: 'api_access' })];

function scene() {
  const counters = new InMemoryRateLimits(), clock = { now: 0 }, asked: string[] = [];
  const accounts = { named: (tenant: string, name: string) => { asked.push(`${tenant} ${name}`); return Promise.resolve(name === 'alice' ? alice : undefined); } };
  const instance = () => new LimitedNames(accounts, counters, { windowSeconds: 60, wrongNames: 3 }, () => new Date(clock.now));
  return { first: instance(), second: instance(), clock, asked };
}
const accept = (found: { readonly id: string }) => Promise.resolve<string | undefined>(found.id);
const outcome = async (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error instanceof OAuthError ? [error.code, error.retryAfterSeconds, error.limit] : error);

describe('names of others', () => {
  it('are looked for in the caller\'s tenant, whatever their case and the white space around them', async () => {
    const { first, asked } = scene();
    expect(await first.find('  ALICE ', one, accept)).toBe('alice');
    expect(asked).toEqual(['tenant alice']);
    for (const name of ['', '   ', 'x'.repeat(257)]) expect(await outcome(first.find(name, two, accept))).toBeUndefined();
    expect(asked).toHaveLength(1);
  });
  it('S55: that come to nothing are counted for all instances; past the limit nothing is looked for, also not what there is, until the window ends', async () => {
    const { first, second, clock, asked } = scene(), refused = ['rate_limit_exceeded', 60, 3];
    expect(await first.find('bob', one, accept)).toBeUndefined();
    expect(await second.find('alice', one, () => Promise.resolve<string | undefined>(undefined))).toBeUndefined();
    for (let good = 0; good < 10; good++) expect(await first.find('alice', one, accept)).toBe('alice');
    expect(await second.find('carol', one, accept)).toBeUndefined();
    const before = asked.length;
    expect(await outcome(second.find('alice', one, accept))).toEqual(refused);
    expect(asked).toHaveLength(before);
    expect(await outcome(first.find('dave', one, accept))).toEqual(refused);
    expect(await outcome(first.find('alice', one, accept))).toEqual(refused);
    expect(await first.find('alice', two, accept)).toBe('alice');
    clock.now = 60_001;
    expect(await first.find('alice', one, accept)).toBe('alice');
    expect(await second.find('bob', one, accept)).toBeUndefined();
  });
});
