/** Finds calls with their expected value: `f(1, 2) -> 3`, `f(1) == 2`, `f(1) returns 2`, on a separate line or in a sentence. */
import { leadingArguments, type Argument } from '../../sandbox/host/python-literal';
import { isDoubtful, rightValue } from './demand';
import { leadingValue, toExample, type Example, type Found } from './example';
import { QuotedStrings } from './quoted';
import type { Subject } from './subject';

const NAME = /(?<![\w.'"/$])[A-Za-z_]\w*\(/g;
const DEMANDS = '(?:should|must|will|to) ';
const DEMAND = new RegExp(`^${DEMANDS}`);
const LEADS_TO = new RegExp(
  String.raw`^[${'`'}*]{0,3}\s*(==>|=>|-+>|➞|→|➝|==|=|#\s*(?:=>|->|➞|returns?)|(?:${DEMANDS})?(?:(?:return|equal|give|yield|produce)s?|be|is)\b)\s*[${'`'}*]{0,3}`,
);
/** `close() -> None` states the type of a result, as in a definition. */
const SIGNATURE = /^\w+\(\s*(?:\)|\w+\s*=)/;
/** After `print(f(1)`. */
const PRINTS = /^\)\s*#\s*(?:=>|->|➞|(?:returns?|prints?|outputs?):?\s)?\s*/;
const LONGEST_CALL_LINES = 24;
/** A call with longer arguments is not an example that a person has written. UTF-16 units. */
const LONGEST_ARGUMENTS = 2000;
/** Only this much of the text is searched for calls. UTF-16 units. */
const LONGEST_TEXT = 20_000;

/** The examples in one line. An equation counts only if it calls the requested function. */
export function calls(lines: readonly string[], at: number, subject: Subject | undefined): Found {
  const { line, next } = wholeLine(lines, at);
  const examples = callsIn(line).flatMap(({ index, call }) => withValue(line, index, call, subject) ?? []);
  return { examples, next };
}

export interface Call {
  name: string;
  given: Argument[];
  /** The source text of the call. */
  call: string;
  index: number;
}

/** Only calls with literal arguments can be executed: the `x` in `f(x)` has no value. A call inside another call is part of it. */
export function callsIn(text: string): Call[] {
  return callsWith(text, leadingArguments);
}

/** The same for a language with its own reader of argument lists. */
export function callsWith<List extends { end: number }>(
  text: string,
  read: (text: string) => List | undefined,
): (Omit<Call, 'given'> & Omit<List, 'end'>)[] {
  const found = [];
  let from = 0;
  for (const { 0: opening, index } of text.slice(0, LONGEST_TEXT).matchAll(NAME)) {
    const start = index + opening.length - 1;
    const list = index < from ? undefined : read(text.slice(start, start + LONGEST_ARGUMENTS));
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

/** An equation of another function is mathematics, and a signature is not an example. */
function isOther(call: string, sign: string, value: string, subject: Subject | undefined): boolean {
  if (sign === '=') return !subject || !call.startsWith(`${subject.name}(`);
  return sign === '->' && value === 'None' && SIGNATURE.test(call);
}

/** Printed output contains no quotes: if there are some, the comment states the result instead. */
function withOutput(call: string, value: string | undefined): Example | undefined {
  return value === undefined ? undefined : toExample(/^['"]/.test(value) ? call : `print(${call})`, value);
}

/** A line that begins with a call continues until its brackets close. */
export function wholeLine(lines: readonly string[], at: number): { line: string; next: number } {
  const first = lines[at]!;
  let depth = /^[-*`\s]*(?:assert\s+)?[A-Za-z_]\w*\(/.test(first) ? countDepth(first) : 0;
  for (let next = at + 1; depth > 0 && next < Math.min(lines.length, at + LONGEST_CALL_LINES); next++) {
    depth += countDepth(lines[next]!);
    if (depth === 0) return { line: lines.slice(at, next + 1).join('\n'), next: next + 1 };
  }
  return { line: first, next: at + 1 };
}

/** The number of brackets outside of quotes that are open at the end; negative if more were closed. */
export function countDepth(text: string): number {
  const strings = new QuotedStrings(text);
  const signs = /['"([{)\]}]/g;
  let depth = 0;
  for (let found = signs.exec(text); found; found = signs.exec(text)) {
    const end = strings.endAt(found.index);
    if (end !== undefined) signs.lastIndex = end;
    else if ('([{'.includes(found[0])) depth += 1;
    else if (')]}'.includes(found[0])) depth -= 1;
  }
  return depth;
}
