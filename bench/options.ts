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
  readonly compare: boolean;
  readonly overload: boolean;
  /** 0: none. */
  readonly soakMinutes: number;
  readonly help: boolean;
}

export const HELP = `npm run bench -- [--rounds N] [--only WORD] [--quick] [--against DIST] [--profile DIR] [--overload] [--soak MINUTES] [--all]

  --rounds N      pairs of slices for each operation (default 7)
  --only WORD     only operations whose name has this word (${operations.join('; ')})
  --quick         only CPU time: without equal offered load, without the whole system
  --against DIST  compare with another build of Strowger (a copy of dist/ beside node_modules) instead of oidc-provider
  --profile DIR   write a CPU profile of token-service into DIR
  --overload      instead: three times capacity, a flood of passwords, one, two and four instances
  --soak MINUTES  instead: mixed requests for so long, memory and open descriptors over time
  --all           every table: the comparison, the whole system, overload, a soak of ten minutes (about 20 minutes)`;

const ALL_SOAK_MINUTES = 10;

/** @throws Error - an unknown option or a bad value; the message says which */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args], strict: true, allowPositionals: false,
    options: {
      rounds: { type: 'string', default: '7' }, only: { type: 'string' }, quick: { type: 'boolean' }, against: { type: 'string' }, profile: { type: 'string' },
      overload: { type: 'boolean' }, soak: { type: 'string', default: '0' }, all: { type: 'boolean' }, help: { type: 'boolean' },
    },
  });
  const rounds = Number(values.rounds), wanted = operations.filter(name => values.only === undefined || name.includes(values.only));
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1000) throw new Error(`--rounds ${values.rounds}: a whole number from 1 to 1000`);
  if (wanted.length === 0) throw new Error(`--only ${String(values.only)}: none of ${operations.join('; ')}`);
  const soakMinutes = Number(values.soak), all = values.all === true, comparing = all || (values.overload !== true && soakMinutes === 0);
  if (!Number.isInteger(soakMinutes) || soakMinutes < 0 || soakMinutes > 10_000) throw new Error(`--soak ${values.soak}: a whole number of minutes`);
  return {
    rounds, operations: wanted, against: values.against === undefined ? undefined : resolve(values.against), profile: values.profile === undefined ? undefined : resolve(values.profile),
    rated: values.quick !== true, wholeSystem: all || (comparing && values.quick !== true && values.against === undefined), 
    compare: comparing, overload: all || values.overload === true, soakMinutes: soakMinutes > 0 ? soakMinutes : all ? ALL_SOAK_MINUTES : 0,
    help: values.help === true,
  };
}
