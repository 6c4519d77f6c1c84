import { createHash } from 'node:crypto';

/** Numbers that follow from a seed and a name (mulberry32): the same again in every run. */
export class SeededRandom {
  private state: number;
  constructor(seed: number, name: string) { this.state = createHash('sha256').update(`${String(seed)} ${name}`).digest().readUInt32LE(); }

  /** From 0 up to 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  between(least: number, most: number): number { return least + this.next() * (most - least); }
  index(length: number): number { return Math.floor(this.next() * length); }
  /** In another order. */
  shuffled<T>(list: readonly T[]): T[] { return list.map(one => ({ one, at: this.next() })).sort((a, b) => a.at - b.at).map(({ one }) => one); }
}
