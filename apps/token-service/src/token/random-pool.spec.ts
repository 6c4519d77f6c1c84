import { RandomPool } from './random-pool';

describe('random bytes', () => {
  it('are as many as asked for, never the same twice, never blank, and nobody else writes into them', () => {
    const random = new RandomPool(), taken: Buffer[] = [];
    for (let i = 0; i < 2000; i++) taken.push(random.take(i % 2 === 0 ? 16 : 32));
    expect(taken.every((bytes, i) => bytes.length === (i % 2 === 0 ? 16 : 32))).toBe(true);
    expect(new Set(taken.map(bytes => bytes.toString('hex'))).size).toBe(2000);
    expect(taken.filter(bytes => bytes.subarray(0, 8).every(byte => byte === 0) || bytes.subarray(-8).every(byte => byte === 0))).toEqual([]);
  });
});
