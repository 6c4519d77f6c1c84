import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inheritedEnvironment } from './local-stack.config';
import { waitForLock } from './process-lock';
import { repositoryRoot } from './repository-root';

const SCRIPT = join(repositoryRoot, 'tools/local-stack/documentdb/provision.sh');
const MAX_SECONDS = 900;
export type DebianPart = 'nats-server' | 'documentdb';

/**
 * Debian's packages, unpacked into a private folder of the cache, which is named after the script that makes it. Only one
 * process provisions at a time; the others wait for it and find it done. Returns the folder.
 * @throws Error - this is no Debian, or its packages cannot be had; it says why
 */
export async function debianPackages(cacheDirectory: string, parts: readonly DebianPart[], log: (line: string) => void): Promise<string> {
  const version = createHash('sha256').update(readFileSync(SCRIPT)).digest('hex').slice(0, 8);
  const prefix = join(cacheDirectory, `debian-${version}`);
  const isThere = (): boolean => parts.every(part => existsSync(join(prefix, `.unpacked-${part}`)))
    && (!parts.includes('documentdb') || existsSync(join(prefix, 'template', '.ready')));
  if (isThere()) return prefix;
  if (!existsSync('/usr/bin/apt-get')) throw new Error('this machine has no apt-get');
  const release = await waitForLock(`${prefix}.lock`, MAX_SECONDS, pid => { log(`waiting for process ${String(pid)}, which unpacks Debian's packages`); });
  try { if (!isThere()) await runScript([prefix, ...parts], log); } finally { release(); }
  return prefix;
}

function runScript(args: readonly string[], log: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    // Its own group, ended by the watchdog of the shell when this process goes away.
    const watched = 'exec 3<&0; (cat <&3 >/dev/null; kill -s TERM -- -$$) & exec "$0" "$@" 3<&- </dev/null';
    const child = spawn('sh', ['-c', watched, SCRIPT, ...args], { env: { ...inheritedEnvironment }, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    const timer = setTimeout(() => { child.stdin.destroy(); }, MAX_SECONDS * 1000);
    let errors = '';
    child.stdin.on('error', () => undefined);
    child.stdout.setEncoding('utf8').on('data', (text: string) => { for (const line of text.trimEnd().split('\n')) log(`  ${line}`); });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { errors = (errors + text).slice(-4000); });
    child.once('error', reject).once('exit', (code, signal) => {
      clearTimeout(timer);
      child.stdin.destroy();
      if (code === 0) resolve();
      else reject(new Error(errors.trim() || `provision.sh ended with ${signal ?? String(code)}`));
    });
  });
}
