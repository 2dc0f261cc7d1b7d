/** Calls with the value that they should give: `f(1, 2) -> 3`, `f(1) == 2`, `f(1) returns 2`, in a line of their own or a sentence. */
import { equalLiterals } from '../../sandbox/python-literal';
import { leadingValue, toExample, type Example, type Found } from './example';
import type { Subject } from './subject';

const NAME = /(?<![\w.'"])[A-Za-z_]\w*\(/g;
const LEADS_TO =
  /^`?\s*(==>|=>|-+>|➞|→|➝|==|=|#\s*(?:=>|->|➞|returns?)|(?:should |must |will )?(?:returns?|equals?|be|is)\b)\s*`?/;
const LONGEST_CALL_LINES = 24;

/** The examples in one line. An equation counts where it is about the function that is asked for. */
export function calls(lines: readonly string[], at: number, subject: Subject | undefined): Found {
  const { line, next } = wholeLine(lines, at);
  const examples: Example[] = [];
  let from = 0;
  for (const { index } of line.matchAll(NAME)) {
    const end = index < from ? -1 : endOfCall(line, index);
    const call = line.slice(index, Math.max(index, end));
    if (!hasLiteralArguments(call)) continue;
    from = end;
    const example = withValue(call, line.slice(end), subject);
    if (example) examples.push(example);
  }
  return { examples, next };
}

function withValue(call: string, after: string, subject: Subject | undefined): Example | undefined {
  const [connector = '', sign] = LEADS_TO.exec(after) ?? [];
  const equation = sign === '=';
  if (!connector || (equation && subject?.name !== nameOf(call))) return undefined;
  const found = leadingValue(after.slice(connector.length));
  return found && toExample(call, found.value, equation ? { equation } : {});
}

/** A line that begins with a call goes on until its brackets close. */
function wholeLine(lines: readonly string[], at: number): { line: string; next: number } {
  let line = lines[at]!;
  if (/^[-*`\s]*[A-Za-z_]\w*\(/.test(line)) {
    for (let next = at + 1; next < Math.min(lines.length, at + LONGEST_CALL_LINES) && depthOf(line) > 0; next++) {
      line += `\n${lines[next]!}`;
      if (depthOf(line) === 0) return { line, next: next + 1 };
    }
  }
  return { line: lines[at]!, next: at + 1 };
}

function nameOf(call: string): string {
  return call.slice(0, call.indexOf('('));
}

/** `f(x)` speaks of some x: only values can be executed. */
function hasLiteralArguments(call: string): boolean {
  return call !== '' && areLiterals(call.slice(call.indexOf('(') + 1, -1).replace(/(^|,)\s*\w+\s*=(?!=)/g, '$1'));
}

/** Whether these are values with commas between them, or nothing. */
export function areLiterals(list: string): boolean {
  return equalLiterals(`[${list}]`, `[${list}]`) !== undefined;
}

/** Where the call that begins here ends; -1 when its brackets do not close. */
function endOfCall(text: string, from: number): number {
  const found = brackets(text.slice(from)).find(({ depth }) => depth === 0);
  return found ? from + found.end : -1;
}

/** How many brackets are open at the end; below zero when more were closed. */
export function depthOf(text: string): number {
  return brackets(text).pop()?.depth ?? 0;
}

/** All brackets outside of quotes: how many are open after each, and where it ends. */
function brackets(text: string): { depth: number; end: number }[] {
  let depth = 0;
  return [...text.matchAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|[([{]|[)\]}]/g)]
    .filter(([sign]) => sign.length === 1)
    .map(({ 0: sign, index }) => ({ depth: (depth += '([{'.includes(sign) ? 1 : -1), end: index + 1 }));
}
