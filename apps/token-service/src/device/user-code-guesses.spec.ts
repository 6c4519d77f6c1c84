import { InMemoryRateLimits } from '@strowger/models/rate-limits/rate-limits.fake';
import { UserCodeGuesses } from './user-code-guesses';

const ADDRESS = '192.0.2.1', ELSEWHERE = '198.51.100.1';
const wrong = (): Promise<string | undefined> => Promise.resolve(undefined), right = (): Promise<string | undefined> => Promise.resolve('device');
const guesses = () => new UserCodeGuesses(new InMemoryRateLimits(), { windowSeconds: 900, perAccount: 2, perAddress: 3 }, () => new Date(0));

describe('user codes', () => {
  it('S56: of an account are looked for so often and no more while they are wrong; right ones count for nothing', async () => {
    const codes = guesses(), look = jest.fn(right);
    for (let often = 0; often < 5; often++) expect(await codes.count('alice', { ip: ADDRESS, request_id: 'r' }, look)).toBe('device');
    for (let often = 0; often < 2; often++) expect(await codes.count('alice', { ip: ADDRESS, request_id: 'r' }, wrong)).toBeUndefined();
    await expect(codes.count('alice', { ip: ELSEWHERE, request_id: 'r' }, look)).rejects.toMatchObject({ code: 'rate_limit_exceeded', limit: 2 });
    expect(look).toHaveBeenCalledTimes(5);
  });
  it('that are not looked for, because too many of the address were wrong, count for no account', async () => {
    const codes = guesses();
    for (const account of ['a', 'b', 'c']) expect(await codes.count(account, { ip: ADDRESS, request_id: 'r' }, wrong)).toBeUndefined();
    for (let often = 0; often < 5; often++) await expect(codes.count('alice', { ip: ADDRESS, request_id: 'r' }, right)).rejects.toMatchObject({ code: 'rate_limit_exceeded', limit: 3 });
    expect(await codes.count('alice', { ip: ELSEWHERE, request_id: 'r' }, right)).toBe('device');
  });
});
