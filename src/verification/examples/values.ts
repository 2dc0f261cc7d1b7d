/**
 * Examples that state arguments and result without a call, as collections of exercises do: `Input: nums = [2, 7], target = 9` with `Output:
 * [0, 1]` on the same line or below, and `For n = 3 the output should be 6`.
 */
import { leadingArguments, leadingLiteral } from '../../sandbox/host/python-literal';
import { rightValue } from './demand';
import { leadingValue, toExample, type Found } from './example';
import { writeCall, takes, type Subject } from './subject';

const LABEL = String.raw`[-*#>→➞\s]{0,9}(?:sample |expected )?`;
const INPUT = new RegExp(String.raw`^${LABEL}inputs?\s*(?::|\*\*:|:\*\*)\s*`, 'i');
/** The output of a faulty program is not an expected value. */
const OUTPUT = new RegExp(
  String.raw`(?:^|[\s,;])${LABEL}(?<!\b(?:actual|current|wrong|my|your)\s)outputs?\s*(?::|\*\*:|:\*\*)\s*`,
  'i',
);
const LONGEST_INPUT_LINES = 12;
/** `For n = 3` */
const GIVEN = /^[-*\s]*(?:for|if|given|when|with)\s+/i;
/** `, the output should be` */
const CLAIM =
  /,?\s(?:then\s+)?(?:the |your )?(?:output|result|answer|function|it)\s+(?:(?:should|must|would|will)\s+(?:be|return)|is|returns?|gives)\s+/gi;

export function inputAndOutput(lines: readonly string[], at: number, subject: Subject | undefined): Found | undefined {
  if (!subject || !INPUT.test(lines[at]!)) return undefined;
  const length = lines.slice(at, at + LONGEST_INPUT_LINES + 1).findIndex((line) => OUTPUT.test(line)) + 1;
  if (length === 0) return undefined;
  const block = lines.slice(at, at + length).join('\n');
  const [given = '', inLine = ''] = block.replace(INPUT, '').split(OUTPUT);
  const { expected, next } = inLine.trim() ? { expected: inLine, next: at + length } : firstBelow(lines, at + length);
  // the first line of an output over several lines is not the whole value
  return leadingValue(lines[next] ?? '') ? undefined : example(subject, given, expected, next);
}

function firstBelow(lines: readonly string[], from: number): { expected: string; next: number } {
  const at = lines[from] === '' ? from + 1 : from;
  return { expected: lines[at] ?? '', next: at + 1 };
}

export function sentence(lines: readonly string[], at: number, subject: Subject | undefined): Found | undefined {
  const line = lines[at]!;
  const start = GIVEN.exec(line)?.[0].length;
  if (!subject || start === undefined) return undefined;
  CLAIM.lastIndex = start + 1;
  const claim = CLAIM.exec(line);
  return claim ? example(subject, line.slice(start, claim.index), line.slice(CLAIM.lastIndex), at + 1) : undefined;
}

function example(subject: Subject, given: string, expected: string, next: number): Found | undefined {
  const values = unmarked(given);
  const call = assigned(subject, values) ?? inOrder(subject, values);
  const value = rightValue(unmarked(expected));
  return call && value !== undefined ? { examples: [toExample(call, value)], next } : undefined;
}

/** `a = 1, b: [2]` as a call; undefined if there is more than names and values. */
function assigned(subject: Subject, text: string): string | undefined {
  const given: [string, string][] = [];
  let rest = text;
  while (rest.trim()) {
    const [lead, name = ''] = /^[\s,;]*(?:and\s+)?`?([A-Za-z_]\w*)`?\s*[=:]\s*`?/.exec(rest) ?? [];
    const value = lead && leadingLiteral(rest.slice(lead.length));
    if (!value) return undefined;
    given.push([name, value.literal]);
    rest = value.rest.replace(/^`/, '');
  }
  return given.length > 0 ? writeCall(subject, given) : undefined;
}

/** `1, [2]` as a call. */
function inOrder(subject: Subject, text: string): string | undefined {
  const found = leadingArguments(`(${text})`);
  if (found?.end !== text.length + 2) return undefined;
  const names = found.given.map(({ name }) => name);
  return takes(subject, names) ? `${subject.name}(${text})` : undefined;
}

/** Removes the asterisks and backticks around the text. */
function unmarked(text: string): string {
  return text
    .trim()
    .replace(/^(?:\*\*|`)|(?:\*\*|`)$/g, '')
    .trim();
}
