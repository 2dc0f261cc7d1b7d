/** A deterministic shuffle: the same order on every replay and in every fork. Part of the workflow bundle. */

/** Returns a shuffled copy (Fisher-Yates); the same seed and length always give the same order. */
export function shuffle<T>(items: readonly T[], seed: string): T[] {
  const shuffled = [...items];
  const below = numbersFrom(seed);
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
  }
  return shuffled;
}

/** How much of a seed is hashed, from its end: a seed may contain a whole answer, and this runs in a workflow. UTF-16 units. */
const HASHED = 20_000;

/** Generates numbers below a limit: a mulberry32 generator, seeded with the FNV-1a hash of the seed. */
function numbersFrom(seed: string): (limit: number) => number {
  let state = 0x811c9dc5;
  for (const character of seed.slice(-HASHED)) state = Math.imul(state ^ character.codePointAt(0)!, 0x01000193);
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}
