import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAMES = ['MONGODB_URI', 'NATS_URL', 'NATS_USER', 'NATS_PASSWORD', 'STROWGER_ISSUER'];

/**
 * Writes `<data>/admin.env` (mode 0600, a `NAME='value'` a line): what `npm run admin` needs of the environment of
 * app-registry-service, so that somebody at this machine can just type the command.
 */
export function writeAdminEnvironment(dataDir: string, environment: Readonly<Record<string, string>>): void {
  const file = join(dataDir, 'admin.env'), fresh = `${file}.new`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, NAMES.flatMap(name => (environment[name] === undefined ? [] : [`${name}='${environment[name]}'\n`])).join(''), { mode: 0o600 });
  renameSync(fresh, file);
}
