/**
 * Examples that name arguments and result without a call, as collections of exercises do: `Input: nums = [2, 7], target = 9` with
 * `Output: [0, 1]` in one line or below, and `For n = 3 the output should be 6`.
 */
import { leadingLiteral } from '../../sandbox/python-literal';
import { areLiterals } from './calls';
import { leadingValue, toExample, type Found } from './example';
import { callOf, type Subject } from './subject';

const LABEL = String.raw`[-*>\s]*(?:sample |expected )?`;
const INPUT = new RegExp(String.raw`^${LABEL}inputs?\s*(?::|\*\*:|:\*\*)\s*`, 'i');
const OUTPUT = new RegExp(String.raw`(?:^|[\s,;])${LABEL}outputs?\s*(?::|\*\*:|:\*\*)\s*`, 'i');
const LONGEST_INPUT_LINES = 12;
const SENTENCE =
  /^[-*\s]*(?:for|if|given|when|with)\s+(.+?),?\s+(?:then\s+)?(?:the |your )?(?:output|result|answer|function|it)\s+(?:(?:should|must|would|will)\s+(?:be|return)|is|returns?|gives)\s+(.*)$/i;

export function inputAndOutput(lines: readonly string[], at: number, subject: Subject | undefined): Found | undefined {
  if (!subject || !INPUT.test(lines[at]!)) return undefined;
  const end = lines.findIndex((line, i) => i >= at && OUTPUT.test(line));
  if (end < 0 || end - at > LONGEST_INPUT_LINES) return undefined;
  const block = lines
    .slice(at, end + 1)
    .join('\n')
    .replace(INPUT, '');
  const [given = '', after = ''] = block.split(OUTPUT);
  const isBelow = after.trim() === '';
  return example(subject, given, isBelow ? (lines[end + 1] ?? '') : after, isBelow ? end + 2 : end + 1);
}

export function sentence(lines: readonly string[], at: number, subject: Subject | undefined): Found | undefined {
  const [, given = '', expected = ''] = SENTENCE.exec(lines[at]!) ?? [];
  return subject && given ? example(subject, given, expected, at + 1) : undefined;
}

function example(subject: Subject, given: string, expected: string, next: number): Found | undefined {
  const call = assigned(subject, given) ?? (areLiterals(given) ? `${subject.name}(${given.trim()})` : undefined);
  const value = leadingValue(unmarked(expected));
  return call && value ? { examples: [toExample(call, value.value)], next } : undefined;
}

/** `a = 1, b: [2]` as a call; undefined when there is more to it than names and values. */
function assigned(subject: Subject, text: string): string | undefined {
  const given: [string, string][] = [];
  let rest = unmarked(text);
  while (rest.trim()) {
    const [lead, name = ''] = /^[\s,;]*(?:and\s+)?`?([A-Za-z_]\w*)`?\s*[=:]\s*`?/.exec(rest) ?? [];
    const value = lead && leadingLiteral(rest.slice(lead.length));
    if (!value) return undefined;
    given.push([name, value.literal]);
    rest = value.rest.replace(/^`/, '');
  }
  return given.length > 0 ? callOf(subject, given) : undefined;
}

/** Without the stars and backticks around it. */
function unmarked(text: string): string {
  return text.trim().replace(/^(?:\*\*|`)\s*|\s*(?:\*\*|`)$/g, '');
}
