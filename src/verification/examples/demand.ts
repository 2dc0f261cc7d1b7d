/** Distinguishes what a sentence demands from what it only reports or supposes: "returns 3 but should return 4", "if f(1) returns 2". */
import { leadingValue, type ReadValue } from './example';

/** Text directly before a call after which the statement is not a demand, or describes an error, or the call is part of a calculation. */
const DOUBT =
  /(?:\b(?:if|elif|unless|whether|while|until|when|or|not|why|return|suppose|assum(?:e|ing)|currently|right now|got|actual(?:ly)?(?: \w+)?|(?:bug|problem|issue)(?: is)?|(?:don['’]?t|do not|doesn['’]?t|does not|never|must not|should not|shouldn['’]?t)(?: want)?)(?: that)?[\s:(`*!]{0,4}|[\w)\]] [+*/%] |[\d)\]][+*/%-])$/i;
const NEARBY = 40;
const BUT = String.raw`(?:(?:but|and|while|whereas|although|though|which|I|we|it|this|that|is|are|actually|clearly)\s{1,3}){0,4}`;
/** Text between a reported value and the correct one. */
const AMENDS = new RegExp(
  String.raw`^[\s,;:.(#/—–-]{0,9}${BUT}(?:(?:wrong|incorrect)[\s,;:]+)?(?:(?:it|that|this)\s+)?(?:(?:should|must|ought to)\s+(?:instead\s+)?(?:be|return|give|have been)|(?:expect|want|need)(?:ed)?(?:\s+(?:was|is|value|result|output))?:?)\s+`,
  'i',
);
/** Text after a reported value that says it is wrong. Any "but" may mean that, unless it leads to the next call. */
const WRONG = new RegExp(
  String.raw`^[\s,;:(#/—–-]{0,9}${BUT}(?:(?:should|must|ought|(?:expect|want|need)(?:ed)?|instead|rather than|wrong|incorrect|not (?:right|correct)|an? (?:bug|error|mistake|problem))\b|(?<=\bbut\s{1,3})(?!also\b|[${'`'}*]*\w+\())`,
  'i',
);
/** Words in a heading that announce the current behaviour of a program. */
const REPORTS =
  /\b(?:actual(?:ly)?|current(?:ly)?|wrong(?:ly)?|incorrect(?:ly)?|broken|(?<=\b(?:it|this|that|code|tests?) )fail(?:s|ed|ing)?)\b/gi;
const DEMANDS = /\b(?:should|must)\b/i;
const LONGEST_HEADING = 200;

/** Whether the statement about the call at this position may not be a demand. */
export function isDoubtful(line: string, at: number): boolean {
  return DOUBT.test(line.slice(Math.max(0, at - NEARBY), at));
}

/** The value at the beginning of the text, or the one that the text calls correct; after a doubt only the latter counts. */
export function rightValue(text: string, doubtful = false, read?: ReadValue): string | undefined {
  const found = leadingValue(text, read);
  if (!found) return undefined;
  const amends = AMENDS.exec(found.rest)?.[0];
  const right = amends && leadingValue(found.rest.slice(amends.length), read);
  if (right) return right.value;
  return doubtful || WRONG.test(found.rest) ? undefined : found.value;
}

/** Whether the line introduces wrong behaviour of a program: its last clause says so and ends with a colon. */
export function introducesReport(line: string): boolean {
  if (line.length > LONGEST_HEADING || !line.includes(':')) return false;
  const colon = line.indexOf(':', afterLastWord(line));
  if (colon < 0) return false;
  const clause = line.slice(line.lastIndexOf('.', colon) + 1, colon);
  const report = [...clause.matchAll(REPORTS)].at(-1);
  return report !== undefined && !DEMANDS.test(clause.slice(report.index + report[0].length));
}

function afterLastWord(line: string): number {
  let end = line.length;
  while (end > 0 && /\W/.test(line[end - 1]!)) end--;
  return end;
}
