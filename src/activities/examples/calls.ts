/** Calls with the value that they should give: `f(1, 2) -> 3`, `f(1) == 2`, `f(1) returns 2`, in a line of their own or a sentence. */
import { leadingArguments, type Argument } from '../../sandbox/python-literal';
import { isDoubtful, rightValue } from './demand';
import { leadingValue, toExample, type Example, type Found } from './example';
import type { Subject } from './subject';

const NAME = /(?<![\w.'"/$])[A-Za-z_]\w*\(/g;
const DEMANDS = '(?:should|must|will|to) ';
const DEMAND = new RegExp(`^${DEMANDS}`);
const LEADS_TO = new RegExp(
  String.raw`^[${'`'}*]{0,3}\s*(==>|=>|-+>|➞|→|➝|==|=|#\s*(?:=>|->|➞|returns?)|(?:${DEMANDS})?(?:(?:return|equal|give|yield|produce)s?|be|is)\b)\s*[${'`'}*]{0,3}`,
);
/** `close() -> None` tells the type of a result, as in a definition. */
const SIGNATURE = /^\w+\(\s*(?:\)|\w+\s*=)/;
/** After `print(f(1)`. */
const PRINTS = /^\)\s*#\s*(?:=>|->|➞|(?:returns?|prints?|outputs?):?\s)?\s*/;
const LONGEST_CALL_LINES = 24;

/** The examples in one line. An equation counts where it is about the function that is asked for. */
export function calls(lines: readonly string[], at: number, subject: Subject | undefined): Found {
  const { line, next } = wholeLine(lines, at);
  const examples = callsIn(line).flatMap(({ index, call }) => withValue(line, index, call, subject) ?? []);
  return { examples, next };
}

export interface Call {
  name: string;
  given: Argument[];
  /** As it is written, and where. */
  call: string;
  index: number;
}

/** `f(x)` speaks of some x: only calls with values can be executed. One inside of another is a part of it. */
export function callsIn(text: string): Call[] {
  return callsWith(text, leadingArguments);
}

/** The same for a language whose lists of arguments are read so. */
export function callsWith<List extends { end: number }>(
  text: string,
  read: (text: string) => List | undefined,
): (Omit<Call, 'given'> & Omit<List, 'end'>)[] {
  const found = [];
  let from = 0;
  for (const { 0: opening, index } of text.matchAll(NAME)) {
    const start = index + opening.length - 1;
    const list = index < from ? undefined : read(text.slice(start));
    if (!list) continue;
    const { end, ...more } = list;
    from = start + end;
    found.push({ name: opening.slice(0, -1), ...more, call: text.slice(index, from), index });
  }
  return found;
}

function withValue(line: string, index: number, call: string, subject: Subject | undefined): Example | undefined {
  const after = line.slice(index + call.length);
  const prints = line.slice(0, index).endsWith('print(') ? PRINTS.exec(after) : null;
  if (prints) return withOutput(call, rightValue(after.slice(prints[0].length)));
  return withResult(call, after, subject, isDoubtful(line, index));
}

function withResult(call: string, after: string, subject: Subject | undefined, doubtful: boolean): Example | undefined {
  const [connector, sign = ''] = LEADS_TO.exec(after) ?? [''];
  const expected = after.slice(connector.length);
  const value = DEMAND.test(sign) ? leadingValue(expected)?.value : rightValue(expected, doubtful);
  if (!connector || value === undefined || isOther(call, sign, value, subject)) return undefined;
  return toExample(call, value, sign === '=' ? { equation: true } : {});
}

/** An equation of another function is mathematics, and a signature no example. */
function isOther(call: string, sign: string, value: string, subject: Subject | undefined): boolean {
  if (sign === '=') return !subject || !call.startsWith(`${subject.name}(`);
  return sign === '->' && value === 'None' && SIGNATURE.test(call);
}

/** What is printed shows no quotes: where there are some, the comment speaks of the result. */
function withOutput(call: string, value: string | undefined): Example | undefined {
  return value === undefined ? undefined : toExample(/^['"]/.test(value) ? call : `print(${call})`, value);
}

/** A line that begins with a call goes on until its brackets close. */
export function wholeLine(lines: readonly string[], at: number): { line: string; next: number } {
  const first = lines[at]!;
  let depth = /^[-*`\s]*(?:assert\s)?\s*[A-Za-z_]\w*\(/.test(first) ? depthOf(first) : 0;
  for (let next = at + 1; depth > 0 && next < Math.min(lines.length, at + LONGEST_CALL_LINES); next++) {
    depth += depthOf(lines[next]!);
    if (depth === 0) return { line: lines.slice(at, next + 1).join('\n'), next: next + 1 };
  }
  return { line: first, next: at + 1 };
}

/** How many of the brackets outside of quotes are open at the end; below zero when more were closed. */
export function depthOf(text: string): number {
  const signs = text.match(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|[([{]|[)\]}]/g) ?? [];
  return signs.reduce((depth, sign) => depth + ('([{'.includes(sign) ? 1 : ')]}'.includes(sign) ? -1 : 0), 0);
}
