import { parseArgs } from 'node:util';
import { Username } from '../accounts/account.request';
import { line } from '../request-fields';

export const USAGE = `npm run admin -- COMMAND [OPTIONS]

Commands
  init --tenant NAME [--username NAME]   makes a tenant, its administrator (username "admin" unless told
                                         otherwise) and the administrator's machine-to-machine application;
                                         may be run again after a crash: what is there stays as it is
  reset-password --username NAME         gives an account a new password and signs it out everywhere
  rotate-secret --client-id ID           gives an application a new secret; the old ones end at once
  keys rotate [--compromised]            lets the next key sign tokens, and publishes the one after it; what the old one signed is
                                         good until it expires. --compromised withdraws the old one at once: resource servers that
                                         verify offline refuse what it signed as soon as they read the keys anew; said twice, it
                                         replaces the next key, too

Options
  --output FILE   writes what is shown once to FILE (mode 0600, lines NAME='value'), which must not exist yet;
                  without it, it is printed to the terminal
  --data DIR      the data folder of a running local stack (default .strowger/data), read where MONGODB_URI is not set
  --help          this text

Environment: MONGODB_URI, NATS_URL, NATS_USER=app-registry-service, NATS_PASSWORD.
`;

export type AdminCommand =
  | { readonly name: 'help' }
  | { readonly name: 'init'; readonly tenant: string; readonly username: string; readonly output?: string; readonly data: string }
  | { readonly name: 'reset-password'; readonly username: string; readonly output?: string; readonly data: string }
  | { readonly name: 'rotate-secret'; readonly clientId: string; readonly output?: string; readonly data: string }
  | { readonly name: 'keys rotate'; readonly compromised: boolean; readonly data: string };

/** What was typed makes no sense; `message` says why. */
export class BadArguments extends Error {
  override readonly name = 'BadArguments';
}

/** @throws BadArguments - an unknown command or option, one that is missing, or a bad value */
export function parseArguments(typed: readonly string[]): AdminCommand {
  const { positionals, values } = parsed(typed);
  const [first, ...rest] = positionals;
  const [name, ...more] = first === 'keys' && rest.length > 0 ? [`keys ${rest[0] ?? ''}`, ...rest.slice(1)] : [first, ...rest];
  if (values.help === true || (name === undefined && typed.length === 0)) return { name: 'help' };
  if (more.length > 0) throw new BadArguments(`one command at a time: ${positionals.join(' ')}`);
  const options = { data: values.data ?? '.strowger/data', ...(values.output !== undefined && { output: values.output }) };
  const only = (...allowed: readonly (keyof typeof values)[]): void => {
    for (const option of ['tenant', 'username', 'client-id', 'compromised'] as const) {
      if (values[option] !== undefined && !allowed.includes(option)) throw new BadArguments(`--${option} does not go with ${String(name)}`);
    }
  };
  switch (name) {
    case 'init':
      only('tenant', 'username');
      return { name, tenant: checked('tenant', line(100).safeParse(needed('tenant', values.tenant))), username: checked('username', Username.safeParse(values.username ?? 'admin')), ...options };
    case 'reset-password':
      only('username');
      return { name, username: checked('username', Username.safeParse(needed('username', values.username))), ...options };
    case 'rotate-secret':
      only('client-id');
      return { name, clientId: needed('client-id', values['client-id']), ...options };
    case 'keys rotate':
      only('compromised');
      if (values.output !== undefined) throw new BadArguments('--output does not go with keys rotate: nothing of it is secret');
      return { name, compromised: values.compromised === true, data: options.data };
    default:
      throw new BadArguments(name === undefined ? 'say what to do' : `there is no command ${name}`);
  }
}

function parsed(typed: readonly string[]) {
  try {
    return parseArgs({
      args: [...typed], allowPositionals: true,
      options: { tenant: { type: 'string' }, username: { type: 'string' }, 'client-id': { type: 'string' }, output: { type: 'string' }, data: { type: 'string' }, compromised: { type: 'boolean' }, help: { type: 'boolean' } },
    });
  } catch (cause) {
    throw new BadArguments(cause instanceof Error ? cause.message : 'the options cannot be read', { cause });
  }
}

function needed(option: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new BadArguments(`--${option} is missing`);
  return value;
}

function checked(option: string, result: { success: true; data: string } | { success: false; error: { issues: readonly { message: string }[] } }): string {
  if (result.success) return result.data;
  throw new BadArguments(`--${option}: ${result.error.issues.map(issue => issue.message).join(', ')}`);
}
