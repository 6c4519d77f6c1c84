import { readdirSync, readFileSync } from 'node:fs';
import { Contestant, Operation, operations } from './contestant';
import { Load } from './load/load';
import { cpuTime } from './measure/cpu-time';
import { nameOf } from './measure/pairs';
import { fitLine } from './measure/fit-line';
import { Strowger } from './strowger';
import { table } from './table';

/** Requests a second of each kind, all at once: what a deployment of some size asks all day. */
const MIX: Readonly<Partial<Record<Operation, number>>> = { 'client_credentials, JWT': 80, 'client_credentials, opaque': 40, 'introspect': 200, 'refresh, JWT': 40, 'refresh, opaque': 20, 'metadata': 20, 'JWKS': 20 };
/** A look after each. The first fifth of them is warming up. */
const SLICE_MS = 10_000, CONNECTIONS = 16, WARMING_SHARE = 0.2, MINUTE_MS = 60_000, MIB = 2 ** 20;

interface Look { readonly hours: number; readonly rss: number; readonly descriptors: number; readonly cpu: number }
const rssOf = (pid: number): number => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? NaN) * 1024;
const lookAt = (pid: number, hours: number): Look => ({ hours, rss: rssOf(pid), descriptors: readdirSync(`/proc/${String(pid)}/fd`).length, cpu: cpuTime(pid) });

/** Mixed requests for so many minutes, with the trail: memory and open descriptors of token-service and audit-service over time. */
export async function soak(strowger: Strowger, contestant: Contestant, load: Load, minutes: number, log: (line: string) => void): Promise<string> {
  const audit = (await strowger.auditService()).pid();
  if (audit === undefined) throw new Error('audit-service ended');
  const services = [['token-service', contestant.pid], ['audit-service', audit]] as const, looks = services.map((): Look[] => []);
  const mix = operations.flatMap(operation => MIX[operation] === undefined ? [] : [{ name: nameOf(contestant, operation), slice: { milliseconds: SLICE_MS, connections: CONNECTIONS, rate: MIX[operation] } }]);
  const began = Date.now(), statuses: Record<string, number> = {};
  for (let told = 0; Date.now() - began < minutes * MINUTE_MS;) {
    for (const result of await load.runTogether(mix)) for (const [status, many] of Object.entries(result.statuses)) statuses[status] = (statuses[status] ?? 0) + many;
    const hours = (Date.now() - began) / 3_600_000;
    services.forEach(([, pid], i) => looks[i]?.push(lookAt(pid, hours)));
    if (hours * 60 >= told + 1) log(`soak: ${String(told = Math.floor(hours * 60))} min, ${services.map(([name], i) => `${name} ${mib(looks[i]?.at(-1)?.rss)} MiB`).join(', ')}`);
  }
  const rows = services.map(([name], i) => {
    const all = looks[i] ?? [], warm = all.slice(Math.floor(all.length * WARMING_SHARE)), first = warm[0], last = warm.at(-1);
    const { slope, error } = fitLine(warm.map(look => [look.hours, look.rss / MIB]));
    return [name, mib(first?.rss), mib(last?.rss), mib(Math.max(...all.map(look => look.rss))), `${slope.toFixed(0)} ± ${(2 * error).toFixed(0)}`, `${String(first?.descriptors)} → ${String(last?.descriptors)}`];
  });
  const answers = Object.entries(statuses).map(([status, many]) => `${status}: ${String(many)}`).join(', ');
  return `Soak: ${String(minutes)} minutes of ${mix.map(({ name, slice }) => `${String(slice.rate)} ${name.split(': ')[1] ?? ''}`).join(', ')} a second; answers ${answers}; the first fifth is not in the fit:\n\n`
    + table(['service', 'RSS MiB, warm', 'RSS MiB, end', 'highest', 'slope MiB/h (± 2 standard errors)', 'open descriptors'], rows);
}

const mib = (bytes = NaN): string => (bytes / MIB).toFixed(0);
