import { isIP } from 'node:net';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { parseEnvironment } from './environment';

const isAddressOrNetwork = (text: string): boolean => {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  return version !== 0 && rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)));
};
const wholeNumber = (least: number, most: number) =>
  z.string().regex(/^\d{1,9}$/, `a whole number from ${String(least)} to ${String(most)}`).transform(Number)
    .refine(n => n >= least && n <= most, `a whole number from ${String(least)} to ${String(most)}`);

/** Environment of every service that listens. Durations are seconds. */
export const ServiceEnvironment = z.object({
  /** Address to listen on. */
  HOST: z.string().default('127.0.0.1'),
  /** Port to listen on; 0 takes a free one. */
  PORT: wholeNumber(0, 65535),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Name of this process among its service's others, in its logs. */
  STROWGER_INSTANCE: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'letters, digits, dot, dash, underscore; at most 64').default(() => randomBytes(4).toString('hex')),
  /** Addresses or networks whose X-Forwarded-For is believed, separated by commas; nobody's by default. */
  TRUSTED_PROXIES: z.string().default('').transform(text => text.split(',').map(part => part.trim()).filter(part => part !== ''))
    .refine(list => list.every(isAddressOrNetwork), 'addresses or networks, separated by commas, such as 127.0.0.1,10.0.0.0/8'),
  /** '1': shut down when standard input ends, that is, when the parent is gone. */
  STROWGER_PARENT_PIPE: z.enum(['0', '1']).default('0').transform(text => text === '1'),
  /** How long a graceful shutdown may take. */
  SHUTDOWN_SECONDS: wholeNumber(1, 600).default(10),
  /** How long a client may take to send a request; with the interval of the check never over half a minute. */
  REQUEST_TIMEOUT_SECONDS: wholeNumber(1, 25).default(20),
  /**
   * How much time new requests get in one turn of the event loop before the next ones must wait. More: larger batches; less: more new
   * connections a second, of which a turn accepts one.
   */
  BUSY_MILLISECONDS: wholeNumber(1, 1000).default(20),
  /** How long a request may wait to be begun before it is refused with 503, and how many may. */
  LONGEST_WAIT_MILLISECONDS: wholeNumber(1, 60_000).default(3000),
  REQUESTS_WAITING: wholeNumber(0, 1_000_000).default(10_000),
});
export type ServiceConfig = Readonly<z.infer<typeof ServiceEnvironment>>;

/**
 * The settings every service has, from its environment.
 * @throws BadEnvironment - a variable is missing or bad
 */
export const serviceConfig = (env: NodeJS.ProcessEnv): ServiceConfig => parseEnvironment(ServiceEnvironment, env);
