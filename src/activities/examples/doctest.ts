/** Examples as Python's own tools write them: doctests and `assert` lines. */
import { leadingLiteral } from '../../sandbox/python-literal';
import { calls, depthOf, wholeLine } from './calls';
import { toExample, type Example, type Found } from './example';
import { variablesOf } from './names';
import type { Subject } from './subject';

/** Has no value that could be compared. */
const STATEMENT = /^(?:import |from |for |with |def |class |del |\w[\w.[\]'"]*\s*[-+*/|]?=[^=])/;
/** A step that expects nothing and makes or changes what later ones use. */
export const PREPARATION = new RegExp(String.raw`${STATEMENT.source}|^\w+(?:\.\w+)+\(`);
/** A function that is given what was prepared may change it. */
const CALL = /^\w+\(.*\)$/s;
/** An error, a part left out, or an address: no value that could be compared. */
const NO_VALUE = /^(?:Traceback|\w*(?:Error|Exception)\b)|\.\.\.|\bat 0x/;
/** After a value: the next sentence, not the rest of what is printed. */
const SENTENCE = /^\s*\n\s*[A-Za-z]+[\s,:]/;

/** The source of an example, and what the lines after it expect. */
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
  if (expected && !STATEMENT.test(code)) return [toExample(code, expected)];
  const { examples } = calls([code], 0, subject);
  const isStep = PREPARATION.test(code) || (CALL.test(code) && variablesOf(code).length > 0);
  return examples.length > 0 ? examples : isStep ? [{ name: code, code }] : [];
}

/** Of values alone: one that stands in a test or a loop uses variables of it, and a sentence has words. */
export function assertion(lines: readonly string[], at: number): Found | undefined {
  if (!/^[`\s*-]*assert\s/.test(lines[at]!)) return undefined;
  const { line, next } = wholeLine(lines, at);
  const code = /(assert\s[^`]+?)`?$/.exec(line)?.[1];
  if (!code || depthOf(code) !== 0 || /\)\s*=(?!=)|\s(?:=>|-+>|➞|→)\s/.test(code)) return undefined;
  return variablesOf(code).length === 0 ? { examples: [{ name: code, code }], next } : undefined;
}

function linesWhile(lines: readonly string[], from: number, fits: (line: string) => boolean): string[] {
  let end = from;
  while (end < lines.length && fits(lines[end]!)) end++;
  return lines.slice(from, end);
}
