/**
 * Compares two Python values in source form with the rules of Python's `==`: 1 == 1.0 == True, sets and dictionaries in any order. The
 * comparison happens in the parent, where nothing that a program defines can influence it.
 */
import { tryRead, LiteralReader, NOT_A_LITERAL } from './literal-reader';

export type Literal =
  | { kind: 'number'; text: string; value: number; word?: 'True' | 'False' }
  | { kind: 'text'; value: string }
  | { kind: 'none' }
  | { kind: 'list' | 'tuple' | 'set'; items: Literal[] }
  | { kind: 'dict'; entries: [Literal, Literal][] };

/** Whether the two texts denote equal values; undefined if one of them is not a literal. */
export function equalLiterals(got: string, expected: string): boolean | undefined {
  const [a, b] = [canonical(got), canonical(expected)];
  return a !== undefined && b !== undefined ? a === b : undefined;
}

/** The literal at the beginning of the text, and the rest; undefined if there is none. */
export function leadingLiteral(text: string): { literal: string; rest: string } | undefined {
  const reader = new Reader(text);
  if (!tryRead(() => reader.value())) return undefined;
  return { literal: text.slice(0, reader.end).trim(), rest: text.slice(reader.end) };
}

/** An argument of a call; the name is empty for a positional one. */
export interface Argument {
  name: string;
  value: Literal;
}

/** The possible beginnings of literal arguments. Most calls in a text have other arguments, and throwing for each of them would be slow. */
const FIRST_ARGUMENT = /\(\s*(?:[[({'"+\-.\d)]|None\b|True\b|False\b|inf\b|set\(|\w+\s*=)/y;

/** The arguments at the beginning of the text, with their end, which includes the brackets. */
export function leadingArguments(text: string): { given: Argument[]; end: number } | undefined {
  FIRST_ARGUMENT.lastIndex = 0;
  if (!FIRST_ARGUMENT.test(text)) return undefined;
  const reader = new Reader(text);
  const given = tryRead(() => reader.arguments());
  return given && { given, end: reader.end };
}

/**
 * A canonical text, which is the same for equal values; undefined for anything that is not a literal. Floats are compared to twelve digits.
 */
export function canonical(text: string): string | undefined {
  return tryRead(() => plain(read(text)));
}

function read(text: string): Literal {
  const reader = new Reader(text);
  const value = reader.value();
  if (!reader.atEnd()) throw NOT_A_LITERAL;
  return value;
}

/** The canonical text: the same for equal values, different for others. */
function plain(value: Literal): string {
  if (value.kind === 'number') return plainNumber(value);
  if (value.kind === 'text') return JSON.stringify(value.value);
  if (value.kind === 'none') return value.kind;
  if (value.kind === 'dict') {
    const entries = new Map(value.entries.map(([key, held]) => [plain(key), plain(held)]));
    return `dict[${[...entries].map((entry) => entry.join(':')).sort()}]`;
  }
  const items = value.items.map(plain);
  return `${value.kind}[${value.kind === 'set' ? [...new Set(items)].sort() : items}]`;
}

/** The number of significant digits of a float that are compared: further ones depend on the order of a calculation. */
const DIGITS = 12;

/** Integers of any length are exact, and 2.0 counts as an integer. */
function plainNumber({ text, value }: { text: string; value: number }): string {
  if (/^-?\d+$/.test(text)) return text.replace(/^(-?)0+(?=\d)/, '$1').replace(/^-0$/, '0');
  return Number.isInteger(value) ? String(BigInt(value)) : String(Number(value.toPrecision(DIGITS)));
}

const ESCAPES: Record<string, string> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '0': '\0',
};
const WORDS: Record<string, Literal> = {
  None: { kind: 'none' },
  True: { kind: 'number', text: '1', value: 1, word: 'True' },
  False: { kind: 'number', text: '0', value: 0, word: 'False' },
  inf: { kind: 'number', text: 'inf', value: Infinity },
  '-inf': { kind: 'number', text: '-inf', value: -Infinity },
};

class Reader extends LiteralReader {
  value(): Literal {
    this.skip(/\s*/y);
    const next = this.text[this.at];
    if (next === '[') return this.list();
    if (next === '(') return this.tuple();
    if (next === '{') return this.braces();
    if (this.skip(/set\(\)/y)) return { kind: 'set', items: [] };
    const word = this.skip(/None|True|False|-?inf/y);
    if (word) return WORDS[word]!;
    const number = this.skip(/[+-]?(?:\d[\d_]*(?:\.[\d_]*)?|\.\d+)(?:e[+-]?\d+)?/iy);
    if (number) return toNumber(number);
    return this.texts();
  }

  arguments(): Argument[] {
    const given: Argument[] = [];
    this.each('(', ')', () => {
      const name = /\w*/.exec(this.skip(/\w+\s*=(?!=)/y) ?? '')![0];
      given.push({ name, value: this.value() });
    });
    return given;
  }

  /** Concatenates adjacent strings. */
  private texts(): Literal {
    let value = this.string();
    if (value === undefined) throw NOT_A_LITERAL;
    for (let more = this.string(); more !== undefined; more = this.string()) value += more;
    return { kind: 'text', value };
  }

  private string(): string | undefined {
    this.skip(/\s*/y);
    const quoted = this.skip(/'''[^]*?'''|"""[^]*?"""|'(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*"/y);
    if (!quoted) return undefined;
    const width = /^('''|""")/.test(quoted) ? 3 : 1;
    return quoted.slice(width, -width).replace(/\\(x[\da-f]{2}|u[\da-f]{4}|U[\da-f]{8}|[^])/gi, unescape);
  }

  private list(): Literal {
    const items: Literal[] = [];
    this.each('[', ']', () => void items.push(this.value()));
    return { kind: 'list', items };
  }

  private tuple(): Literal {
    const items: Literal[] = [];
    const hasComma = this.each('(', ')', () => void items.push(this.value()));
    return items.length === 1 && !hasComma ? items[0]! : { kind: 'tuple', items };
  }

  private braces(): Literal {
    const entries: [Literal, Literal][] = [];
    const items: Literal[] = [];
    this.each('{', '}', () => {
      const key = this.value();
      if (this.skip(/\s*:/y)) entries.push([key, this.value()]);
      else items.push(key);
    });
    if (entries.length > 0 && items.length > 0) throw NOT_A_LITERAL;
    return items.length > 0 ? { kind: 'set', items } : { kind: 'dict', entries };
  }
}

function toNumber(number: string): Literal {
  const text = number.replaceAll('_', '').replace(/^\+/, '');
  return { kind: 'number', text, value: Number(text) };
}

function unescape(_whole: string, escape: string): string {
  if (/^[xuU]./.test(escape)) return String.fromCodePoint(parseInt(escape.slice(1), 16));
  return escape === '\n' ? '' : (ESCAPES[escape] ?? `\\${escape}`);
}
