import { parseArgs } from 'node:util';

export const USAGE = `pbx-api-service seed --tenant ID [--extensions N] [--calls N] [--seed N]

Gives a tenant that has no PBX yet a simulated one with a past: extensions, switchboards, a call log of sixty days,
voicemail, recordings and faxes; the same for the same seed and hour. A tenant that has extensions is left as it is.

  --tenant ID       id of the tenant
  --extensions N    how many, from 4 to 500 (default 30)
  --calls N         rows of the call log, to 100000 (default 5000)
  --seed N          default 1

Environment: MONGODB_URI.
`;

/** What was typed, understood. */
export interface SeedCommand { readonly tenant: string; readonly extensions: number; readonly calls: number; readonly seed: number }
/** What was typed makes no sense; `message` says why. */
export class BadArguments extends Error { override readonly name = 'BadArguments'; }

/** @throws BadArguments */
export function parseSeedCommand(typed: readonly string[]): SeedCommand | 'help' {
  const { positionals, values } = parsed(typed);
  if (values.help === true) return 'help';
  if (positionals.length !== 1 || positionals[0] !== 'seed') throw new BadArguments('the command is seed');
  const { tenant } = values;
  if (tenant === undefined || !/^[A-Za-z0-9_-]{1,64}$/.test(tenant)) throw new BadArguments('--tenant: the id of a tenant is needed');
  const number = (name: 'extensions' | 'calls' | 'seed', otherwise: number, least: number, most: number): number => {
    const text = values[name] ?? String(otherwise);
    if (!/^\d{1,9}$/.test(text) || Number(text) < least || Number(text) > most) throw new BadArguments(`--${name}: a whole number from ${String(least)} to ${String(most)}`);
    return Number(text);
  };
  return { tenant, extensions: number('extensions', 30, 4, 500), calls: number('calls', 5000, 0, 100_000), seed: number('seed', 1, 0, 999_999_999) };
}

function parsed(typed: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    return parseArgs({ args: [...typed], allowPositionals: true, options: { tenant: text, extensions: text, calls: text, seed: text, help: { type: 'boolean' } } });
  } catch (cause) {
    throw new BadArguments(cause instanceof Error ? cause.message : 'the options cannot be read', { cause });
  }
}
