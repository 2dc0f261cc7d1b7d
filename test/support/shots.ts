/** Times on a machine that is shared with others. */
import { median } from '../../bench/statistics';

const SHOTS = 3;

/** The median of several measurements, one after the other: a busy machine may pause for once. */
export async function medianOfShots(measure: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let shot = 0; shot < SHOTS; shot++) times.push(await measure());
  return median(times);
}
