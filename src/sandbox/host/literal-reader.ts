/** The base class of the literal readers of all languages: a position in a text, and the steps that advance it. */

/** Created once: a long text has many words, and creating a stack trace for each would cost more than reading. */
export const NOT_A_LITERAL = new Error('not a literal');

/** The maximum nesting of brackets. The canonical text of a value copies nested text once per level, so the nesting is bounded. */
const DEEPEST = 100;

/** Undefined if there is no literal, or if it is nested too deeply. */
export function tryRead<T>(readIt: () => T): T | undefined {
  try {
    return readIt();
  } catch (error) {
    if (error === NOT_A_LITERAL || error instanceof RangeError) return undefined;
    throw error;
  }
}

export class LiteralReader {
  protected at = 0;
  private depth = 0;

  constructor(protected readonly text: string) {}

  /** The end of what was read. */
  get end(): number {
    return this.at;
  }

  atEnd(): boolean {
    this.skip(/\s*/y);
    return this.at === this.text.length;
  }

  /** Reads comma-separated items between brackets; returns whether the last one is followed by a comma. */
  protected each(open: string, close: string, take: () => void): boolean {
    if (++this.depth > DEEPEST) throw NOT_A_LITERAL;
    this.at += open.length;
    let hasComma = false;
    for (;;) {
      this.skip(/\s*/y);
      if (this.text[this.at] === close) break;
      take();
      this.skip(/\s*/y);
      hasComma = this.text[this.at] === ',';
      if (!hasComma) break;
      this.at += 1;
    }
    if (this.text[this.at] !== close) throw NOT_A_LITERAL;
    this.at += close.length;
    this.depth -= 1;
    return hasComma;
  }

  protected skip(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (!found) return undefined;
    this.at += found.length;
    return found;
  }
}
