import { LONGEST_WAIT_MS, TooMuchWaiting, TurnLimits, Turns } from './turns';

interface Wanted<V> { readonly key: string; readonly since: number; readonly resolve: (value: V | undefined) => void; readonly reject: (error: unknown) => void }

/** Single reads by key that travel together: those of one event-loop turn as one query. */
export class TurnReads<V> {
  private readonly turns: Turns<Wanted<V>>;

  /** `load` reads many keys at once; a key it does not answer for has no value. */
  constructor(load: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>, limits?: TurnLimits) {
    this.turns = new Turns(async waiting => {
      const wanted = inTime(waiting);
      if (wanted.length === 0) return;
      try {
        const values = await load([...new Set(wanted.map(one => one.key))]);
        for (const { key, resolve } of wanted) resolve(values.get(key));
      } catch (error) {
        for (const { reject } of wanted) reject(error);
      }
    }, limits);
  }

  /** @throws TooMuchWaiting - the store is slower than the requests, by far; and what the load throws */
  async read(key: string): Promise<V | undefined> {
    return new Promise((resolve, reject) => { this.turns.add({ key, since: performance.now(), resolve, reject }); });
  }
}

function inTime<V>(waiting: readonly Wanted<V>[]): readonly Wanted<V>[] {
  const earliest = performance.now() - LONGEST_WAIT_MS;
  for (const { since, reject } of waiting) if (since < earliest) reject(new TooMuchWaiting('waited too long for the reads before'));
  return waiting.filter(one => one.since >= earliest);
}
