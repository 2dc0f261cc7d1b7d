/**
 * Measures the agreement of a debate's voices, deterministically and without a model. Part of the workflow bundle.
 *
 * Each voice begins with a line that states its position. The agreement of two voices is computed from that line (same stance 1, opposite
 * stances 0, one half if one of them is `depends`) and, with less weight, from the words that they share. The line weighs more, because
 * two texts may use the same words for opposite positions. A voice whose line cannot be read counts by its words only, which is rarely
 * enough: the debate then continues, which costs a round but hides no dissent.
 */
import { STANCES, type Stance } from '../contract/names';
import { readPosition, withoutPosition } from './position';

/** Weight of the declared stance; the shared words have the rest. */
const STANCE_WEIGHT = 0.8;
/** The default threshold: reached if all voices declare the same stance, even without shared words. */
export const AGREED = 0.8;

/** The mean agreement of all pairs, 0 to 1; 1 for a single voice. */
export function measureAgreement(texts: readonly string[]): number {
  const voices = texts.map((text) => ({ stance: readPosition(text).stance, words: contentWords(text) }));
  const pairs = voices.flatMap((one, i) => voices.slice(i + 1).map((other) => agreementOfPair(one, other)));
  if (pairs.length === 0) return 1;
  return round(pairs.reduce((sum, pair) => sum + pair, 0) / pairs.length);
}

/** The stance declared by the most voices; null on a tie or if none declares one. */
export function findMajority(stances: readonly (Stance | null)[]): Stance | null {
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

/** Shorter words carry little meaning in most languages; of a long word only the start is compared, to match its inflections. */
const SHORTEST = 4;
const STEM = 7;

/** How much of an answer is compared; bounded because this runs in a workflow. UTF-16 units. */
const COMPARED = 20_000;

function contentWords(text: string): Set<string> {
  const words =
    withoutPosition(text.slice(0, COMPARED))
      .toLowerCase()
      .match(/\p{L}+/gu) ?? [];
  return new Set(words.filter(({ length }) => length >= SHORTEST).map((word) => word.slice(0, STEM)));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
