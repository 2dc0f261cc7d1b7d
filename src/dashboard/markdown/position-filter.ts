/**
 * Passes the text of a debate's voice on without the line in which it declares its position: the page shows that as a chip. Only a first
 * line is a declaration while the text streams; until it is complete, nothing is passed on.
 */
import { readPosition, withoutPosition } from '../../answers/position';
import type { TextListener } from '../state/turn-view';

/** A longer first line is no declaration. UTF-16 units. */
const LONGEST_LINE = 300;

export class PositionFilter implements TextListener {
  private held = '';
  private isPast = false;

  constructor(private readonly next: TextListener) {}

  append(text: string): void {
    if (this.isPast) return this.next.append(text);
    this.held += text;
    const line = this.held.trimStart();
    if (this.held.length > LONGEST_LINE || line.includes('\n') || !mayDeclare(line)) this.release();
  }

  reset(): void {
    this.held = '';
    this.isPast = false;
    this.next.reset();
  }

  resumed(): void {
    this.release();
    this.next.resumed();
  }

  finish(): void {
    this.release();
    this.next.finish();
  }

  private release(): void {
    if (this.isPast) return;
    this.isPast = true;
    const { held } = this;
    this.held = '';
    this.next.append(readPosition(held).stance === null ? held : dropPosition(held));
  }
}

const WORD = 'POSITION';
const KEYWORD = /^[\s#*_]{0,20}POSITION[*_]{0,3}\s?[:=-]?\s?/i;

/** A declaration in other words, as in "POSITION: Yes, we should", keeps its sentence. */
function dropPosition(text: string): string {
  const rest = withoutPosition(text);
  return (rest === text ? text.replace(KEYWORD, '') : rest).trimStart();
}

/** Whether a line that is not complete may be a declaration. */
function mayDeclare(line: string): boolean {
  const letters = line.replace(/[^\p{L}]/gu, '').toUpperCase();
  return letters.length < WORD.length ? WORD.startsWith(letters) : letters.startsWith(WORD);
}
