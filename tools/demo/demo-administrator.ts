import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { builtFile } from '../local-stack/repository-root';
import { readAssignments } from './demo-values';

const TIMEOUT_MS = 60_000;
const run = promisify(execFile);

/** Who administers the demo's tenant, and the machine-to-machine application by which everything else is made. */
export interface DemoAdministrator { readonly username: string; readonly password: string; readonly clientId: string; readonly clientSecret: string }

/**
 * Makes the tenant by `npm run admin -- init`. Of a tenant that is there (an earlier seeding did not come to its end, or its
 * file was lost) the administrator gets a new password and the application a new secret: the old ones were shown once.
 * @throws Error - the command failed; with what it said
 */
export async function demoAdministrator(tenant: string, dataDir: string, environment: Readonly<Record<string, string>>): Promise<DemoAdministrator> {
  const folder = mkdtempSync(join(dataDir, 'seeding-'));
  const admin = (...args: string[]): Promise<(name: string) => string | undefined> => adminCommand(args, join(folder, `${String(args[0])}.env`), environment);
  try {
    const made = await admin('init', '--tenant', tenant);
    const username = present(made('ADMIN_USERNAME'), 'username'), clientId = present(made('ADMIN_CLIENT_ID'), 'application');
    const password = made('ADMIN_PASSWORD') ?? (await admin('reset-password', '--username', username))('ACCOUNT_PASSWORD');
    const clientSecret = made('ADMIN_CLIENT_SECRET') ?? (await admin('rotate-secret', '--client-id', clientId))('CLIENT_SECRET');
    return { username, password: present(password, 'password'), clientId, clientSecret: present(clientSecret, 'secret') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function adminCommand(args: readonly string[], output: string, environment: Readonly<Record<string, string>>): Promise<(name: string) => string | undefined> {
  const main = builtFile('apps/app-registry-service/src/admin/main.ts');
  try {
    await run(process.execPath, ['--enable-source-maps', main, ...args, '--output', output], { env: environment, timeout: TIMEOUT_MS });
  } catch (cause) {
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : '';
    throw new Error(`npm run admin -- ${args.join(' ')} failed: ${said === '' ? 'it said nothing' : said}`, { cause });
  }
  const written = readAssignments(output);
  return name => written?.get(name);
}

function present(value: string | undefined, what: string): string {
  if (value === undefined) throw new Error(`npm run admin gave no ${what} of the demo's administrator`);
  return value;
}
