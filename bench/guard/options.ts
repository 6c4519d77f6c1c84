import { parseArgs } from 'node:util';

/** What `npm run bench:guard` was asked for. */
export interface Options { readonly revocations: number; readonly cuts: number; readonly kills: number; readonly rounds: number; readonly help: boolean }

export const HELP = `npm run bench:guard -- [--revocations N] [--cuts N] [--kills N] [--rounds N]

Two guards of libs/auth on a real token-service (two instances), MongoDB and nats-server.

  --revocations N   revocations with the bus up, from the answer to the refusal at each guard (default 1000; 0: none)
  --cuts N          cuts of the bus (kill -9 of nats-server), 50 revocations within the six seconds after each (default 20; 0: none)
  --kills N         kill -9 of an instance whose publishing is stalled, 50 revocations just before each (default 20; 0: none)
  --rounds N        rounds of CPU time a request, beside express-oauth2-jwt-bearer and passport-http-bearer (default 7; 0: none)`;

/** @throws Error - an unknown option or a bad value */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({ args: [...args], strict: true, allowPositionals: false, options: {
    revocations: { type: 'string', default: '1000' }, cuts: { type: 'string', default: '20' }, kills: { type: 'string', default: '20' }, rounds: { type: 'string', default: '7' }, help: { type: 'boolean', default: false },
  } });
  const number = (name: 'revocations' | 'cuts' | 'kills' | 'rounds'): number => {
    if (!/^\d{1,5}$/.test(values[name])) throw new Error(`--${name} ${values[name]}: a whole number`);
    return Number(values[name]);
  };
  return { revocations: number('revocations'), cuts: number('cuts'), kills: number('kills'), rounds: number('rounds'), help: values.help };
}
