/** Tells of which results a request wants no more than their like. */

/** Where any order will do, or a result that is nearly right, an example shows one of several: of which values. */
const LOOSE: readonly [said: RegExp, of: RegExp][] = [
  [/\bany order\b|\border\b[^.\n]{0,60}\b(?:doesn't|does not) matter/i, /^[[(].*,/s],
  [/\bapprox|\bwithin (?:1e|10)|\btolerance\b/i, /\d\.\d/],
  [
    /\balso (?:a )?(?:valid|correct|accepted)\b|\breturn any (?:of|one|valid)\b|\bany valid (?:answer|result|solution)/i,
    /./,
  ],
];

/** Whether an example with such a value decides what the request leaves open. */
export function loosenessOf(request: string): (expected: string) => boolean {
  const loose = LOOSE.filter(([said]) => said.test(request)).map(([, of]) => of);
  return (expected) => loose.some((of) => of.test(expected));
}
