import { parseArgs } from 'node:util';
import type { Hunt } from './properties.trial';

export const trials = ['codes', 'logins', 'announcements', 'properties'] as const;
/** What `npm run test:trials` was asked for. */
export interface Options { readonly trials: readonly (typeof trials)[number][]; readonly rounds: number; readonly each: number; readonly hunt: Hunt; readonly help: boolean }

export const HELP = `npm run test:trials -- [codes] [logins] [announcements] [properties] [--rounds N] [--each N] [--minutes N] [--times N] [--seed N] [--file PATH]

  codes        50 exchanges of one code at once, over two instances, again and again; 30 s later each code once more
  logins       how long a login takes that gets nobody in: unknown, blocked, wrong password; at the token endpoint and at the login page
  announcements how long it takes until a scope that is announced can be granted, over two instances of both services; and 10,000 of them
  properties   all property tests with seed after seed, and with more inputs than npm test gives them; what fails is told with the line that repeats it
  --rounds N   so many codes, or scopes (default 200)
  --each N     so many logins of each kind (default 1000)
  --minutes N  no new seed after so many (default 10)
  --times N    so many times the inputs of npm test (default 20); where a database is asked, as many
  --seed N     this seed only
  --file PATH  only test files with this in their path

All where none is named. Exit code 1 when a code gave tokens twice or never, or a replay left a token alive, or the kinds of logins can be told apart, or a
scope could not be granted within a second, or a property did not hold.`;

const MAX_SEED = 2 ** 31 - 1;
const wholeNumber = (name: string, text: string, [least, most] = [1, 100_000]): number => {
  const number = Number(text);
  if (text.trim() === '' || !Number.isInteger(number) || number < least || number > most) throw new Error(`--${name} ${text}: a whole number from ${String(least)} to ${String(most)}`);
  return number;
};

/** @throws Error - an unknown option, trial or value; the message says which */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args], strict: true, allowPositionals: true, options: {
      rounds: { type: 'string', default: '200' }, each: { type: 'string', default: '1000' }, minutes: { type: 'string', default: '10' }, times: { type: 'string', default: '20' }, seed: { type: 'string' }, file: { type: 'string' }, help: { type: 'boolean' },
    },
  });
  const unknown = positionals.find(word => !trials.some(trial => trial === word));
  if (unknown !== undefined) throw new Error(`${unknown}: none of ${trials.join(', ')}`);
  return {
    trials: trials.filter(trial => positionals.length === 0 || positionals.includes(trial)), rounds: wholeNumber('rounds', values.rounds), each: wholeNumber('each', values.each), help: values.help === true,
    hunt: { minutes: wholeNumber('minutes', values.minutes), times: wholeNumber('times', values.times), seed: values.seed === undefined ? undefined : wholeNumber('seed', values.seed, [0, MAX_SEED]), file: values.file },
  };
}
