import { TurnLimits, Turns } from './turns';

interface Wanted<V> { readonly key: string; readonly resolve: (value: V | undefined) => void; readonly reject: (error: unknown) => void }

/** Single reads by key that travel together: those of one event-loop turn as one query. */
export class TurnReads<V> {
  private readonly turns: Turns<Wanted<V>>;

  /** `load` reads many keys at once; a key it does not answer for has no value. */
  constructor(load: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>, limits?: TurnLimits) {
    this.turns = new Turns(async wanted => {
      try {
        const values = await load([...new Set(wanted.map(one => one.key))]);
        for (const { key, resolve } of wanted) resolve(values.get(key));
      } catch (error) {
        for (const { reject } of wanted) reject(error);
      }
    }, limits);
  }

  async read(key: string): Promise<V | undefined> {
    return new Promise((resolve, reject) => { this.turns.add({ key, resolve, reject }); });
  }
}
