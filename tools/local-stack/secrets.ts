import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { busUsers } from '@strowger/contracts/bus-users';
import { serviceNames } from '@strowger/contracts/event-catalogue';
import { ServiceChange, servicesAfter } from '../compose/service-change';

const Stored = z.object({
  bus: z.record(z.string(), z.string().min(32)),
  services: z.record(z.string(), z.string().min(32)),
  /** Services outside the deployment's own (`npm run admin -- services add NAME`). */
  added: z.array(z.string()).default([]),
  keys: z.string().regex(/^[a-z0-9]+:[A-Za-z0-9_-]{43}(,[a-z0-9]+:[A-Za-z0-9_-]{43})*$/),
});
const random = (): string => randomBytes(32).toString('base64url');

/** What is generated once for a data folder and kept there: nothing is built in. */
export interface Secrets {
  /** Password of a bus user. @throws Error - there is no such user */
  readonly busPassword: (user: string) => string;
  /** With which a service introspects (`STROWGER_SERVICE_SECRET`). */
  readonly serviceSecret: (service: string) => string;
  /** Services outside the deployment's own, which have a bus user and a secret each. */
  readonly added: readonly string[];
  /** `STROWGER_SERVICES` of token-service: every service's id and the SHA-256 of its secret, in hex. */
  readonly serviceHashes: string;
  /** `STROWGER_KEYS` of token-service: `k1:<32 bytes in base64url>`. */
  readonly keys: string;
}

function stored(file: string): z.infer<typeof Stored> {
  if (!existsSync(file)) return { bus: {}, services: {}, added: [], keys: `k1:${random()}` };
  try { return Stored.parse(JSON.parse(readFileSync(file, 'utf8'))); } catch { throw new Error(`${file} cannot be read: it must be as the local stack wrote it`); }
}

/** The file of a data folder that holds its secrets. */
export const secretsFile = (dataDir: string): string => join(dataDir, 'secrets.json');

/** The services outside the deployment's own that a data folder has. @throws Error - its file was changed by hand */
export const addedServicesOf = (dataDir: string): readonly string[] => stored(secretsFile(dataDir)).added;

/**
 * The secrets of a data folder; what is missing is generated. They lie in `secrets.json` with mode 0600. A service outside the deployment's own
 * that is added gets two, one that is removed loses them: added again it has others.
 * @throws RangeError - that is no name, or one that is taken, or nobody who was added; Error - the file was changed by hand
 */
export function makeSecrets(dataDir: string, change: ServiceChange = {}): Secrets {
  const file = secretsFile(dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o711 });
  const before = stored(file), added = servicesAfter(before.added, change);
  const names = [...serviceNames, ...added];
  const bus = Object.fromEntries(busUsers(added).map(({ name }) => [name, before.bus[name] ?? random()]));
  const services = Object.fromEntries(names.map(name => [name, before.services[name] ?? random()]));
  const text = JSON.stringify({ bus, services, added, keys: before.keys }, undefined, 2);
  // Written only where something is new: a command may add a service while a stack runs.
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  const of = (secrets: Record<string, string>, name: string): string => {
    const secret = secrets[name];
    if (secret === undefined) throw new Error(`there is no secret of ${name}`);
    return secret;
  };
  return Object.freeze({
    busPassword: (user: string) => of(bus, user),
    serviceSecret: (service: string) => of(services, service),
    added,
    serviceHashes: names.map(name => `${name}:${createHash('sha256').update(of(services, name)).digest('hex')}`).join(','),
    keys: before.keys,
  });
}
