/** Measures how far programs agree that were given the same calls. Pure. */
import type { Agreement } from '../../contract/checks';
import { canonical } from '../../sandbox/host/python-literal';

/** `outcomes` holds for each program the result of each call, in the same order, as Python writes it; undefined if the call failed. */
export function compareOutcomes(outcomes: readonly (readonly (string | undefined)[])[]): Agreement {
  const keys = outcomes.map((values) => values.map((value) => value && toComparableValue(value)));
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

/** The part of a value that can be compared; nothing if the value shows only its address. */
function toComparableValue(value: string): string | undefined {
  return canonical(value) ?? (/ at 0x[0-9a-f]+>/.test(value) ? undefined : value);
}
