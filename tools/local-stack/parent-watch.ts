import { execFileSync } from 'node:child_process';

const INTERVAL_MS = 500;

function isAlive(pid: number): boolean {
  try { process.kill(pid, 0); return true; } catch { return false; }
}

/** The process above `pid`, where `pid` is the shell in which npm runs a script: npm itself. */
function aboveShell(pid: number): number | undefined {
  try {
    const [, above, command = ''] = /^\s*(\d+)\s+(.*)$/.exec(execFileSync('ps', ['-o', 'ppid=,args=', '-p', String(pid)], { encoding: 'utf8' }).split('\n')[0] ?? '') ?? [];
    return /^(\S*\/)?(da|ba|z)?sh -c /.test(command) ? Number(above) : undefined;
  } catch { return undefined; }
}

/** Calls `gone` once npm, which started this process, is gone: then nobody is there to press Ctrl-C. */
export function watchNpm(gone: () => void): void {
  const parent = process.ppid, npm = aboveShell(parent);
  const timer = setInterval(() => {
    if (process.ppid === parent && (npm === undefined || isAlive(npm))) return;
    clearInterval(timer);
    gone();
  }, INTERVAL_MS);
  timer.unref();
}
