/**
 * Finds a closing tag without an opening one: some servers put the opening tag into the prompt, so that a text starts with thinking and
 * only its end is marked. A tag in code, in quotation marks, after an opening tag or in the middle of a sentence is only mentioned.
 */
import { CodeLines } from './code-lines';
import { lengthWithoutPartialMark } from './thinking-block';
import { createMarkPattern, isLoneClose } from './thinking-tags';

/** Position of the tag in the whole text, UTF-16 units. */
export interface FoundEnd {
  start: number;
  end: number;
}

/** How much text after a tag is enough to decide. UTF-16 units. */
const LOOK_AHEAD = 200;

export class LoneEnd {
  private readonly lines = new CodeLines();
  private readonly marks = createMarkPattern();
  private held = '';
  /** The position at which `held` starts. */
  private at = 0;
  /** Number of unclosed opening tags: those that start a line, and those within this line. */
  private openBlocks = 0;
  private opensOnLine = 0;

  /** `before` is the text that precedes the first piece. */
  constructor(before = '') {
    this.take(before);
  }

  take(piece: string, isLast = false): FoundEnd | undefined {
    this.held += piece;
    for (let mark = this.marks.exec(this.held); mark; mark = this.marks.exec(this.held)) {
      const [word] = mark;
      this.pass(mark.index);
      const after = this.held.slice(word.length);
      if (isLoneClose(word) && this.isFree) {
        if (!isLast && !isDecided(after)) return undefined;
        if (isEnd(this.lines.before, after)) return { start: this.at, end: this.at + word.length };
      }
      this.noteMark(word);
      this.pass(word.length);
    }
    this.pass(isLast ? this.held.length : lengthWithoutPartialMark(this.held));
    return undefined;
  }

  private get isFree(): boolean {
    return !this.lines.isInCode && this.openBlocks === 0 && this.opensOnLine === 0;
  }

  private noteMark(word: string): void {
    if (this.lines.isInCode) return;
    if (isLoneClose(word)) {
      if (this.opensOnLine > 0) this.opensOnLine--;
      else if (this.openBlocks > 0) this.openBlocks--;
    } else if (this.lines.before.trim() === '') this.openBlocks++;
    else this.opensOnLine++;
  }

  /** Drops this many UTF-16 units from the start of the held text. */
  private pass(length: number): void {
    const text = this.held.slice(0, length);
    if (text.includes('\n')) this.opensOnLine = 0;
    this.lines.take(text);
    this.held = this.held.slice(length);
    this.at += length;
    this.marks.lastIndex = 0;
  }
}

/** Whether enough text follows the tag to decide. */
function isDecided(after: string): boolean {
  return /\S/.test(after) || after.includes('\n') || after.length > LOOK_AHEAD;
}

const OPENS_QUOTATION = /["'`“«‘([{]$/;
const ENDS_SENTENCE = /[.!?:;…。！？)\]}*"”]$/;

/** Whether the tag ends the thinking; `before` is the text before it on its line. */
function isEnd(before: string, after: string): boolean {
  if (OPENS_QUOTATION.test(before)) return false;
  const words = before.trimEnd();
  const isLineEnd = /^[^\S\n]*(?:\n|$)/.test(after);
  const goesOn = !isLineEnd && /^[^\S\n]+\p{Ll}/u.test(after);
  if (words.trim() === '' || ENDS_SENTENCE.test(words)) return !goesOn;
  // in the middle of a sentence it is a mention, unless no space separates it from the words on either side
  const sticksBefore = words.length === before.length;
  const sticksAfter = !/^\s/.test(after) && !/^["'`”»’.,;:!?)]/.test(after);
  return sticksBefore && (isLineEnd || sticksAfter);
}
