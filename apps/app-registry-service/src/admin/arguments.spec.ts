import { AdminCommand, BadArguments, parseArguments, USAGE } from './arguments';

const parsed = (...typed: string[]): AdminCommand => parseArguments(typed);
const refusal = (...typed: string[]): string => {
  try { parseArguments(typed); } catch (error) { if (error instanceof BadArguments) return error.message; throw error; }
  return 'taken';
};

describe('npm run admin -- keys rotate', () => {
  it('rotates, and withdraws the old key where it is said to be compromised', () => {
    expect(parsed('keys', 'rotate')).toEqual({ name: 'keys rotate', compromised: false, data: '.strowger/data' });
    expect(parsed('keys', 'rotate', '--compromised', '--data', 'd')).toEqual({ name: 'keys rotate', compromised: true, data: 'd' });
    expect(USAGE).toContain('keys rotate [--compromised]');
  });
  it.each<[string[], RegExp]>([
    [['keys'], /no command keys/], [['keys', 'burn'], /no command keys burn/], [['keys', 'rotate', 'now'], /one command at a time: keys rotate now/], [['rotate'], /no command rotate/],
    [['keys', 'rotate', '--tenant', 'x'], /--tenant does not go with keys rotate/], [['keys', 'rotate', '--output', 'x'], /--output does not go with keys rotate/],
    [['init', '--tenant', 'x', '--compromised'], /--compromised does not go with init/],
  ])('refuses %j, and says why', (typed, message) => { expect(refusal(...typed)).toMatch(message); });
});
