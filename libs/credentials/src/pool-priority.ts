import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';

const TASKS = '/proc/self/task', POOL_THREAD = 'libuv-worker', NICE = 10;

/**
 * Puts the threads of Node's pool behind the event loop, where both want the same core: a password may take twice as long, everything else
 * does not wait for it. Works on Linux, where each thread has a priority of its own; elsewhere nothing changes. Once the pool has threads.
 */
export function putPoolBehindEventLoop(): void {
  if (process.platform !== 'linux') return;
  try {
    for (const thread of readdirSync(TASKS)) if (readFileSync(`${TASKS}/${thread}/comm`, 'utf8').trim() === POOL_THREAD) setPriority(Number(thread), NICE);
  } catch {
    // A system that hides or forbids this schedules all threads alike, as it would have without asking.
  }
}
