import { spawn } from 'node:child_process';
import { existsSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { inheritedEnvironment } from '../tools/local-stack/local-stack.config';

/** Installs the packages of a folder that has its own `package.json` and lockfile, unless they are there. @throws Error - npm failed; with what it said */
export async function installPackages(folder: string, log: (line: string) => void = () => undefined): Promise<void> {
  const done = join(folder, 'node_modules/.package-lock.json'), wanted = join(folder, 'package-lock.json');
  if (existsSync(done) && statSync(done).mtimeMs >= statSync(wanted).mtimeMs) return;
  log(`installing the packages of ${folder} (about ten seconds)`);
  const child = spawn('npm', ['ci', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: folder, env: inheritedEnvironment, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => { said += text; });
  const code = await new Promise<number | null>((resolve, reject) => { child.once('error', reject).once('close', resolve); });
  if (code !== 0) throw new Error(`the packages of ${folder} could not be installed:\n${said.slice(-2000)}`);
  // npm may keep the time of an unchanged lockfile: without this the next run would install again.
  utimesSync(done, new Date(), new Date());
}
