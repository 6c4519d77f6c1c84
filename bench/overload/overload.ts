import { Contestant } from '../contestant';
import { Load } from '../load/load';
import { SliceResult } from '../load/load-protocol';
import { cpuTime, pin } from '../measure/cpu-time';
import { CONNECTIONS, median, warmUp } from '../measure/pairs';
import { Supervised } from '../../tools/local-stack/supervisor';
import { Strowger } from '../strowger';
import { table } from '../table';

const TOKENS = 'client_credentials, JWT', TIMES = 3, MANY_CONNECTIONS = 4000, CONNECTING_MS = 20_000, ROUNDS = 3, SECONDS = 4, INSTANCES = [1, 2, 4] as const;
const PASSWORDS_PER_SECOND = 50, INTROSPECTIONS_PER_SECOND = 200;
type Instance = Contestant & { readonly port: number; readonly process: Supervised };

async function instances(strowger: Strowger, load: Load, count: number, core: number): Promise<Instance[]> {
  const started: Instance[] = [];
  for (let i = 0; i < count; i++) {
    const running = await strowger.tokenService(`strowger-${String(i + 1)}`), contestant = await strowger.contestant(`strowger-${String(i + 1)}`, running);
    pin(contestant.pid, core);
    await load.define(`${contestant.name} tokens`, contestant.requests[TOKENS]);
    await warmUp(load, `${contestant.name} tokens`);
    started.push({ ...contestant, ...running });
  }
  return started;
}

const good = ({ statuses }: SliceResult): number => statuses['200'] ?? 0;
const rest = ({ statuses }: SliceResult): string => Object.entries(statuses).filter(([status]) => status !== '200').map(([status, count]) => `${status}: ${String(count)}`).join(', ') || 'none';

/** Tokens a second at capacity, and at three times that: in turns, so that what else happens meets both. */
async function threeTimes(load: Load, { name }: Instance): Promise<string> {
  const rows: string[][] = [], shares: number[] = [];
  // All connections are open before the first flood: who floods has them already.
  await load.run(`${name} tokens`, { milliseconds: CONNECTING_MS, connections: MANY_CONNECTIONS, rate: MANY_CONNECTIONS / CONNECTING_MS * 1100 });
  for (let round = 0; round < ROUNDS; round++) {
    const calm = await load.run(`${name} tokens`, { milliseconds: SECONDS * 1000, connections: CONNECTIONS }), peak = calm.goodInTime / SECONDS;
    const flood = await load.run(`${name} tokens`, { milliseconds: SECONDS * 1000, connections: MANY_CONNECTIONS, rate: peak * TIMES });
    const goodput = flood.goodInTime / SECONDS;
    shares.push(goodput / peak);
    rows.push([peak.toFixed(0), (peak * TIMES).toFixed(0), goodput.toFixed(0), (goodput / peak).toFixed(2), `${flood.p50.toFixed(0)}/${flood.p99.toFixed(0)}`, rest(flood), String(flood.withRetryAfter)]);
  }
  return `Goodput at three times capacity (${String(MANY_CONNECTIONS)} connections), median share of the peak ${median(shares).toFixed(2)}:\n\n`
    + table(['peak/s', 'offered/s', 'good/s', 'share', 'p50/p99 ms of the good', 'other answers', 'with Retry-After'], rows);
}

/** Introspection without and with a flood of passwords. */
async function passwords(strowger: Strowger, load: Load, instance: Instance): Promise<string> {
  await load.define('introspect', instance.requests['introspect']);
  await load.define('passwords', strowger.passwordRequests(instance.port));
  const rows: string[][] = [], milliseconds = SECONDS * 1000, introspect = { name: 'introspect', slice: { milliseconds, connections: CONNECTIONS, rate: INTROSPECTIONS_PER_SECOND } };
  for (let round = 0; round <= ROUNDS; round++) {
    const [calm] = await load.runTogether([introspect]);
    const [during, flood] = await load.runTogether([introspect, { name: 'passwords', slice: { milliseconds, connections: CONNECTIONS, rate: PASSWORDS_PER_SECOND } }]);
    if (!calm || !during || !flood) throw new Error('a slice has no result');
    if (round > 0) rows.push([calm.p99.toFixed(1), during.p99.toFixed(1), String(good(flood)), rest(flood), rest(during)]);
  }
  return `Introspection (${String(INTROSPECTIONS_PER_SECOND)} a second) during ${String(PASSWORDS_PER_SECOND)} password grants a second:\n\n`
    + table(['p99 ms without', 'p99 ms during', 'passwords answered', 'other answers to passwords', 'other answers to introspection'], rows);
}

/** CPU time of a token with one, two and four instances on one core, in turns. */
async function scaling(load: Load, all: readonly Instance[]): Promise<string> {
  const costs = new Map<number, number[]>(INSTANCES.map(count => [count, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const count of INSTANCES) {
      const some = all.slice(0, count), before = some.map(({ pid }) => cpuTime(pid));
      const results = await load.runTogether(some.map(({ name }) => ({ name: `${name} tokens`, slice: { milliseconds: 2000, connections: CONNECTIONS } })));
      const spent = some.reduce((sum, { pid }, i) => sum + cpuTime(pid) - (before[i] ?? 0), 0);
      if (round > 0) costs.get(count)?.push(spent / results.reduce((sum, result) => sum + good(result), 0));
    }
  }
  const [one = NaN] = [...costs.values()].map(median);
  return 'Requests per core-second of token-service, by instances on one core:\n\n'
    + table(['instances', 'us a token', 'requests per core-second', 'to one instance'], [...costs].map(([count, values]) => [String(count), median(values).toFixed(0), (1e6 / median(values)).toFixed(0), (one / median(values)).toFixed(2)]));
}

/** What becomes of token-service when more is asked of it than it can do, and when there are several of it. */
export async function overload(strowger: Strowger, load: Load, core: number, log: (line: string) => void): Promise<string> {
  const all = await instances(strowger, load, Math.max(...INSTANCES), core), [first] = all;
  if (!first) throw new Error('no instance');
  const parts: string[] = [];
  // The flood last: what it leaves in the outbox and in memory would be measured with the others.
  for (const [what, part] of [['passwords', () => passwords(strowger, load, first)], ['instances', () => scaling(load, all)], ['three times capacity', () => threeTimes(load, first)]] as const) {
    log(`overload: ${what}`);
    parts.push(await part());
  }
  await Promise.all(all.map(one => one.process.stop()));
  return parts.join('\n\n');
}
