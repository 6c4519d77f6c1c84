import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from './error-code';

/** Which process holds the lock now. */
export class LockHeld extends Error {
  constructor(readonly pid: number) { super(`process ${String(pid)} holds it`); }
}

/**
 * When a process was started, so that a process id given anew is not mistaken for its first owner. Empty where the system does not say.
 * Of one that has ended and that its parent has not yet taken note of (in a container perhaps never) it says so.
 */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8'), fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? 'ended' : `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19] ?? ''}`;
  } catch { return ''; }
}
function isAlive(pid: number, start: string): boolean {
  try { process.kill(pid, 0); } catch (error) { if (errorCode(error) !== 'EPERM') return false; }
  return startOf(pid) === start;
}
function ownerOf(file: string): { pid: number; text: string } | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    const [pid = '', start = ''] = text.split('\n');
    return isAlive(Number(pid), start) ? { pid: Number(pid), text } : { pid: 0, text };
  } catch { return undefined; }
}

/**
 * Takes a lock that only one process at a time can hold and that a dead process gives up. Returns how to release it.
 * @throws LockHeld - another process has it
 */
export function takeLock(file: string): () => void {
  mkdirSync(dirname(file), { recursive: true });
  const own = `${file}.${String(process.pid)}`;
  writeFileSync(own, `${String(process.pid)}\n${startOf(process.pid)}\n`);
  try {
    for (let attempt = 0; attempt < 100; attempt++) {
      try {
        linkSync(own, file); // atomic, and the file is never seen empty
        return () => { rmSync(file, { force: true }); };
      } catch (error) { if (errorCode(error) !== 'EEXIST') throw error; }
      const owner = ownerOf(file);
      if (owner?.pid) throw new LockHeld(owner.pid);
      if (owner) removeStale(file, owner.text);
    }
    throw new Error(`the lock ${file} changes hands too quickly`);
  } finally { rmSync(own, { force: true }); }
}

/** Two processes may find the same dead owner: what is taken away is looked at again, and put back where it was another's. */
function removeStale(file: string, text: string): void {
  const aside = `${file}.stale.${String(process.pid)}`;
  try { renameSync(file, aside); } catch { return; }
  try { if (readFileSync(aside, 'utf8') !== text) linkSync(aside, file); } catch { /* a third has it by now */ }
  rmSync(aside, { force: true });
}

/** Waits until the lock is free, at most `seconds`; `waiting` is told once whom it waits for. */
export async function waitForLock(file: string, seconds: number, waiting: (pid: number) => void): Promise<() => void> {
  const until = Date.now() + seconds * 1000;
  for (let told = false; ; told = true) {
    try { return takeLock(file); } catch (error) {
      if (!(error instanceof LockHeld) || Date.now() > until) throw error;
      if (!told) waiting(error.pid);
    }
    await new Promise(resolve => { setTimeout(resolve, 100); });
  }
}
