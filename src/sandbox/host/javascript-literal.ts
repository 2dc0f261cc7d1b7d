/**
 * Compares two JavaScript values in source form. This is a deep comparison with the tolerance of JSON: an undefined property equals an
 * absent one, and nested values that JSON cannot represent equal null.
 */
import { tryRead, LiteralReader, NOT_A_LITERAL } from './literal-reader';

/** Whether the two texts denote equal values; undefined if one of them is not a literal. */
export function equalValues(got: string, expected: string): boolean | undefined {
  const [a, b] = [canonical(got), canonical(expected)];
  return a !== undefined && b !== undefined ? a === b : undefined;
}

/** The literal at the beginning of the text, and the rest; undefined if there is none. */
export function leadingJavaScript(text: string): { literal: string; rest: string } | undefined {
  const reader = new Reader(text);
  if (tryRead(() => reader.value()) === undefined) return undefined;
  return { literal: text.slice(0, reader.end).trim(), rest: text.slice(reader.end) };
}

/** The possible beginnings of literal arguments. Most calls in a text have other arguments, and throwing for each of them would be slow. */
const FIRST_ARGUMENT = /\(\s*(?:[[{'"`+\-.\d)]|(?:true|false|null|undefined|NaN|Infinity)\b)/y;

/** The end of the argument list at the beginning of the text, including brackets; undefined if an argument is not a literal. */
export function leadingJavaScriptArguments(text: string): { end: number } | undefined {
  FIRST_ARGUMENT.lastIndex = 0;
  if (!FIRST_ARGUMENT.test(text)) return undefined;
  const reader = new Reader(text);
  return tryRead(() => reader.arguments()) && { end: reader.end };
}

function canonical(text: string): string | undefined {
  return tryRead(() => {
    const reader = new Reader(text);
    const value = reader.value();
    if (!reader.atEnd()) throw NOT_A_LITERAL;
    return value;
  });
}

/** The number of significant digits that are compared, as for Python's floats; safe integers are compared exactly. */
const DIGITS = 12;
const WITHOUT_JSON: ReadonlySet<string> = new Set(['undefined', 'NaN', 'Infinity', '-Infinity']);
const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', '0': '\0', '\n': '' };

/** Reads each value into a canonical text, which is the same for equal values. */
class Reader extends LiteralReader {
  value(): string {
    this.skip(/\s*/y);
    const next = this.text[this.at];
    if (next === '[') return this.array();
    if (next === '{') return this.object();
    const word = this.skip(/(?:true|false|null|undefined|NaN|-?Infinity)(?![\w$])/y);
    if (word) return word;
    const number = this.skip(/[+-]?(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?(?![\w$])/iy);
    if (number) return toText(Number(number.replaceAll('_', '')));
    return JSON.stringify(this.string());
  }

  arguments(): true {
    if (this.text[this.at] !== '(') throw NOT_A_LITERAL;
    this.each('(', ')', () => void this.value());
    return true;
  }

  private array(): string {
    const items: string[] = [];
    this.each('[', ']', () => void items.push(this.held()));
    return `[${items.join()}]`;
  }

  private object(): string {
    const entries = new Map<string, string>();
    this.each('{', '}', () => {
      const key = this.skip(/[A-Za-z_$][\w$]*|\d+/y) ?? this.string();
      if (!this.skip(/\s*:/y)) throw NOT_A_LITERAL;
      this.skip(/\s*/y);
      if (this.skip(/undefined(?![\w$])/y)) entries.delete(key);
      else entries.set(key, this.held());
    });
    return `{${[...entries].map(([key, value]) => `${JSON.stringify(key)}:${value}`).sort()}}`;
  }

  /** Nested values leave the interpreter as JSON. */
  private held(): string {
    const value = this.value();
    return WITHOUT_JSON.has(value) ? 'null' : value;
  }

  private string(): string {
    const quoted = this.skip(/'(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*"|`(?:[^`\\$]|\\[^]|\$(?!\{))*`/y);
    if (!quoted) throw NOT_A_LITERAL;
    return quoted.slice(1, -1).replace(/\\(x[\da-f]{2}|u[\da-f]{4}|u\{[\da-f]{1,6}\}|[^])/gi, unescape);
  }
}

function toText(value: number): string {
  return String(Number.isSafeInteger(value) ? value : Number(value.toPrecision(DIGITS)));
}

function unescape(_whole: string, escape: string): string {
  if (/^[xu]./i.test(escape)) return String.fromCodePoint(parseInt(escape.replace(/[xu{}]/gi, ''), 16));
  return ESCAPES[escape] ?? escape;
}
