import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { PasswordHasher } from './password-hasher';

/** Priorities of this process's threads by their name. */
const priorities = (): [string, number][] => readdirSync('/proc/self/task').map(thread => [readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim(), getPriority(Number(thread))]);

const onLinux = process.platform === 'linux' ? it : it.skip;
onLinux('the threads that compute passwords go behind the event loop, and nothing else does', async () => {
  await new PasswordHasher().hash('correct horse battery');
  const all = priorities(), pool = all.filter(([name]) => name === 'libuv-worker');
  expect(pool.length).toBeGreaterThan(0);
  expect(new Set(pool.map(([, nice]) => nice))).toEqual(new Set([10]));
  expect(getPriority(process.pid)).toBeLessThan(10);
});
