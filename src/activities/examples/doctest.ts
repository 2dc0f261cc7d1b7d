/** Examples as Python's own tools write them: doctests and `assert` lines. */
import { calls, depthOf } from './calls';
import { toExample, type Example, type Found } from './example';
import type { Subject } from './subject';

/** A line that expects nothing and makes what later lines use. */
export const PREPARATION = /^(import |from |\w+\s*=[^=])/;

/** The source of an example, and what the lines after it expect. */
export function doctest(lines: readonly string[], at: number, subject: Subject | undefined): Found | undefined {
  if (!lines[at]!.startsWith('>>>')) return undefined;
  const more = linesWhile(lines, at + 1, (line) => line.startsWith('...'));
  const code = [lines[at]!.replace(/^>>>\s?/, ''), ...more.map((line) => line.replace(/^\.\.\.\s?/, ''))].join('\n');
  const wanted = linesWhile(lines, at + 1 + more.length, (line) => line !== '' && !/^(>>>|"""|'''|```)/.test(line));
  const expected = wanted.join('\n').replace(/\s*("""|''')$/, '');
  return { examples: read(code, expected, subject), next: at + 1 + more.length + wanted.length };
}

function read(code: string, expected: string, subject: Subject | undefined): Example[] {
  if (!code.trim() || expected.startsWith('Traceback')) return [];
  if (expected) return [toExample(code, expected)];
  const { examples } = calls([code], 0, subject);
  return examples.length > 0 ? examples : PREPARATION.test(code) ? [{ name: code, code }] : [];
}

export function assertion(lines: readonly string[], at: number): Found | undefined {
  const code = /^[`\s*-]*(assert\s+[^`]+?)`?$/.exec(lines[at]!)?.[1];
  return code && depthOf(code) === 0 && !/\s(?:=>|-+>|➞|→)\s/.test(code)
    ? { examples: [{ name: code, code }], next: at + 1 }
    : undefined;
}

function linesWhile(lines: readonly string[], from: number, fits: (line: string) => boolean): string[] {
  const end = lines.findIndex((line, i) => i >= from && !fits(line));
  return lines.slice(from, end < 0 ? lines.length : end);
}
