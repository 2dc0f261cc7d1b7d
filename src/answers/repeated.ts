/** Measures how much of a voice's text repeats earlier texts. Part of the workflow bundle. */

/** Number of consecutive equal words that counts as a repetition, not as coincidence. */
const ROW = 6;
/** How much of each text is compared; bounded because this runs in a workflow. UTF-16 units. */
const COMPARED = 10_000;

/** The share of the words of `text` in sequences of six or more words that also occur in an earlier text, 0 to 1. */
export function repeatedShare(text: string, earlier: readonly string[]): number {
  const numbers = new Numbers();
  const known = new Set(earlier.flatMap((one) => numberRows(one, numbers).rows));
  const { rows, words } = numberRows(text, numbers);
  let repeated = 0;
  let counted = 0;
  for (const [at, row] of rows.entries()) {
    if (!known.has(row)) continue;
    repeated += at + ROW - Math.max(at, counted);
    counted = at + ROW;
  }
  return words === 0 ? 0 : Math.round((100 * repeated) / words) / 100;
}

/** Assigns a unique number to each word and to each pair of numbers. */
class Numbers {
  private readonly known = new Map<string | number, number>();

  of(key: string | number): number {
    const number = this.known.get(key) ?? this.known.size;
    this.known.set(key, number);
    return number;
  }

  ofPair(first: number, second: number): number {
    return this.of(pairKey(first, second));
  }
}

/** Both numbers are far below 2 ** 26, so the key is exact. */
function pairKey(first: number, second: number): number {
  return first * 2 ** 26 + second;
}

/** Returns a number for each sequence of six words: the key of its two halves. */
function numberRows(text: string, numbers: Numbers): { rows: number[]; words: number } {
  const words =
    text
      .slice(0, COMPARED)
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  const single = words.map((word) => numbers.of(word));
  const pairs = single.slice(1).map((second, i) => numbers.ofPair(single[i]!, second));
  const halves = pairs.slice(0, -1).map((pair, i) => numbers.ofPair(pair, single[i + 2]!));
  const rows = halves.slice(ROW / 2).map((half, i) => pairKey(halves[i]!, half));
  return { rows, words: words.length };
}
