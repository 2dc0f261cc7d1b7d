/** What the readers of all languages' literals share: a place in a text, and the steps that lead on from there. */

/** Made once: a long text has many words, and a trace of each would cost more than the reading. */
export const NOT_A_LITERAL = new Error('not a literal');

/** Undefined when there is no literal, or one that is nested too deeply. */
export function attempt<T>(readIt: () => T): T | undefined {
  try {
    return readIt();
  } catch (error) {
    if (error === NOT_A_LITERAL || error instanceof RangeError) return undefined;
    throw error;
  }
}

export class LiteralReader {
  protected at = 0;

  constructor(protected readonly text: string) {}

  /** Where what was read ends. */
  get end(): number {
    return this.at;
  }

  atEnd(): boolean {
    this.skip(/\s*/y);
    return this.at === this.text.length;
  }

  /** What stands between brackets, separated by commas. */
  protected each(open: string, close: string, take: () => void): void {
    this.at += open.length;
    for (;;) {
      this.skip(/\s*/y);
      if (this.text[this.at] === close) break;
      take();
      if (!this.skip(/\s*,/y)) break;
    }
    this.skip(/\s*/y);
    if (this.text[this.at] !== close) throw NOT_A_LITERAL;
    this.at += close.length;
  }

  protected skip(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (!found) return undefined;
    this.at += found.length;
    return found;
  }
}
