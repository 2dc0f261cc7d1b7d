/** Filters and sorts listed runs. Pure. */
import type { RunDescription } from '../../contract/replies';

export const SORTS = ['started', 'cost', 'tokens', 'duration'] as const;
export type Sort = (typeof SORTS)[number];

/** `now` ends the duration of runs that are running. Unknown values come last in both directions. */
export function sortRuns(
  runs: readonly RunDescription[],
  sort: Sort,
  ascending: boolean,
  now: number,
): RunDescription[] {
  const keyed = runs.map((run) => ({ run, key: KEYS[sort](run, now) }));
  const sign = ascending ? 1 : -1;
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null);
    return sign * (a.key - b.key);
  });
  return keyed.map(({ run }) => run);
}

const KEYS: Record<Sort, (run: RunDescription, now: number) => number | null> = {
  started: ({ started_at }) => Date.parse(started_at),
  cost: ({ spent }) => spent?.usd ?? null,
  tokens: ({ spent }) => spent?.tokens ?? null,
  duration: measureDuration,
};

/** Milliseconds. */
export function measureDuration({ started_at, ended_at }: RunDescription, now: number): number {
  return (ended_at ? Date.parse(ended_at) : now) - Date.parse(started_at);
}

/** Whether a run has every word in its task, its ids or its tags. */
export function matchesText({ message, run_id, session_id, tags }: RunDescription, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const whole = [message, run_id, session_id, ...tags].join('\n').toLowerCase();
  return words.every((word) => whole.includes(word));
}

/** The first and the last moment of a day in the reader's time zone, as ISO dates; undefined for what is no date. */
export function toInstants(day: string): { from: string; to: string } | undefined {
  const from = new Date(`${day}T00:00:00`);
  if (Number.isNaN(from.getTime())) return undefined;
  const to = new Date(from);
  to.setDate(to.getDate() + 1);
  return { from: from.toISOString(), to: to.toISOString() };
}
