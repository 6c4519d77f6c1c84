import { parseArgs } from 'node:util';

export const trials = ['codes', 'logins', 'announcements'] as const;
/** What `npm run test:trials` was asked for. */
export interface Options { readonly trials: readonly (typeof trials)[number][]; readonly rounds: number; readonly each: number; readonly help: boolean }

export const HELP = `npm run test:trials -- [codes] [logins] [announcements] [--rounds N] [--each N]

  codes        50 exchanges of one code at once, over two instances, again and again; 30 s later each code once more
  logins       how long a login takes that gets nobody in: unknown, blocked, wrong password; at the token endpoint and at the login page
  announcements how long it takes until a scope that is announced can be granted, over two instances of both services; and 10,000 of them
  --rounds N   so many codes, or scopes (default 200)
  --each N     so many logins of each kind (default 1000)

All where none is named. Exit code 1 when a code gave tokens twice or never, or a replay left a token alive, or the kinds of logins can be told apart, or a
scope could not be granted within a second.`;

const wholeNumber = (name: string, text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 100_000) throw new Error(`--${name} ${text}: a whole number from 1 to 100000`);
  return number;
};

/** @throws Error - an unknown option, trial or value; the message says which */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args], strict: true, allowPositionals: true, options: { rounds: { type: 'string', default: '200' }, each: { type: 'string', default: '1000' }, help: { type: 'boolean' } },
  });
  const unknown = positionals.find(word => !trials.some(trial => trial === word));
  if (unknown !== undefined) throw new Error(`${unknown}: none of ${trials.join(', ')}`);
  return { trials: trials.filter(trial => positionals.length === 0 || positionals.includes(trial)), rounds: wholeNumber('rounds', values.rounds), each: wholeNumber('each', values.each), help: values.help === true };
}
