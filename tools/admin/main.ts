import { spawnSync } from 'node:child_process';
import { builtFile } from '../local-stack/repository-root';

/** `npm run admin -- …`: hands what was typed to the service whose work it is. A command that begins with `audit` is token-service's. */
const typed = process.argv.slice(2);
const REGISTRY = 'apps/app-registry-service/src/admin/main.ts', TOKENS = 'apps/token-service/src/admin/main.ts';

const run = (entry: string): number => spawnSync(process.execPath, [...process.execArgv, builtFile(entry), ...typed], { stdio: 'inherit' }).status ?? 1;
const isAboutAll = typed.length === 0 || (typed.length === 1 && typed[0] === '--help');
process.exitCode = isAboutAll ? Math.max(run(REGISTRY), run(TOKENS)) : run(typed[0] === 'audit' ? TOKENS : REGISTRY);
