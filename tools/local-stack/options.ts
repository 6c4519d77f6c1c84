import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** What `npm start` was asked for. */
export interface Options {
  /** Exactly this port for the front door; without it 8080 or the next free one. */
  readonly port: number | undefined;
  readonly dataDir: string;
  readonly demo: boolean;
  readonly help: boolean;
}

export const HELP = `npm start -- [--port N] [--data DIR] [--no-demo]

  --port N     port of the front door (default: 8080, or the next free one)
  --data DIR   folder of the data, kept between runs (default: .strowger/data)
  --no-demo    do not seed the demo PBX
  --help       this text

Environment: MONGODB_URI, NATS_URL with NATS_PASSWORDS=user:password,… (servers that run already);
STROWGER_CACHE (folder of downloaded programs, default .strowger/cache); LOG_LEVEL.`;

const DECIMAL = /^\d{1,5}$/;

/** @throws Error - an unknown option, a missing or bad value; the message says which */
export function parseOptions(args: readonly string[], root: string): Options {
  const { values } = parseArgs({
    args: [...args], strict: true, allowPositionals: false,
    options: { port: { type: 'string' }, data: { type: 'string' }, 'no-demo': { type: 'boolean' }, help: { type: 'boolean' } },
  });
  const port = values.port === undefined ? undefined : Number(values.port);
  if (values.port !== undefined && !(DECIMAL.test(values.port) && port !== undefined && port >= 1 && port <= 65_535)) {
    throw new Error(`--port ${values.port}: a port is a number from 1 to 65535`);
  }
  if (values.data?.trim() === '') throw new Error('--data: a folder is needed');
  return { port, dataDir: values.data === undefined ? join(root, '.strowger', 'data') : resolve(values.data), demo: values['no-demo'] !== true, help: values.help === true };
}
