/**
 * Reads the fenced blocks of an answer as CommonMark does, in lists and quotations, with longer fences and tildes. Two common deviations of
 * models are read as they are meant: a fence inside a string or comment of the program does not end the block, and code in a list item may
 * start at the left margin. Pure.
 */
import MarkdownIt from 'markdown-it';
import { readInfo, type Info } from './info';
import { createOpenText } from './open-text';

export interface Fence extends Info {
  text: string;
  /** The last line of the preceding text, if only empty lines are in between. */
  before: string;
}

/** The maximum nesting of lists and quotations. */
const DEEPEST = 20;
/** The maximum number of fences of an answer that may be skipped as part of a string. */
const MOST_PASSED = 20;
/** The indentation from which CommonMark reads a line as indented code. Columns. */
const QUOTED = 4;

type State = MarkdownIt.StateBlock;
const BACKTICK = 0x60;
const TILDE = 0x7e;

const markdown = new MarkdownIt('zero', { maxNesting: DEEPEST });
markdown.enable(['fence', 'code', 'blockquote', 'list', 'heading', 'lheading', 'hr']);
markdown.block.ruler.at('fence', readFence, { alt: ['paragraph', 'reference', 'blockquote', 'list'] });
// the text between the blocks is needed unchanged
markdown.core.ruler.disable(['inline', 'text_join']);

/** Models do not write more lines, and the parser takes some microseconds for each. */
const MOST_LINES = 10_000;

export function listFences(answer: string): Fence[] {
  return readFences(answer.slice(0, endOfLine(answer, MOST_LINES)), DEEPEST);
}

/** The offset after this number of lines. */
function endOfLine(text: string, lines: number): number {
  const ends = /\r\n?|\n/g;
  for (let line = 0; line < lines; line++) if (!ends.test(text)) return text.length;
  return ends.lastIndex;
}

/** A block that CommonMark reads as indented code may contain fences itself. */
function readFences(text: string, deepest: number): Fence[] {
  let before = '';
  return markdown.parse(text, { passed: 0 }).flatMap((token): Fence[] => {
    if (token.type === 'inline') before = cutLastLine(token.content);
    if (token.type !== 'fence' && token.type !== 'code_block') return [];
    const place = before;
    before = '';
    if (token.type === 'fence') return [{ ...readInfo(token.info), text: withoutEnd(token.content), before: place }];
    const [first, ...others] =
      deepest > 0 && /^ *(?:`{3}|~{3})/m.test(token.content) ? readFences(token.content, deepest - 1) : [];
    return first ? [{ ...first, before: first.before || place }, ...others] : [];
  });
}

function cutLastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1).trim();
}

function withoutEnd(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}

/** The markdown-it rule for fences: it follows CommonMark, except for where a fence ends. */
function readFence(state: State, startLine: number, endLine: number, silent: boolean): boolean {
  const opening = readMarks(state, startLine);
  if (!opening || (opening.mark === BACKTICK && opening.rest.includes('`'))) return false;
  if (silent) return true;
  const end = findEnd(state, { startLine, endLine, opening });
  const isClosed = end < endLine && isClosing(state, end, opening);
  state.line = isClosed ? end + 1 : end;
  const token = state.push('fence', 'code', 0);
  token.info = opening.rest;
  token.content = state.getLines(startLine + 1, end, measureIndent(state, startLine, end), true);
  token.markup = String.fromCharCode(opening.mark).repeat(opening.length);
  token.map = [startLine, state.line];
  return true;
}

/** The indentation of a block: that of its fence, or less if a line is to the left of the list item that contains the fence. */
function measureIndent(state: State, startLine: number, end: number): number {
  let indent = state.sCount[startLine]!;
  for (let line = startLine + 1; line < end; line++) {
    if (isOutside(state, line)) indent = Math.min(indent, state.sCount[line]!);
  }
  return indent;
}

interface Marks {
  mark: number;
  length: number;
  rest: string;
}

/** The fence markers at the beginning of a line, if there are any. */
function readMarks(state: State, line: number): Marks | undefined {
  if (state.sCount[line]! - state.blkIndent >= QUOTED) return undefined;
  const [start, max] = [state.bMarks[line]! + state.tShift[line]!, state.eMarks[line]!];
  const mark = state.src.charCodeAt(start);
  if (start >= max || (mark !== BACKTICK && mark !== TILDE)) return undefined;
  const end = state.skipChars(start, mark);
  return end - start < 3 ? undefined : { mark, length: end - start, rest: state.src.slice(end, max) };
}

interface Place {
  startLine: number;
  endLine: number;
  opening: Marks;
}

/** The line of the closing fence, or the line after the last one if there is none, as when an answer was cut off. */
function findEnd(state: State, { startLine, endLine, opening }: Place): number {
  const open = createOpenText(readInfo(opening.rest).language);
  const env = state.env as { passed: number };
  const indent = state.sCount[startLine]!;
  /** The line where CommonMark ends the block. */
  let usual: number | undefined;
  for (let line = startLine + 1; line < endLine; line++) {
    if (isOutside(state, line)) return usual ?? findStrayEnd(state, { startLine: line, endLine, opening });
    if (isClosing(state, line, opening)) {
      if (!open.isOpen()) return line;
      if (env.passed >= MOST_PASSED) return usual ?? line;
      usual ??= line;
      env.passed++;
    }
    open.take(state.getLines(line, line + 1, indent, false));
  }
  return usual ?? endLine;
}

/** Whether a line is to the left of the list item that contains the fence. */
function isOutside(state: State, line: number): boolean {
  return !state.isEmpty(line) && state.sCount[line]! < state.blkIndent;
}

function isClosing(state: State, line: number, { mark, length }: Marks): boolean {
  const marks = readMarks(state, line);
  return marks?.mark === mark && marks.length >= length && marks.rest.trim() === '';
}

/** The closing fence of code that is to the left of its opening fence. If another fence opens before it, the block ends here. */
function findStrayEnd(state: State, { startLine, endLine, opening }: Place): number {
  for (let line = startLine; line < endLine; line++) {
    if (isClosing(state, line, opening)) return line;
    if (readMarks(state, line)) return startLine;
  }
  return startLine;
}
