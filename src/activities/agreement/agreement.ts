/** How far programs agree that were given the same calls. Pure. */
import type { Agreement } from '../../contract/checks';
import { canonical } from '../../sandbox/python-literal';

/** For each program what each call gave, in the same order, as Python writes it; undefined where it failed. */
export function agreementOf(outcomes: readonly (readonly (string | undefined)[])[]): Agreement {
  const keys = outcomes.map((values) => values.map((value) => value && keyOf(value)));
  const same = keys.map((mine) => keys.map((theirs) => compare(mine, theirs)));
  const calls = (keys[0] ?? []).filter((_key, call) => keys.some((values) => values[call] !== undefined)).length;
  return {
    calls,
    support: same.map((row, i) => row.reduce((sum, { equal }, j) => sum + (i === j ? 0 : equal), 0)),
    agreeing: same.map((row, i) => row.filter(({ equal, both }, j) => i === j || (both > 0 && equal === both)).length),
  };
}

function compare(mine: readonly (string | undefined)[], theirs: readonly (string | undefined)[]) {
  const both = mine.flatMap((key, i) => (key === undefined || theirs[i] === undefined ? [] : [key === theirs[i]]));
  return { both: both.length, equal: both.filter(Boolean).length };
}

/** What is compared of a value; nothing of one that shows its address only. */
function keyOf(value: string): string | undefined {
  return canonical(value) ?? (/ at 0x[0-9a-f]+>/.test(value) ? undefined : value);
}
