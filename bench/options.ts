import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Operation, operations } from './contestant';

/** What `npm run bench` was asked for. */
export interface Options {
  readonly rounds: number;
  readonly operations: readonly Operation[];
  /** Another build to compare with instead of the peer. */
  readonly against: string | undefined;
  /** Folder for a CPU profile of token-service. */
  readonly profile: string | undefined;
  readonly rated: boolean;
  readonly wholeSystem: boolean;
  readonly overload: boolean;
  readonly help: boolean;
}

export const HELP = `npm run bench -- [--rounds N] [--only WORD] [--quick] [--against DIST] [--profile DIR] [--overload]

  --rounds N      pairs of slices for each operation (default 7)
  --only WORD     only operations whose name has this word (${operations.join('; ')})
  --quick         only CPU time: without equal offered load, without the whole system
  --against DIST  compare with another build of Strowger (a copy of dist/ beside node_modules) instead of oidc-provider
  --profile DIR   write a CPU profile of token-service into DIR
  --overload      instead: three times capacity, a flood of passwords, one, two and four instances`;

/** @throws Error - an unknown option or a bad value; the message says which */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args], strict: true, allowPositionals: false,
    options: {
      rounds: { type: 'string', default: '7' }, only: { type: 'string' }, quick: { type: 'boolean' }, against: { type: 'string' }, profile: { type: 'string' },
      overload: { type: 'boolean' }, help: { type: 'boolean' },
    },
  });
  const rounds = Number(values.rounds), wanted = operations.filter(name => values.only === undefined || name.includes(values.only));
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1000) throw new Error(`--rounds ${values.rounds}: a whole number from 1 to 1000`);
  if (wanted.length === 0) throw new Error(`--only ${String(values.only)}: none of ${operations.join('; ')}`);
  return {
    rounds, operations: wanted, against: values.against === undefined ? undefined : resolve(values.against), profile: values.profile === undefined ? undefined : resolve(values.profile),
    rated: values.quick !== true, wholeSystem: values.quick !== true, overload: values.overload === true, help: values.help === true,
  };
}
