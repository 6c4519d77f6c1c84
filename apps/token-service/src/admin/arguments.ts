import { parseArgs } from 'node:util';
import { z } from 'zod';

export const USAGE = `npm run admin -- audit republish --from TIME [--to TIME] [--data DIR]

Tells the trail again of every token and grant that was made from TIME on, out of the stored documents: for a trail
that was lost or restored from a backup. What the trail has already stays as it is; running it again is safe.

  --from TIME   a moment such as 2026-11-21T12:00:00Z or a day such as 2026-11-21 (UTC), inclusive
  --to TIME     likewise, exclusive; without it, now
  --data DIR    the data folder of a running local stack (default .strowger/data), read where MONGODB_URI is not set
  --help        this text

Environment: MONGODB_URI, NATS_URL, NATS_USER=token-service, NATS_PASSWORD.
`;

export type AdminCommand =
  | { readonly name: 'help' }
  | { readonly name: 'republish'; readonly from: Date; readonly to: Date; readonly data: string };

/** What was typed makes no sense; `message` says why. */
export class BadArguments extends Error {
  override readonly name = 'BadArguments';
}

/** @throws BadArguments - an unknown command or option, one that is missing, or a bad value */
export function parseArguments(typed: readonly string[], now: Date): AdminCommand {
  const { positionals, values } = parsed(typed);
  if (values.help === true || typed.length === 0) return { name: 'help' };
  if (positionals.join(' ') !== 'audit republish') throw new BadArguments(`there is no command ${positionals.join(' ')}`);
  if (values.from === undefined) throw new BadArguments('--from is missing');
  const from = moment('from', values.from), to = values.to === undefined ? now : moment('to', values.to);
  if (from >= to) throw new BadArguments(values.to === undefined ? '--from lies in the future' : '--to must be later than --from');
  return { name: 'republish', from, to, data: values.data ?? '.strowger/data' };
}

function parsed(typed: readonly string[]) {
  try {
    return parseArgs({ args: [...typed], allowPositionals: true, options: { from: { type: 'string' }, to: { type: 'string' }, data: { type: 'string' }, help: { type: 'boolean' } } });
  } catch (cause) {
    throw new BadArguments(cause instanceof Error ? cause.message : 'the options cannot be read', { cause });
  }
}

function moment(option: string, text: string): Date {
  const isMoment = z.union([z.iso.datetime({ offset: true }), z.iso.date()]).safeParse(text).success;
  const date = new Date(text);
  if (!isMoment || Number.isNaN(date.getTime())) throw new BadArguments(`--${option}: must be a moment such as 2026-11-21T12:00:00Z or a day such as 2026-11-21 (UTC)`);
  return date;
}
