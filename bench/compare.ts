import { Contestant } from './contestant';
import { Load } from './load/load';
import { Measured, median, pairs } from './measure/pairs';
import { Options } from './options';
import { table } from './table';

/** Of what the slower of both reaches: at such a load neither is saturated. */
const OFFERED_SHARE = 0.5;
type Pairs = readonly (readonly [Measured, Measured])[];

const whole = (value: number): string => String(Math.round(value));
const of = (all: Pairs, whose: 0 | 1, what: keyof Measured): number => median(all.map(pair => pair[whose][what]));
/** Other by ours, pair by pair: the median, and the lowest and highest of them. */
function ratio(all: Pairs, what: keyof Measured): string {
  const ratios = all.map(([ours, other]) => other[what] / ours[what]);
  return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`;
}

/** Measures two servers in paired slices, and prints a table of each operation's CPU time, and of its times at an equal offered load. */
export async function compare(load: Load, contestants: readonly [Contestant, Contestant], { operations, rounds, rated }: Options, log: (line: string) => void): Promise<string> {
  const [ours, other] = contestants, rows: string[][] = [];
  for (const operation of operations) {
    const closed = await pairs(load, contestants, operation, rounds);
    const row = [operation, whole(of(closed, 0, 'cpu')), whole(of(closed, 1, 'cpu')), ratio(closed, 'cpu')];
    if (rated) {
      const offered = Math.floor(OFFERED_SHARE * Math.min(of(closed, 0, 'perSecond'), of(closed, 1, 'perSecond')));
      const open = await pairs(load, contestants, operation, rounds, offered);
      const p99 = median(open.map(([mine, theirs]) => mine.p99 / theirs.p99));
      row.push(whole(offered), ...([0, 1] as const).map(whose => `${of(open, whose, 'p50').toFixed(1)}/${of(open, whose, 'p99').toFixed(1)}`), p99.toFixed(2));
    }
    rows.push(row);
    log(row.join(' | '));
  }
  const head = ['operation', `${ours.name} us`, `${other.name} us`, `ratio (${other.name} / ${ours.name})`];
  return table(rated ? [...head, 'offered/s', `${ours.name} p50/p99 ms`, `${other.name} p50/p99 ms`, 'p99 ratio (ours/theirs)'] : head, rows);
}
