/** Finds the examples that a request gives: what its author demands of the program, in a form that can be executed. Pure. */
import type { Check } from '../contract/checks';
import { equalLiterals } from '../sandbox/python-literal';

const MOST = 40;
/** `f(1, 2) -> 3`, `f(1) == 2`, `f(1) returns 2`, with a bullet or words before it. */
const ARROW =
  /(?:^|[\s`>*-])([A-Za-z_]\w*\(.*\))`?\s*(?:==>|=>|-+>|➞|→|➝|==|#\s*(?:=>|->|➞|returns?)|(?:should )?(?:returns?|equals?|be|is))\s*`?(.+?)`?$/;

/** A line of a doctest that expects nothing and makes what later lines use. */
const PREPARATION = /^(import |from |\w+\s*=[^=])/;

/** Doctest examples, `assert` lines, and calls with the value that they should give. Of Python only. */
export function examplesOf(request: string): Check[] {
  const lines = request.split('\n').map((line) => line.trim());
  const found: Check[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    if (line.startsWith('>>>')) {
      const { example, next } = doctest(lines, i);
      i = next - 1;
      if (example) found.push(example);
      continue;
    }
    const example = assertion(line) ?? arrow(line);
    if (example) found.push(example);
  }
  const isAsked = about(request);
  const asked = found.filter(({ code }) => isAsked(code));
  return [...new Map(asked.map((check) => [check.name, check])).values()].slice(0, MOST);
}

/** The source of an example, and what the lines after it expect. */
function doctest(lines: string[], at: number): { example?: Check; next: number } {
  const more = linesWhile(lines, at + 1, (line) => line.startsWith('...'));
  const code = [lines[at]!.replace(/^>>>\s?/, ''), ...more.map((line) => line.replace(/^\.\.\.\s?/, ''))].join('\n');
  const wanted = linesWhile(lines, at + 1 + more.length, (line) => line !== '' && !/^(>>>|"""|'''|```)/.test(line));
  const example = toExample(code, wanted.join('\n').replace(/\s*("""|''')$/, ''));
  return { ...(example ? { example } : {}), next: at + 1 + more.length + wanted.length };
}

function toExample(code: string, expected: string): Check | undefined {
  if (!code.trim() || expected.startsWith('Traceback')) return undefined;
  if (expected) return { name: `${code} gives ${expected}`, code, expected };
  return arrow(code) ?? (PREPARATION.test(code) ? { name: code, code } : undefined);
}

function linesWhile(lines: string[], from: number, fits: (line: string) => boolean): string[] {
  const end = lines.findIndex((line, i) => i >= from && !fits(line));
  return lines.slice(from, end < 0 ? lines.length : end);
}

function assertion(line: string): Check | undefined {
  const code = /^[`\s*-]*(assert\s+[^`]+?)`?$/.exec(line)?.[1];
  return code && balanced(code) ? { name: code, code } : undefined;
}

function arrow(line: string): Check | undefined {
  const [, call = '', rest = ''] = ARROW.exec(line) ?? [];
  const expected = rest.replace(/\s*(?:#.*|[.;,])$/, '').trim();
  if (!call || !hasLiteralArguments(call) || equalLiterals(expected, expected) === undefined) return undefined;
  return { name: `${call} gives ${expected}`, code: call, expected };
}

/** A request that writes functions down means those; the examples of others explain something. */
function about(request: string): (code: string) => boolean {
  const defined = [...request.matchAll(/^\s*(?:def|class)\s+(\w+)/gm)].map(([, name = '']) => name);
  if (defined.length === 0) return () => true;
  return (code) => PREPARATION.test(code) || defined.some((name) => new RegExp(`\\b${name}\\b`).test(code));
}

/** `f(x)` speaks of some x: only values can be executed. */
function hasLiteralArguments(call: string): boolean {
  const inner = call.slice(call.indexOf('(') + 1, -1).trim();
  if (inner === '') return true;
  const list = `[${inner.replace(/(^|,)\s*\w+\s*=(?!=)/g, '$1')}]`;
  return equalLiterals(list, list) !== undefined;
}

function balanced(code: string): boolean {
  let depth = 0;
  for (const sign of code.replace(/'[^']*'|"[^"]*"/g, '')) {
    if ('([{'.includes(sign)) depth++;
    if (')]}'.includes(sign) && --depth < 0) return false;
  }
  return depth === 0;
}
