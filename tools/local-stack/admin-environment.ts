import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAMES = ['MONGODB_URI', 'NATS_URL', 'NATS_USER', 'NATS_PASSWORD', 'STROWGER_ISSUER'];

/**
 * Writes `<data>/<name>` (mode 0600, a `NAME='value'` a line): what `npm run admin` needs of the environment of a service, so that somebody
 * at this machine can just type the command. `admin.env` is app-registry-service's, `admin.token-service.env` token-service's.
 */
export function writeAdminEnvironment(dataDir: string, name: 'admin.env' | 'admin.token-service.env', environment: Readonly<Record<string, string>>): void {
  const file = join(dataDir, name), fresh = `${file}.new`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, NAMES.flatMap(name => (environment[name] === undefined ? [] : [`${name}='${environment[name]}'\n`])).join(''), { mode: 0o600 });
  renameSync(fresh, file);
}
