/** Detects expected values that stand for several acceptable results. */

/** Phrases that accept any order or an approximate result, each with the values to which that applies. */
const LOOSE: readonly [pattern: RegExp, of: RegExp][] = [
  [/\bany order\b|\border\b[^.\n]{0,60}\b(?:doesn't|does not) matter/i, /^[[(].*,/s],
  [/\bapprox|\bwithin (?:1e|10)|\btolerance\b/i, /\d\.\d/],
  [
    /\balso (?:a )?(?:valid|correct|accepted)\b|\breturn any (?:of|one|valid)\b|\bany valid (?:answer|result|solution)/i,
    /./,
  ],
];

/** Returns a predicate that is true for an expected value that would decide what the request leaves open. */
export function findAmbiguousExpectations(request: string): (expected: string) => boolean {
  const loose = LOOSE.filter(([pattern]) => pattern.test(request)).map(([, of]) => of);
  return (expected) => loose.some((of) => of.test(expected));
}
