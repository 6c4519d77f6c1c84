import { Contestant } from './contestant';
import { Load } from './load/load';
import { cpuTime, familyCpuTime, pin } from './measure/cpu-time';
import { CONNECTIONS, median, nameOf } from './measure/pairs';
import { Strowger } from './strowger';
import { table } from './table';

const SLICE_MS = 2000, ROUNDS = 5, QUIET_US = 20_000, LOOK_MS = 250, QUIET_LOOKS = 8, LONGEST_SETTLE_MS = 20_000;
const pause = (ms: number): Promise<void> => new Promise(resolve => { setTimeout(resolve, ms); });
type Part = readonly [name: string, cpu: () => number];

/** Whole-system CPU time of a token (JWT, stored, with its event): the service and everything behind it, without and with the trail's consumer. */
export async function wholeSystem(strowger: Strowger, contestant: Contestant, load: Load, log: (line: string) => void): Promise<string> {
  const { gateway, database, nats } = strowger.processes;
  const parts: Part[] = [['token-service', () => cpuTime(contestant.pid)]];
  for (const [name, pid] of [['database gateway', gateway], ['database', database], ['nats-server', nats]] as const) if (pid !== undefined) parts.push([name, () => familyCpuTime(pid)]);
  const without = await costs(contestant, load, parts);
  log('audit-service starts and reads what was issued so far');
  const audit = await strowger.auditService(), pid = audit.pid();
  if (pid === undefined) throw new Error('audit-service ended');
  pin(pid, 0);
  const all: Part[] = [...parts, ['audit-service', () => cpuTime(pid)]];
  await quiet(all, 120_000);
  const with_ = await costs(contestant, load, all);
  const sum = (values: readonly number[]): string => String(Math.round(values.reduce((a, b) => a + b, 0)));
  const names = [...parts.map(([name]) => name), 'audit-service'];
  const row = (name: string, values: readonly number[]): string[] => [name, ...names.map((_, i) => values[i] === undefined ? '–' : String(Math.round(values[i]))), sum(values)];
  return `CPU time of one token in the whole system, us:\n\n${table(['', ...names, 'sum'], [row('without the trail', without), row('with the trail', with_)])}`;
}

/** Microseconds of each part for a token: medians of the rounds, each until all parts have finished what it caused. */
async function costs(contestant: Contestant, load: Load, parts: readonly Part[]): Promise<number[]> {
  const rounds: number[][] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const before = parts.map(([, cpu]) => cpu());
    const { statuses } = await load.run(nameOf(contestant, 'client_credentials, JWT'), { milliseconds: SLICE_MS, connections: CONNECTIONS });
    await quiet(parts, LONGEST_SETTLE_MS);
    if (round > 0) rounds.push(parts.map(([, cpu], i) => (cpu() - (before[i] ?? 0)) / (statuses['200'] ?? NaN)));
  }
  return parts.map((_, i) => median(rounds.map(round => round[i] ?? NaN)));
}

/** Resolves when all parts together have used less than a twelfth of a core for two seconds: a consumer that has just started is quiet too. */
async function quiet(parts: readonly Part[], longest: number): Promise<void> {
  const end = Date.now() + longest;
  for (let last = Infinity, looks = 0; Date.now() < end && looks < QUIET_LOOKS;) {
    await pause(LOOK_MS);
    const now = parts.reduce((sum, [, cpu]) => sum + cpu(), 0);
    looks = now - last < QUIET_US ? looks + 1 : 0;
    last = now;
  }
}
