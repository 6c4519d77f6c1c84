import { spawnSync } from 'node:child_process';
import { builtFile } from '../local-stack/repository-root';
import { servicesCommand } from './services-command';

/** `npm run admin -- …`: hands what was typed to the service whose work it is. `audit …` is token-service's, `services …` the deployment's own. */
const typed = process.argv.slice(2);
const REGISTRY = 'apps/app-registry-service/src/admin/main.ts', TOKENS = 'apps/token-service/src/admin/main.ts';

const run = (entry: string): number => spawnSync(process.execPath, [...process.execArgv, builtFile(entry), ...typed], { stdio: 'inherit' }).status ?? 1;
const isAboutAll = typed.length === 0 || (typed.length === 1 && typed[0] === '--help');

async function main(): Promise<number> {
  if (isAboutAll) return Math.max(run(REGISTRY), run(TOKENS), await servicesCommand(['--help']));
  if (typed[0] === 'services') return servicesCommand(typed.slice(1));
  return run(typed[0] === 'audit' ? TOKENS : REGISTRY);
}
void main().then(exitCode => { process.exitCode = exitCode; });
