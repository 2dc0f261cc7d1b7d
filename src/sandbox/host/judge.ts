/** Judges the outcome of a step. Values are compared in the parent, where nothing that a program defines can influence the comparison. */
import type { StepOutcome } from '../guest/engine';
import { ERROR_LIMIT } from '../guest/protocol';
import { shorten } from '../guest/shorten';
import { equalValues } from './javascript-literal';
import { equalLiterals } from './python-literal';
import type { Expectation, Part, TestStep } from './steps';

export type StepFailure = Extract<StepOutcome, { ended: false }>;

const SHOWN_LIMIT = 400;

/** The reason why a part of a step fails, if it does. `printed` is the output of the part. */
export function findFault(step: TestStep, part: Part, outcome: StepOutcome, printed: string): string | undefined {
  if (outcome.ended) return part.expectation && describeDifference(part.expectation, outcome, printed);
  // a main block may end with a successful exit code
  return step.main && hasLeftWell(outcome) ? undefined : shorten(outcome.error, ERROR_LIMIT);
}

/** Whether the interpreter would exit with code 0. */
export function hasLeftWell({ left }: StepFailure): boolean {
  return left !== undefined && ['', '0', 'None', 'False'].includes(left);
}

/** The text of a value; if nothing is returned, the printed output is used. */
export function readValue(interpreter: Expectation['interpreter'], value: string | undefined, printed: string): string {
  const nothing = interpreter === 'javascript' ? 'undefined' : 'None';
  const got = value ?? nothing;
  return got === nothing && printed ? printed.trim() : got;
}

/** The difference between the actual and the expected value, if any. */
function describeDifference(
  expectation: Expectation,
  { value, cut }: { value?: string; cut?: boolean },
  printed: string,
): string | undefined {
  const { source, expected } = expectation;
  const given = readAnswers(expectation, value, printed);
  if (!cut && given.some((one) => isEqual(expectation, one))) return undefined;
  const [shownSource, got, wanted] = [source, given[0]!, expected].map((text) => shorten(text, SHOWN_LIMIT));
  return `${shownSource} returned ${got}, expected ${wanted}${cut ? ' (it is too long to be compared)' : ''}`;
}

/** For a value that is not asserted, either the returned or the printed value may match. */
function readAnswers({ source, interpreter, isReturned }: Expectation, value: string | undefined, printed: string) {
  const returned = readValue(interpreter, value, '');
  if (isReturned) return [returned];
  const shown = readValue(interpreter, value, printed);
  // what the function itself prints comes before its result
  if (interpreter === 'javascript' && source.startsWith('console.log(')) return [shown, shown.split('\n').at(-1)!];
  return source.startsWith('print(') ? [shown] : [shown, returned];
}

function isEqual({ interpreter, expected }: Expectation, got: string): boolean {
  const equal = interpreter === 'javascript' ? equalValues(got, expected) : undefined;
  return equal ?? equalLiterals(got, expected) ?? isSameText(got, expected);
}

function isSameText(got: string, expected: string): boolean {
  const plain = (text: string) => text.replace(/\s+/g, ' ').trim();
  return plain(got) === plain(expected);
}
