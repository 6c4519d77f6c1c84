import { createHash, randomBytes } from 'node:crypto';
import { busUsers } from '@strowger/contracts/bus-users';
import { serviceNames } from '@strowger/contracts/event-catalogue';
import { ServiceChange, servicesAfter } from './service-change';

/** The names and values of `.env`. */
export type Values = ReadonlyMap<string, string>;
/** What the operator may choose; the rest is random. */
export interface Choices extends ServiceChange {
  /** Origin under which everybody reaches the front door, https unless its host is loopback. */
  readonly issuer?: string;
  readonly port?: number;
  /** Address of this host on which the front door is published. */
  readonly bind?: string;
}

/** Where the configuration of nats-server is written, from the folder of the repository. */
export const NATS_CONFIG = '.strowger/compose/nats-server.conf';
const BIND = '127.0.0.1', PORT = 8080, SECRET_BYTES = 32, KEYFILE_BYTES = 576;

const ADDED = 'STROWGER_ADDED_SERVICES';
/** Services outside the deployment's own that these values have. */
export const addedServices = (values: Values): readonly string[] => (values.get(ADDED) ?? '').split(',').filter(name => name !== '');

/** `token-service` → `NATS_PASSWORD_TOKEN_SERVICE`. */
export const nameFor = (prefix: 'NATS_PASSWORD' | 'SERVICE_SECRET', who: string): string => `${prefix}_${who.toUpperCase().replaceAll('-', '_')}`;
const secret = (): string => randomBytes(SECRET_BYTES).toString('base64url');
const localIssuer = (values: Values): string => `http://localhost:${values.get('STROWGER_FRONT_PORT') ?? ''}`;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * All values of a deployment by compose: what is there is kept (but for what follows from the rest, and what is chosen anew),
 * what is missing is made. Nothing has a built-in secret.
 * The two secrets of a service that is removed are no longer among them.
 * @throws RangeError - the service to be added has no name, or one that is taken; the one to be removed was not added
 */
export function deploymentValues(before: Values, { issuer, port, bind, ...change }: Choices = {}): Values {
  const values = new Map(before), added = servicesAfter(addedServices(before), change), { removeService } = change;
  const users = busUsers(added), names = [...serviceNames, ...added];
  const keep = (name: string, make: () => string): void => { if ((values.get(name) ?? '') === '') values.set(name, make()); };
  const choose = (name: string, chosen: string | undefined, standard: () => string): void => {
    if (chosen === undefined) keep(name, standard);
    else values.set(name, chosen);
  };
  choose('STROWGER_FRONT_BIND', bind, () => BIND);
  // An issuer that was never chosen follows the port.
  if (values.get('STROWGER_ISSUER') === localIssuer(values)) values.delete('STROWGER_ISSUER');
  choose('STROWGER_FRONT_PORT', port?.toString(), () => String(PORT));
  choose('STROWGER_ISSUER', issuer, () => localIssuer(values));
  keep('STROWGER_KEYS', () => `k1:${secret()}`);
  keep('MONGODB_ROOT_PASSWORD', secret);
  keep('MONGODB_PASSWORD', secret);
  keep('MONGODB_KEYFILE', () => randomBytes(KEYFILE_BYTES).toString('base64'));
  if (added.length > 0) values.set(ADDED, added.join(','));
  else values.delete(ADDED);
  if (removeService !== undefined) for (const prefix of ['NATS_PASSWORD', 'SERVICE_SECRET'] as const) values.delete(nameFor(prefix, removeService));
  for (const { name } of users) keep(nameFor('NATS_PASSWORD', name), secret);
  for (const name of names) keep(nameFor('SERVICE_SECRET', name), secret);
  values.set('STROWGER_SERVICES', names.map(name => `${name}:${sha256(values.get(nameFor('SERVICE_SECRET', name)) ?? '')}`).join(','));
  values.set('NATS_CONFIG', `./${NATS_CONFIG}`);
  return values;
}
