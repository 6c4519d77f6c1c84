/** The middle of some numbers. */
export function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b), half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] ?? NaN : ((sorted[half - 1] ?? NaN) + (sorted[half] ?? NaN)) / 2;
}

/** Mann and Whitney's test: how probable it is that two samples (of 20 and more) of one distribution differ at least as much; two-sided, by the normal approximation. */
export function mannWhitney(a: readonly number[], b: readonly number[]): number {
  const all = [...a.map(value => ({ value, mine: true })), ...b.map(value => ({ value, mine: false }))].sort((x, y) => x.value - y.value);
  let sum = 0, ties = 0;
  for (let start = 0; start < all.length;) {
    let end = start + 1;
    while (end < all.length && all[end]?.value === all[start]?.value) end++;
    const rank = (start + 1 + end) / 2, many = end - start;
    for (let i = start; i < end; i++) if (all[i]?.mine === true) sum += rank;
    ties += many ** 3 - many;
    start = end;
  }
  const n = all.length, u = sum - a.length * (a.length + 1) / 2, mean = a.length * b.length / 2;
  const deviation = Math.sqrt(a.length * b.length / 12 * (n + 1 - ties / (n * (n - 1))));
  return deviation === 0 ? 1 : Math.min(1, 2 * (1 - normal(Math.max(0, Math.abs(u - mean) - 0.5) / deviation)));
}

/** The standard normal distribution up to x, of x from 0 (Abramowitz and Stegun 26.2.17; error below 1e-7). */
function normal(x: number): number {
  const t = 1 / (1 + 0.231_641_9 * x);
  const tail = t * (0.319_381_53 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
  return 1 - Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI) * tail;
}
