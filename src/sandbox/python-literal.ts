/**
 * Compares two Python values that are written down as text, by Python's rules for `==`: 1 == 1.0 == True, sets and dictionaries in any
 * order. The comparison happens here, where nothing that a program defines can take part in it.
 */

type Literal =
  | { kind: 'number'; text: string; value: number }
  | { kind: 'text'; value: string }
  | { kind: 'none' }
  | { kind: 'list' | 'tuple' | 'set'; items: Literal[] }
  | { kind: 'dict'; entries: [Literal, Literal][] };

/** Whether the two texts write down equal values; undefined when one of them is not a literal. */
export function equalLiterals(got: string, expected: string): boolean | undefined {
  const [a, b] = [read(got), read(expected)];
  return a && b ? equal(a, b) : undefined;
}

/** The literal that the text begins with, and what comes after it; undefined when it begins with something else. */
export function leadingLiteral(text: string): { literal: string; rest: string } | undefined {
  const reader = new Reader(text);
  if (!attempt(() => reader.value())) return undefined;
  return { literal: text.slice(0, reader.end).trim(), rest: text.slice(reader.end) };
}

function read(text: string): Literal | undefined {
  const reader = new Reader(text);
  const value = attempt(() => reader.value());
  return value && reader.atEnd() ? value : undefined;
}

function attempt(readValue: () => Literal): Literal | undefined {
  try {
    return readValue();
  } catch (error) {
    if (error instanceof NotALiteral || error instanceof RangeError) return undefined;
    throw error;
  }
}

function equal(a: Literal, b: Literal): boolean {
  if (a.kind === 'number' && b.kind === 'number') return equalNumbers(a, b);
  if (a.kind === 'text' && b.kind === 'text') return a.value === b.value;
  if (a.kind === 'dict' && b.kind === 'dict') return sameMembers(a.entries, b.entries, equalEntries);
  if ('items' in a && 'items' in b) return a.kind === b.kind && equalItems(a, b);
  return a.kind === b.kind;
}

function equalEntries([key, value]: [Literal, Literal], [other, held]: [Literal, Literal]): boolean {
  return equal(key, other) && equal(value, held);
}

function equalItems({ kind, items }: { kind: string; items: Literal[] }, b: { items: Literal[] }): boolean {
  if (kind === 'set') return sameMembers(items, b.items, equal);
  return items.length === b.items.length && items.every((item, i) => equal(item, b.items[i]!));
}

function equalNumbers(a: { text: string; value: number }, b: { text: string; value: number }): boolean {
  const isWhole = (text: string) => /^-?\d+$/.test(text);
  return isWhole(a.text) && isWhole(b.text) ? BigInt(a.text) === BigInt(b.text) : a.value === b.value;
}

function sameMembers<T>(a: T[], b: T[], same: (one: T, other: T) => boolean): boolean {
  return a.length === b.length && a.every((one) => b.some((other) => same(one, other)));
}

class NotALiteral extends Error {}

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
  True: { kind: 'number', text: '1', value: 1 },
  False: { kind: 'number', text: '0', value: 0 },
  inf: { kind: 'number', text: 'inf', value: Infinity },
  '-inf': { kind: 'number', text: '-inf', value: -Infinity },
};

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  /** Where what was read ends. */
  get end(): number {
    return this.at;
  }

  atEnd(): boolean {
    this.skip(/\s*/y);
    return this.at === this.text.length;
  }

  value(): Literal {
    this.skip(/\s*/y);
    const next = this.text[this.at];
    if (next === '[') return { kind: 'list', items: this.items('[', ']') };
    if (next === '(') return this.tuple();
    if (next === '{') return this.braces();
    if (this.skip(/set\(\)/y)) return { kind: 'set', items: [] };
    const word = this.skip(/None|True|False|-?inf/y);
    if (word) return WORDS[word]!;
    const number = this.skip(/[+-]?(\d[\d_]*\.?[\d_]*|\.\d+)(e[+-]?\d+)?/iy);
    if (number) return toNumber(number);
    return this.texts();
  }

  /** Adjacent strings are one. */
  private texts(): Literal {
    let value = this.string();
    if (value === undefined) throw new NotALiteral();
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

  private tuple(): Literal {
    const start = this.at;
    const items = this.items('(', ')');
    const isGroup = items.length === 1 && !/,\s*\)$/.test(this.text.slice(start, this.at));
    return isGroup ? items[0]! : { kind: 'tuple', items };
  }

  private braces(): Literal {
    const entries: [Literal, Literal][] = [];
    const items: Literal[] = [];
    this.each('{', '}', () => {
      const key = this.value();
      if (this.skip(/\s*:/y)) entries.push([key, this.value()]);
      else items.push(key);
    });
    if (entries.length > 0 && items.length > 0) throw new NotALiteral();
    return items.length > 0 ? { kind: 'set', items } : { kind: 'dict', entries };
  }

  private items(open: string, close: string): Literal[] {
    const items: Literal[] = [];
    this.each(open, close, () => void items.push(this.value()));
    return items;
  }

  private each(open: string, close: string, take: () => void): void {
    this.at += open.length;
    for (;;) {
      this.skip(/\s*/y);
      if (this.text[this.at] === close) break;
      take();
      if (!this.skip(/\s*,/y)) break;
    }
    this.skip(/\s*/y);
    if (this.text[this.at] !== close) throw new NotALiteral();
    this.at += close.length;
  }

  private skip(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (!found) return undefined;
    this.at += found.length;
    return found;
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
