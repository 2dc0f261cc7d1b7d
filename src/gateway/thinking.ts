/**
 * Removes the thinking from a text while it streams. Thinking is at the start, between tags (`thinking-tags.ts`) or before a lone closing
 * tag. A later tag is part of the answer, which may mention tags. Other text is passed on immediately.
 */
import { LoneEnd } from './lone-end';
import { ThinkingBlock } from './thinking-block';
import { createPattern, readBeginning, type ThinkingTag } from './thinking-tags';

export interface ThinkingSink {
  onText(text: string): void;
  onThinking(text: string): void;
  /** All text passed on so far, and the text before it, was thinking; `thinking` is the whole of it. */
  onRetract(thinking: string): void;
}

export interface ThinkingOptions {
  /** The text that this stream continues: no thinking starts in the middle of it. */
  before?: string;
  /** The model starts a new answer and was told to continue text that readers already have; a lone closing tag may be part of that text. */
  goesOn?: boolean;
}

/** White space and invisible characters. */
const BLANK_START = /^[\s\u200b\u2060\ufeff]*/;

export class ThinkingFilter {
  private state: 'beginning' | 'thinking' | 'answer';
  /** White space before the held text, which may become the start of a tag. */
  private lead = '';
  private held = '';
  private hasThought = false;
  private hasShownThinking = false;
  private block: ThinkingBlock | undefined;
  private tag: ThinkingTag | undefined;
  /** Set while a lone closing tag may still come: its detector, and all text so far. */
  private loneEnd: LoneEnd | undefined;
  private pieces: string[] = [];
  private isShown: boolean;
  private end: AnswerEnd | undefined;

  constructor(
    private readonly sink: ThinkingSink,
    { before = '', goesOn = false }: ThinkingOptions = {},
  ) {
    this.isShown = before !== '';
    this.state = before ? 'answer' : 'beginning';
    this.pieces = [before];
    if (!goesOn) this.loneEnd = new LoneEnd(before);
  }

  take(piece: string): void {
    if (piece === '') return;
    if (this.state === 'beginning') this.takeBeginning(piece);
    else if (this.state === 'thinking') this.takeThinking(piece);
    else this.takeAnswer(piece);
  }

  /** Call this when the stream has ended successfully; `isWhole` is false if it was cut off at a limit. */
  finish(isWhole: boolean): void {
    if (this.state === 'thinking') this.finishThinking(isWhole);
    if (this.state === 'beginning') {
      if (this.held) this.beginAnswer();
      else if (!this.hasThought) this.pass(this.lead);
      this.lead = '';
    }
    const found = this.loneEnd?.take('', true);
    if (found) {
      this.retract(found);
      return this.finish(isWhole);
    }
    const rest = this.end?.finish();
    if (rest) this.sink.onText(rest);
  }

  private takeBeginning(piece: string): void {
    const text = this.held + piece;
    const blank = this.held ? 0 : (BLANK_START.exec(text)?.[0].length ?? 0);
    this.lead += text.slice(0, blank);
    this.held = text.slice(blank);
    if (this.held === '') return;
    const beginning = readBeginning(this.held);
    if (beginning === 'maybe') return;
    if (!beginning) return this.beginAnswer();
    const rest = this.held.slice(beginning.length);
    this.tag = beginning.tag;
    this.lead = '';
    this.held = '';
    if (beginning.is === 'thinking') {
      this.block = new ThinkingBlock(beginning.tag);
      this.state = 'thinking';
    }
    this.hasThought = true;
    this.loneEnd = undefined;
    this.take(rest);
  }

  private takeThinking(piece: string): void {
    const { thinking, rest } = this.block!.take(piece);
    this.think(thinking);
    if (rest === undefined) return;
    this.state = 'beginning';
    this.take(rest);
  }

  private finishThinking(isWhole: boolean): void {
    const { thinking, rest } = this.block!.take('', true);
    this.think(thinking);
    const answer = rest ?? (isWhole ? this.block!.answerAfterDoubt() : undefined);
    if (answer === undefined) return;
    this.state = 'beginning';
    this.take(answer);
  }

  /** Of the white space after thinking, only the indentation of the first line is part of the answer. */
  private beginAnswer(): void {
    const text = this.held;
    const lead = this.hasThought ? this.lead.slice(this.lead.lastIndexOf('\n') + 1).replace(/^ $/, '') : this.lead;
    this.lead = '';
    this.held = '';
    this.state = 'answer';
    const closes = this.tag?.answer?.closes;
    this.end = closes && new AnswerEnd(closes);
    this.takeAnswer(lead + text);
  }

  private takeAnswer(piece: string): void {
    if (this.loneEnd) {
      this.pieces.push(piece);
      const found = this.loneEnd.take(piece);
      if (found) return this.retract(found);
    }
    this.pass(this.end ? this.end.take(piece) : piece);
  }

  private pass(text: string): void {
    if (text === '') return;
    this.isShown = true;
    this.sink.onText(text);
  }

  private retract({ start, end }: { start: number; end: number }): void {
    const text = this.pieces.join('');
    const thinking = text.slice(0, start);
    if (this.isShown) {
      this.hasShownThinking = thinking.trim() !== '';
      this.sink.onRetract(thinking);
    } else this.think(thinking);
    this.pieces = [];
    this.loneEnd = undefined;
    this.hasThought = true;
    this.isShown = false;
    this.state = 'beginning';
    this.take(text.slice(end));
  }

  private think(thinking: string): void {
    const text = this.hasShownThinking ? thinking : thinking.trimStart();
    if (text === '') return;
    this.hasShownThinking = true;
    this.sink.onThinking(text);
  }
}

/** Removes all tags that end an answer. The result does not depend on how the text is split into pieces. */
class AnswerEnd {
  private held = '';
  private readonly marks: RegExp;

  constructor(private readonly closes: readonly string[]) {
    this.marks = createPattern(closes);
  }

  take(piece: string): string {
    const text = this.held + piece;
    let from = 0;
    let passed = '';
    for (const mark of text.matchAll(this.marks)) {
      passed += text.slice(from, mark.index);
      from = mark.index + mark[0].length;
    }
    // text before a removed tag is never the start of another tag
    const start = text.lastIndexOf('<');
    const isPartial = start >= from && this.closes.some((close) => close.startsWith(text.slice(start).toLowerCase()));
    this.held = isPartial ? text.slice(start) : '';
    return passed + text.slice(from, isPartial ? start : text.length);
  }

  finish(): string {
    return this.held;
  }
}
