/** How much of what a voice says was said before, measured by its words. Part of the workflow bundle. */

/** So many words in a row are no coincidence. */
const ROW = 6;

/** The share of the words of `text` that stand in one of the earlier texts in rows of six or more, 0 to 1. */
export function repeatedShare(text: string, earlier: readonly string[]): number {
  const known = new Set(earlier.flatMap((one) => rowsOf(wordsOf(one))));
  const words = wordsOf(text);
  const repeated = new Set(
    rowsOf(words).flatMap((row, i) => (known.has(row) ? Array.from({ length: ROW }, (_, at) => i + at) : [])),
  );
  return words.length === 0 ? 0 : Math.round((100 * repeated.size) / words.length) / 100;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

function rowsOf(words: string[]): string[] {
  return words.slice(ROW - 1).map((_, i) => words.slice(i, i + ROW).join(' '));
}
