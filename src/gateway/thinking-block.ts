/** Finds the end of a thinking block that a tag has opened. Linear in the text. */
import { CodeLines } from './code-lines';
import { createMarkPattern, isClose, LONGEST_KNOWN_MARK, type ThinkingTag } from './thinking-tags';

/** The characters with which a tag starts. */
const MARK_STARTS = /[<[◁]/;
const QUOTE = /["'`“”«»‘’]/;

/** Returns the length of the text without a trailing part that may be the start of a tag. */
export function lengthWithoutPartialMark(text: string): number {
  const from = Math.max(0, text.length - LONGEST_KNOWN_MARK + 1);
  const start = text.slice(from).search(MARK_STARTS);
  return start < 0 ? text.length : from + start;
}

/** `rest` is the text after the block, set once it has ended. */
export interface BlockPart {
  thinking: string;
  rest?: string;
}

/**
 * The first closing tag ends the block, unless it is quoted, is in a code fence, matches an opening tag on the same line or is another
 * vendor's: thinking about tags quotes them. If no closing tag follows, the last of these doubtful ones was the end after all.
 */
export class ThinkingBlock {
  private readonly lines = new CodeLines();
  private readonly marks = createMarkPattern();
  private held = '';
  private opensOnLine = 0;
  /** The text after the last doubtful closing tag. */
  private sinceDoubtful: string[] | undefined;

  constructor(private readonly tag: ThinkingTag) {}

  take(piece: string, isLast = false): BlockPart {
    const text = this.held + piece;
    let from = 0;
    this.held = '';
    for (let mark = this.find(text, from); mark; mark = this.find(text, from)) {
      const end = mark.index + mark[0].length;
      // the next character decides whether the tag is quoted
      if (end === text.length && !isLast) return { thinking: this.pass(text, from, mark.index, text.length) };
      this.note(text.slice(from, mark.index));
      if (this.isEnd(mark[0], text.slice(end, end + 1)))
        return { thinking: text.slice(0, mark.index), rest: text.slice(end) };
      this.note(mark[0], isClose(mark[0]) && !this.isQuoted(mark[0], text.slice(end, end + 1)));
      from = end;
    }
    const safe = isLast ? text.length : Math.max(from, lengthWithoutPartialMark(text));
    return { thinking: this.pass(text, from, safe, text.length) };
  }

  /** Returns the answer if a doubtful closing tag was the end of the thinking. */
  answerAfterDoubt(): string | undefined {
    return this.sinceDoubtful?.join('');
  }

  private find(text: string, from: number): RegExpExecArray | null {
    this.marks.lastIndex = from;
    return this.marks.exec(text);
  }

  /** Records the new text up to `safe` and holds back the rest. */
  private pass(text: string, from: number, safe: number, end: number): string {
    this.note(text.slice(from, safe));
    this.held = text.slice(safe, end);
    return text.slice(0, safe);
  }

  private isEnd(mark: string, next: string): boolean {
    const isOwn = this.tag.closes.includes(mark.toLowerCase());
    return isOwn && !this.lines.isInFence && this.opensOnLine === 0 && !this.isQuoted(mark, next);
  }

  private isQuoted(_mark: string, next: string): boolean {
    return QUOTE.test(this.lines.before.slice(-1)) && QUOTE.test(next);
  }

  private note(text: string, isDoubtfulEnd = false): void {
    if (isDoubtfulEnd) {
      this.sinceDoubtful = [];
      this.opensOnLine = Math.max(0, this.opensOnLine - 1);
    } else {
      this.sinceDoubtful?.push(text);
      if (this.tag.opens.includes(text.toLowerCase())) this.opensOnLine++;
    }
    if (text.includes('\n')) this.opensOnLine = 0;
    this.lines.take(text);
  }
}
