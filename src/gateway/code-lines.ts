/** Tracks code in streamed Markdown text: fences, and inline code within a line. Linear in the text. */

/** Of longer lines, only the start and the end are kept. UTF-16 units. */
const KEPT = 400;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;

export class CodeLines {
  /** The marker of the open fence. */
  private fence: string | undefined;
  /** Start and end of the current line, and the number of backticks in it. */
  private head = '';
  private tail = '';
  private backticks = 0;

  /** Processes a piece of the text. */
  take(piece: string): void {
    let from = 0;
    for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', from)) {
      this.grow(piece.slice(from, end));
      this.endLine();
      from = end + 1;
    }
    this.grow(piece.slice(from));
  }

  /** The text before the current position on its line, or its last part. */
  get before(): string {
    return this.tail;
  }

  get isInCode(): boolean {
    return this.fence !== undefined || FENCE.test(this.head) || this.backticks % 2 === 1;
  }

  get isInFence(): boolean {
    return this.fence !== undefined;
  }

  private grow(part: string): void {
    if (!part) return;
    if (this.head.length < KEPT) this.head += part.slice(0, KEPT);
    this.tail = (this.tail + part).slice(-KEPT);
    for (let at = part.indexOf('`'); at >= 0; at = part.indexOf('`', at + 1)) this.backticks++;
  }

  private endLine(): void {
    const [, mark] = FENCE.exec(this.head) ?? [];
    if (mark) this.takeFence(mark);
    this.head = '';
    this.tail = '';
    this.backticks = 0;
  }

  private takeFence(mark: string): void {
    if (this.fence === undefined) this.fence = mark;
    else if (mark[0] === this.fence[0] && mark.length >= this.fence.length) this.fence = undefined;
  }
}
