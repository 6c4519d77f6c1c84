import { CODE_EXCHANGE, Contestant, Operation } from '../contestant';
import { Load } from '../load/load';
import { SliceResult } from '../load/load-protocol';
import { cpuTime } from './cpu-time';

export const CONNECTIONS = 64;
/** More codes than any server exchanges in a slice. */
const CODES_A_SLICE = 8000;
const SLICE_MS = 700, RATED_SLICE_MS = 900, SETTLE_MS = 60, WARM_UP_MS = 8000;
const pause = (ms: number): Promise<void> => new Promise(resolve => { setTimeout(resolve, ms); });

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] ?? NaN : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
};

/** One slice of one server: CPU time of its process for each answer, in microseconds; answers a second; the slice's times in milliseconds. */
export interface Measured { readonly cpu: number; readonly perSecond: number; readonly p50: number; readonly p99: number }

export const nameOf = (contestant: Contestant, operation: Operation): string => `${contestant.name}: ${operation}`;

/** @throws Error - something other than 200 was answered */
function goodAnswers(what: string, { statuses }: SliceResult): number {
  const { 200: good = 0, ...bad } = statuses;
  if (Object.keys(bad).length > 0 || good === 0) throw new Error(`${what}: answers other than 200: ${JSON.stringify(statuses)}`);
  return good;
}

/** Asks until the server's code is compiled: a process that has just started costs up to twice as much a request, whoever wrote it. */
export async function warmUp(load: Load, name: string): Promise<void> { await load.run(name, { milliseconds: WARM_UP_MS, connections: CONNECTIONS }); }

/** Runs one slice, at most `rate` requests a second where that is given. */
export async function slice(load: Load, contestant: Contestant, operation: Operation, rate?: number): Promise<Measured> {
  const name = nameOf(contestant, operation);
  if (operation === CODE_EXCHANGE) {
    await load.supply(name, CODES_A_SLICE, contestant.codes);
    await pause(SETTLE_MS);
  }
  const before = cpuTime(contestant.pid);
  const result = await load.run(name, { milliseconds: rate === undefined ? SLICE_MS : RATED_SLICE_MS, connections: CONNECTIONS, ...(rate !== undefined && { rate }) });
  await pause(SETTLE_MS);
  const answers = goodAnswers(name, result), { p50, p99, seconds } = result;
  return { cpu: (cpuTime(contestant.pid) - before) / answers, perSecond: answers / seconds, p50, p99 };
}

/** Slices of two servers in turn, and who begins in turn too: what else happens on the machine meets both. The first pair warms up and is not counted. */
export async function pairs(load: Load, contestants: readonly [Contestant, Contestant], operation: Operation, rounds: number, rate?: number): Promise<readonly (readonly [Measured, Measured])[]> {
  const measured: (readonly [Measured, Measured])[] = [], [first, second] = contestants;
  for (let round = 0; round <= rounds; round++) {
    const early = await slice(load, round % 2 === 0 ? first : second, operation, rate), late = await slice(load, round % 2 === 0 ? second : first, operation, rate);
    if (round > 0) measured.push(round % 2 === 0 ? [early, late] : [late, early]);
  }
  return measured;
}
