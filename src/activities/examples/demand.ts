/** Tells what a sentence demands from what it only reports or supposes: "returns 3 but should return 4", "if f(1) returns 2". */
import { leadingValue, type ReadValue } from './example';

/** Directly before a call: what follows is no claim, or one about what is wrong, or the call is a part of a calculation. */
const DOUBT =
  /(?:\b(?:if|elif|unless|whether|while|until|when|or|not|why|return|suppose|assum(?:e|ing)|currently|right now|got|actual(?:ly)?(?: \w+)?|(?:bug|problem|issue)(?: is)?|(?:don['’]?t|do not|doesn['’]?t|does not|never|must not|should not|shouldn['’]?t)(?: want)?)(?: that)?[\s:(`*!]{0,4}|[\w)\]] [+*/%] |[\d)\]][+*/%-])$/i;
const NEARBY = 40;
const BUT = String.raw`(?:(?:but|and|while|whereas|although|though|which|I|we|it|this|that|is|are|actually|clearly)\s{1,3}){0,4}`;
/** The right value, after the one that is reported. */
const AMENDS = new RegExp(
  String.raw`^[\s,;:.(#/—–-]{0,9}${BUT}(?:(?:wrong|incorrect)[\s,;:]+)?(?:(?:it|that|this)\s+)?(?:(?:should|must|ought to)\s+(?:instead\s+)?(?:be|return|give|have been)|(?:expect|want|need)(?:ed)?(?:\s+(?:was|is|value|result|output))?:?)\s+`,
  'i',
);
/** After a value that is reported: it is not the right one. Any "but" may mean that, unless it goes on to the next call. */
const WRONG = new RegExp(
  String.raw`^[\s,;:(#/—–-]{0,9}${BUT}(?:(?:should|must|ought|(?:expect|want|need)(?:ed)?|instead|rather than|wrong|incorrect|not (?:right|correct)|an? (?:bug|error|mistake|problem))\b|(?<=\bbut\s{1,3})(?!also\b|[${'`'}*]*\w+\())`,
  'i',
);
/** The heading of what a program does at present. */
const REPORT =
  /\b(?:actual(?:ly)?|current(?:ly)?|wrong(?:ly)?|incorrect(?:ly)?|broken|(?<=\b(?:it|this|that|code|tests?) )fail(?:s|ed|ing)?)\b(?!.*\b(?:should|must)\b)[^.]*:\W*$/i;
const LONGEST_HEADING = 200;

/** Whether what is said about the call that begins here need not be so. */
export function isDoubtful(line: string, at: number): boolean {
  return DOUBT.test(line.slice(Math.max(0, at - NEARBY), at));
}

/** The value that the text begins with, or the one that it says to be the right one; only that counts after a doubt. */
export function rightValue(text: string, doubtful = false, read?: ReadValue): string | undefined {
  const found = leadingValue(text, read);
  if (!found) return undefined;
  const amends = AMENDS.exec(found.rest)?.[0];
  const right = amends && leadingValue(found.rest.slice(amends.length), read);
  if (right) return right.value;
  return doubtful || WRONG.test(found.rest) ? undefined : found.value;
}

/** Whether the line introduces what a program does and should not do. */
export function introducesReport(line: string): boolean {
  return line.length <= LONGEST_HEADING && REPORT.test(line);
}
