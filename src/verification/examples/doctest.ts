/** Examples in the notation of Python's own tools: doctests and `assert` lines. */
import { leadingLiteral } from '../../sandbox/host/python-literal';
import { calls, wholeLine } from './calls';
import { toExample, type Example, type Found } from './example';
import { readSnippet } from './snippet';
import type { Subject } from './subject';

/** An error, an ellipsis or an address: not a value that could be compared. */
const NO_VALUE = /^(?:Traceback|\w*(?:Error|Exception)\b)|\.\.\.|\bat 0x/;
/** The beginning of a sentence after a value, as opposed to further output. */
const SENTENCE = /^[^\S\n]*\n\s*[A-Za-z]+[\s,:]/;

/** The source of a doctest example, with the value that the following lines expect. */
export function doctest(lines: readonly string[], at: number, subject: Subject | undefined): Found | undefined {
  if (!/^>>>(?!>)/.test(lines[at]!)) return undefined;
  const more = linesWhile(lines, at + 1, (line) => line.startsWith('...'));
  const code = [lines[at]!.replace(/^>>>\s?/, ''), ...more.map((line) => line.replace(/^\.\.\.\s?/, ''))].join('\n');
  const wanted = linesWhile(lines, at + 1 + more.length, (line) => line !== '' && !/^(>>>|"""|''')/.test(line));
  const printed = wanted
    .join('\n')
    .replace(/("""|''')$/, '')
    .replace(/^<BLANKLINE>$/gm, '')
    .trimEnd();
  const value = /\bprint\(/.test(code) ? undefined : leadingLiteral(printed);
  const expected = value && SENTENCE.test(value.rest) ? value.literal : printed;
  const length = expected === printed ? wanted.length : expected.split('\n').length;
  return { examples: read(code, expected, subject), next: at + 1 + more.length + length };
}

function read(code: string, expected: string, subject: Subject | undefined): Example[] {
  if (!code.trim() || NO_VALUE.test(expected)) return [];
  const { isExpression, isPreparation, isCall, needs } = readSnippet(code);
  if (expected && isExpression) return [toExample(code, expected)];
  const { examples } = calls([code], 0, subject);
  const isStep = isPreparation || (isCall && needs.length > 0);
  return examples.length > 0 ? examples : isStep ? [{ name: code, code }] : [];
}

/** Only assertions of literal values: those inside a test or a loop use its variables, and a sentence contains words. */
export function assertion(lines: readonly string[], at: number): Found | undefined {
  if (!/^[`\s*-]*assert\s/.test(lines[at]!)) return undefined;
  const { line, next } = wholeLine(lines, at);
  const code = assertIn(line);
  const { isAssertion, needs } = readSnippet(code);
  return isAssertion && needs.length === 0 ? { examples: [{ name: code, code }], next } : undefined;
}

/** From `assert` to the end of the line, or to the backtick there. */
function assertIn(line: string): string {
  const end = line.endsWith('`') ? line.length - 1 : line.length;
  const quoted = line.slice(line.lastIndexOf('`', end - 1) + 1, end);
  const at = quoted.search(/assert\s[^]/);
  return at < 0 ? '' : quoted.slice(at);
}

function linesWhile(lines: readonly string[], from: number, fits: (line: string) => boolean): string[] {
  let end = from;
  while (end < lines.length && fits(lines[end]!)) end++;
  return lines.slice(from, end);
}
