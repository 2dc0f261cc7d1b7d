/** Repeatable randomness: a failing property reports its seed. */

export interface Draw {
  /** Returns an integer from 0 to below `limit`. */
  below(limit: number): number;
  pick<T>(items: readonly T[]): T;
}

export interface Chance extends Draw {
  /** Cuts a text into random pieces of 1 to `longest` characters (code points). */
  pieces(text: string, longest: number): string[];
}

/** A small generator (mulberry32). */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    below,
    pick: (items) => items[below(items.length)]!,
    pieces(text, longest) {
      const characters = [...text];
      const pieces: string[] = [];
      while (characters.length > 0) pieces.push(characters.splice(0, 1 + below(longest)).join(''));
      return pieces;
    },
  };
}
