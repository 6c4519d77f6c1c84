import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const NANOSECONDS = 1000, TICK_US = 10_000;
const read = (path: string): string | undefined => { try { return readFileSync(path, 'utf8'); } catch { return undefined; } };

/** CPU time of a process so far, all its threads together, in microseconds; by the scheduler's own account, by clock ticks where that is absent. */
export function cpuTime(pid: number): number {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${String(pid)}/task`)) {
    const account = read(`/proc/${String(pid)}/task/${thread}/schedstat`);
    if (account !== undefined) { sum += Number(account.split(' ')[0]) / NANOSECONDS; continue; }
    const stat = read(`/proc/${String(pid)}/task/${thread}/stat`) ?? '';
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    sum += (Number(fields[11]) + Number(fields[12])) * TICK_US;
  }
  return sum;
}

/** A process and all that descend from it. */
export function family(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = read(`/proc/${name}/stat`);
    if (stat !== undefined) parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const members = new Set([pid]);
  for (let before = 0; before !== members.size;) {
    before = members.size;
    for (const [child, parent] of parents) if (members.has(parent)) members.add(child);
  }
  return [...members];
}

/** CPU time of a process and its descendants, in microseconds. */
export const familyCpuTime = (pid: number): number => family(pid).reduce((sum, member) => sum + timeOrNothing(member), 0);
function timeOrNothing(pid: number): number { try { return cpuTime(pid); } catch { return 0; } }

/** Keeps a process, all its threads and what they start on one core. */
export const pin = (pid: number, core: number): void => { execFileSync('taskset', ['-acp', String(core), String(pid)], { stdio: 'ignore' }); };
