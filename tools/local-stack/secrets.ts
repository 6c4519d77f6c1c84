import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { busUsers } from '@strowger/contracts/bus-users';
import { ServiceName, serviceNames } from '@strowger/contracts/event-catalogue';

const Stored = z.object({
  bus: z.record(z.string(), z.string().min(32)),
  services: z.record(z.string(), z.string().min(32)),
  keys: z.string().regex(/^[a-z0-9]+:[A-Za-z0-9_-]{43}(,[a-z0-9]+:[A-Za-z0-9_-]{43})*$/),
});
const random = (): string => randomBytes(32).toString('base64url');

/** What is generated once for a data folder and kept there: nothing is built in. */
export interface Secrets {
  /** Password of a bus user. @throws Error - there is no such user */
  readonly busPassword: (user: string) => string;
  /** With which a service introspects (`STROWGER_SERVICE_SECRET`). */
  readonly serviceSecret: (service: ServiceName) => string;
  /** `STROWGER_SERVICES` of token-service: every service's id and the SHA-256 of its secret, in hex. */
  readonly serviceHashes: string;
  /** `STROWGER_KEYS` of token-service: `k1:<32 bytes in base64url>`. */
  readonly keys: string;
}

function stored(file: string): z.infer<typeof Stored> {
  if (!existsSync(file)) return { bus: {}, services: {}, keys: `k1:${random()}` };
  try { return Stored.parse(JSON.parse(readFileSync(file, 'utf8'))); } catch { throw new Error(`${file} cannot be read: it must be as the local stack wrote it`); }
}

/** The secrets of a data folder; what is missing is generated. They lie in `secrets.json` with mode 0600. */
export function makeSecrets(dataDir: string): Secrets {
  const file = join(dataDir, 'secrets.json');
  mkdirSync(dataDir, { recursive: true, mode: 0o711 });
  const before = stored(file);
  const bus = Object.fromEntries(busUsers().map(({ name }) => [name, before.bus[name] ?? random()]));
  const services = Object.fromEntries(serviceNames.map(name => [name, before.services[name] ?? random()]));
  writeFileSync(`${file}.new`, JSON.stringify({ bus, services, keys: before.keys }, undefined, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  const of = (secrets: Record<string, string>, name: string): string => {
    const secret = secrets[name];
    if (secret === undefined) throw new Error(`there is no secret of ${name}`);
    return secret;
  };
  return Object.freeze({
    busPassword: (user: string) => of(bus, user),
    serviceSecret: (service: ServiceName) => of(services, service),
    serviceHashes: serviceNames.map(name => `${name}:${createHash('sha256').update(of(services, name)).digest('hex')}`).join(','),
    keys: before.keys,
  });
}
