/** Measures times on a shared machine. */
import { median } from '../../bench/statistics';

const SHOTS = 3;

/** Returns the median of several sequential measurements: a busy machine may pause once. */
export async function medianOfShots(measure: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let shot = 0; shot < SHOTS; shot++) times.push(await measure());
  return median(times);
}
