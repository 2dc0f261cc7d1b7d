/** How long people have held a run: the time in which a gate was open or the run was paused. Pure. */
import type { RunSnapshot } from '../contract/snapshots';

interface Interval {
  from: number;
  /** Absent while it lasts. */
  to?: number | undefined;
}

/** Milliseconds until `now`; overlapping gates and pauses count once. */
export function measureHeldMs({ gates, holds, ended_at }: RunSnapshot, now: number): number {
  const end = ended_at ?? now;
  const intervals: Interval[] = [
    ...gates.map(({ opened_at, resolved_at }) => ({ from: opened_at, to: resolved_at })),
    ...holds,
  ];
  intervals.sort((a, b) => a.from - b.from);
  let counted = 0;
  let until = -Infinity;
  for (const { from, to = end } of intervals) {
    counted += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return counted;
}
