import { parseArgs } from 'node:util';

/** What `npm run test:faults` was asked for. */
export interface Options { readonly seed: number; readonly only: string | undefined; readonly short: boolean; readonly mutations: boolean; readonly help: boolean }

export const HELP = `npm run test:faults -- [--seed N] [--only WORD] [--short] [--mutations]

  --seed N      the same number gives the same order, targets and moments of the faults (default: a random one, printed)
  --only WORD   only faults (or mutations) whose name has this word; their targets and moments stay those of the seed
  --short       one strike of each fault, shorter freezes, the bus cut for 20 s instead of five minutes
  --mutations   instead: break each protection once and see that the run turns red

Exit code 1 when anything was lost, doubled or invented, or answered otherwise than it may be (with --mutations: when a broken protection was not noticed).`;

const MAX_SEED = 2 ** 32 - 1;

/** @throws Error - an unknown option or a bad value; the message says which */
export function parseOptions(args: readonly string[], randomSeed: () => number): Options {
  const { values } = parseArgs({
    args: [...args], strict: true, allowPositionals: false,
    options: { seed: { type: 'string' }, only: { type: 'string' }, short: { type: 'boolean' }, mutations: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  const seed = values.seed === undefined ? randomSeed() : Number(values.seed);
  if (values.seed === '' || !Number.isInteger(seed) || seed < 0 || seed > MAX_SEED) throw new Error(`--seed ${String(values.seed)}: a whole number from 0 to ${String(MAX_SEED)}`);
  return { seed, only: values.only, short: values.short === true, mutations: values.mutations === true, help: values.help === true };
}
