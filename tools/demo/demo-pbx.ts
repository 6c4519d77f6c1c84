import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { builtFile } from '../local-stack/repository-root';

const TIMEOUT_MS = 120_000;
const run = promisify(execFile);

/**
 * Gives the demo's tenant a PBX, by the service's own command; one that is there stays as it is.
 * @throws Error - the command failed; with what it said
 */
export async function seedDemoPbx(tenantId: string, environment: Readonly<Record<string, string>>): Promise<void> {
  try {
    await run(process.execPath, ['--enable-source-maps', builtFile('apps/pbx-api-service/src/admin/main.ts'), 'seed', '--tenant', tenantId], { env: environment, timeout: TIMEOUT_MS });
  } catch (cause) {
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : '';
    throw new Error(`the demo's PBX could not be seeded: ${said === '' ? 'nobody said why' : said}`, { cause });
  }
}
