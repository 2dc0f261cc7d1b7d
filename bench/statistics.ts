/** Statistics: percentiles within a round, median and spread across rounds. */

/** Nearest-rank percentile; NaN if empty. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? NaN;
}

/** The middle value, or the mean of the two middle values; NaN if empty. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

export interface Summary {
  median: number;
  min: number;
  max: number;
  rounds: number[];
}

export function summarise(rounds: readonly number[]): Summary {
  return { median: median(rounds), min: Math.min(...rounds), max: Math.max(...rounds), rounds: [...rounds] };
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
