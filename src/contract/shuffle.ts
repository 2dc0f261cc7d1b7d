/** An order that looks random and is the same on every replay and in every fork. Part of the workflow bundle. */

/** A shuffled copy; the same seed and length always give the same order. Fisher and Yates's shuffle. */
export function shuffle<T>(items: readonly T[], seed: string): T[] {
  const shuffled = [...items];
  const below = numbersFrom(seed);
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
  }
  return shuffled;
}

/** Numbers below a limit: the seed hashed by FNV-1a starts a mulberry32 generator. */
function numbersFrom(seed: string): (limit: number) => number {
  let state = 0x811c9dc5;
  for (const character of seed) state = Math.imul(state ^ character.codePointAt(0)!, 0x01000193);
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}
