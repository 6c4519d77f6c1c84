import { mannWhitney, median } from './rank-test';

const from = (first: number, many: number): number[] => Array.from({ length: many }, (_, i) => first + i);

describe('the rank test', () => {
  it('tells apart what lies apart, and not what does not', () => {
    expect(mannWhitney(from(0, 100), from(0, 100))).toBeCloseTo(1, 6);
    expect(mannWhitney(from(0, 100), from(50, 100))).toBeLessThan(1e-6);
    expect(mannWhitney(from(0, 100), from(5, 100))).toBeGreaterThan(0.1);
    expect(mannWhitney([1, 1, 1], [1, 1, 1])).toBe(1);
  });
  it('gives the tables\' values: u = 23 of 10 and 10 is at 5 %', () => {
    // Ranks chosen so that u = 23 (critical value of a two-sided test at 0.05, n = 10 and 10).
    const a = [1, 2, 3, 4, 5, 6, 7, 9.5, 11.5, 12.5], b = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17];
    const u = a.reduce((sum, x) => sum + b.filter(y => y < x).length, 0);
    expect(u).toBeLessThan(23);
    expect(mannWhitney(a, b)).toBeLessThan(0.05);
  });
  it('has a middle', () => { expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]); });
});
