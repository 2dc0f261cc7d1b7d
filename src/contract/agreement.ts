/**
 * How far the voices of a debate agree, measured the same way every time: no model judges it. Part of the workflow bundle.
 *
 * Each voice begins with a line that says what it would decide. Two voices agree by that line (the same stance 1, opposite ones 0, half
 * where one of them makes it depend on conditions), and a little by the words that they share. The line weighs most, because
 * two texts may well use the same words for opposite ends. A voice whose line cannot be read counts by its words only, which is
 * hardly ever enough: then the debate goes on, which costs a round but hides no dissent.
 */
export const STANCES = ['for', 'against', 'depends'] as const;
export type Stance = (typeof STANCES)[number];

/** What a voice declares in its first line. `confidence` is 0 to 1; null what could not be read. */
export interface Position {
  stance: Stance | null;
  confidence: number | null;
}

/** How much the declared stance weighs against the words that are shared. */
const STANCE_WEIGHT = 0.8;
/** All voices declare the same stance. */
export const AGREED = 0.8;

/** A list of the words is the form that was asked for, not an answer. */
const LINE =
  /POSITION\W{0,8}(for|against|depends)\b(?!\s*(?:[,|/]|or\b)\s*(?:or\s+)?(?:for|against|depends)\b)(?:[^\n]{0,40}?CONFIDENCE\W{0,8}(\d{1,3}))?/i;

/** What small models write instead of the word that was asked for, as in "POSITION: Yes, we should". */
const IN_OTHER_WORDS: [Stance, RegExp][] = [
  ['for', /POSITION\W{0,8}(?:yes\b(?! (?:and|or) no\b)|in favou?r\b|I(?: a|')m (?:for|in favou?r)\b)/i],
  ['against', /POSITION\W{0,8}(?:no(?=\W*$|[^\w\s]|,? (?:we|I)\b)|I(?: a|')m against\b)/im],
  ['depends', /POSITION\W{0,8}it depends\b/i],
];

/** Reads a position out of a text. */
export type ReadPosition = (text: string) => Position;

/** Reads the first "POSITION: ..., CONFIDENCE: ..." of a text that keeps to the words. */
export const readExactPosition: ReadPosition = (text) => {
  const [, stance, percent] = LINE.exec(text) ?? [];
  return {
    stance: (stance?.toLowerCase() as Stance | undefined) ?? null,
    confidence: percent === undefined ? null : Math.min(100, Number(percent)) / 100,
  };
};

/** The same, and where no line keeps to the words, what the line says in others. */
export const readPosition: ReadPosition = (text) => {
  const exact = readExactPosition(text);
  if (exact.stance !== null) return exact;
  const [stance] = IN_OTHER_WORDS.find(([, wording]) => wording.test(text)) ?? [];
  return { ...exact, stance: stance ?? null };
};

/** The mean agreement of all pairs, 0 to 1; 1 for a single voice. */
export function agreementOf(texts: readonly string[], read: ReadPosition = readPosition): number {
  const voices = texts.map((text) => ({ stance: read(text).stance, words: contentWords(text) }));
  const pairs = voices.flatMap((one, i) => voices.slice(i + 1).map((other) => agreementOfPair(one, other)));
  if (pairs.length === 0) return 1;
  return round(pairs.reduce((sum, pair) => sum + pair, 0) / pairs.length);
}

/** The stance that more voices declare than any other; null on a tie and where none declares one. */
export function majorityOf(stances: readonly (Stance | null)[]): Stance | null {
  const counts = STANCES.map((stance) => ({ stance, count: stances.filter((one) => one === stance).length }));
  const [first, second] = counts.sort((a, b) => b.count - a.count);
  return first && first.count > (second?.count ?? 0) ? first.stance : null;
}

interface Voice {
  stance: Stance | null;
  words: Set<string>;
}

function agreementOfPair(one: Voice, other: Voice): number {
  const words = sharedWords(one.words, other.words);
  if (one.stance === null || other.stance === null) return words;
  return STANCE_WEIGHT * sameStance(one.stance, other.stance) + (1 - STANCE_WEIGHT) * words;
}

function sameStance(one: Stance, other: Stance): number {
  if (one === other) return 1;
  return one === 'depends' || other === 'depends' ? 0.5 : 0;
}

/** Jaccard index: shared words over all words. */
function sharedWords(one: Set<string>, other: Set<string>): number {
  const shared = [...one].filter((word) => other.has(word)).length;
  const all = one.size + other.size - shared;
  return all === 0 ? 0 : shared / all;
}

/** Short words carry no content in most languages; the beginning of a long one stands for all its forms. */
const SHORTEST = 4;
const STEM = 7;

function contentWords(text: string): Set<string> {
  const words =
    text
      .replace(LINE, '')
      .toLowerCase()
      .match(/\p{L}+/gu) ?? [];
  return new Set(words.filter(({ length }) => length >= SHORTEST).map((word) => word.slice(0, STEM)));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
