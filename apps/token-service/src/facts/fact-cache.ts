import { TurnReads } from '@strowger/models/turns/turn-reads';

/** No entry outlives this, from the moment its read was sent. */
export const MAX_AGE_MS = 5000;
/** Absence is remembered for less: what is made now must work now. */
const ABSENT_MAX_AGE_MS = 1000;
/** An entry younger than this is not read again for what did not match it. */
const YOUNG_MS = 100;
/** A key is judged again on a fresh read at most this often. */
const AGAIN_PAUSE_MS = 1000;
const MAX_ENTRIES = 20_000, MAX_ABSENT = 2_000;

interface Entry<V> { readonly value: Promise<V | undefined>; readonly sentAt: number; maxAge: number }

/** Facts by key, seconds old at most, forgotten at once when an event says so. Reads of one turn travel together. */
export class FactCache<V> {
  private readonly entries = new Map<string, Entry<V>>();
  private readonly absent = new Map<string, Entry<V>>();
  private readonly readAgainAt = new Map<string, number>();
  private readonly reads: TurnReads<V>;

  /** `now`: a monotonic clock, in milliseconds. */
  constructor(load: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>, private readonly now: () => number = () => performance.now()) {
    this.reads = new TurnReads(load);
  }

  get(key: string): Promise<V | undefined> {
    const entry = this.entries.get(key) ?? this.absent.get(key);
    return entry && this.now() - entry.sentAt < entry.maxAge ? entry.value : this.fresh(key);
  }

  /** A read sent now. */
  fresh(key: string): Promise<V | undefined> {
    const entry: Entry<V> = { value: this.reads.read(key), sentAt: this.now(), maxAge: MAX_AGE_MS };
    this.put(this.entries, MAX_ENTRIES, key, entry);
    this.absent.delete(key);
    entry.value.then(value => {
      if (value !== undefined || this.entries.get(key) !== entry) return;
      this.entries.delete(key);
      this.put(this.absent, MAX_ABSENT, key, { ...entry, maxAge: ABSENT_MAX_AGE_MS });
    }, () => { if (this.entries.get(key) === entry) this.entries.delete(key); });
    return entry.value;
  }

  /** For what did not match: a fresh read, unless the entry is younger than 100 ms or the key was read again within the last second. */
  again(key: string): Promise<V | undefined> {
    const entry = this.entries.get(key) ?? this.absent.get(key), now = this.now();
    if (entry && now - entry.sentAt < YOUNG_MS) return entry.value;
    const last = this.readAgainAt.get(key);
    if (last !== undefined && now - last < AGAIN_PAUSE_MS) return this.get(key);
    if (this.readAgainAt.size >= MAX_ABSENT) this.readAgainAt.clear();
    this.readAgainAt.set(key, now);
    return this.fresh(key);
  }

  forget(key: string): void { this.entries.delete(key); this.absent.delete(key); }
  clear(): void { this.entries.clear(); this.absent.clear(); }

  private put(map: Map<string, Entry<V>>, most: number, key: string, entry: Entry<V>): void {
    map.delete(key);
    if (map.size >= most) for (const oldest of map.keys()) { map.delete(oldest); break; }
    map.set(key, entry);
  }
}
