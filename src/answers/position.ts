/** Reads the line in which a voice of a debate declares its position. Part of the workflow bundle. */
import type { Stance } from '../contract/names';
import type { VoicePosition } from '../contract/structures';
import { findDeclarations, type Declaration } from './declared-line';

/** Reads the position of a text: from a line in the requested format, otherwise from a line with a known alternative wording. */
export function readPosition(text: string): VoicePosition {
  const declarations = findDeclarations(text, WORD);
  const { stance, confidence } = choose(declarations, readExact) ?? choose(declarations, readOtherWords) ?? NONE;
  return { stance, confidence };
}

/** Returns the text without its position line. */
export function withoutPosition(text: string): string {
  const line = choose(findDeclarations(text, WORD), readExact);
  return line ? `${text.slice(0, line.start)} ${text.slice(line.end)}` : text;
}

const WORD = 'POSITION';
const NONE: VoicePosition = { stance: null, confidence: null };

interface Reading extends VoicePosition {
  stance: Stance;
  /** Number of characters of the value that were parsed. */
  length: number;
}

type ReadValue = (value: string) => Reading | undefined;

/** The declaration of the first line, otherwise the last valid declaration. */
function choose(declarations: Declaration[], read: ReadValue) {
  const isFirst = declarations[0]?.isFirst && read(declarations[0].value) !== undefined;
  const line = isFirst ? declarations[0] : declarations.findLast((one) => !one.isDoubtful && read(one.value));
  const reading = line && read(line.value);
  return reading && { ...reading, start: line.start, end: line.valueStart + reading.length };
}

const STANCE = /^(for|against|depends)(?!_{0,3}[A-Za-z0-9])/i;
/** A list of the possible stances only repeats the request and is not an answer; neither is a question. */
const OPEN = /^[\s*_]{0,4}(?:\?|[\s,;|/&+*_()-]{0,5}(?:(?:or|and|nor|vs\.?)\s{1,3}){0,2}(?:for|against|depends)\b)/i;
/** Number of characters after the stance in which the confidence is searched. */
const CONFIDENCE_WITHIN = 80;
const CONFIDENCE = /CONFIDENCE([^\p{L}\p{N}]{0,8})(\d{1,15}(?:[.,]\d{1,4})?)(?![\p{L}\d])/iu;
const NO_NUMBER = /^\s?(?:[-–—]|to\b|or\b)\s?\d/i;

const readExact: ReadValue = (value) => {
  const stance = STANCE.exec(value)?.[0];
  if (stance === undefined) return undefined;
  const rest = value.slice(stance.length, stance.length + CONFIDENCE_WITHIN);
  if (OPEN.test(rest)) return undefined;
  const found = CONFIDENCE.exec(rest);
  const length = stance.length + (found ? found.index + found[0].length : 0);
  return { stance: stance.toLowerCase() as Stance, confidence: found ? readConfidence(found, rest) : null, length };
};

/** A percentage, a decimal fraction, or a number out of ten; null for a range or a negative number. */
function readConfidence(found: RegExpExecArray, rest: string): number | null {
  const [whole, before = '', digits = ''] = found;
  const after = rest.slice(found.index + whole.length);
  if (/[:=]\s*[-−]$/.test(before) || NO_NUMBER.test(after)) return null;
  const number = Number(digits.replace(',', '.'));
  if (/^\s?\/\s?10(?!\d)/.test(after)) return Math.min(1, number / 10);
  const isFraction = /[.,]/.test(digits) && number <= 1 && !/^\s?%/.test(after);
  return Math.min(1, isFraction ? number : number / 100);
}

/** What small models write instead of the requested word, as in "POSITION: Yes, we should". */
const IN_OTHER_WORDS: [Stance, RegExp][] = [
  ['for', /^(?:yes\b(?!\s?(?:and|or|[/|])\s?no\b)|in favou?r\b|I(?: a|['’])m (?:for|in favou?r)\b)/i],
  ['against', /^(?:no(?=[^\w\s]|,? (?:we|I)\b|\s*$)|I(?: a|['’])m against\b)/i],
  ['depends', /^it depends\b/i],
];

const readOtherWords: ReadValue = (value) => {
  const [stance] = IN_OTHER_WORDS.find(([, wording]) => wording.test(value)) ?? [];
  return stance && { stance, confidence: null, length: 0 };
};
