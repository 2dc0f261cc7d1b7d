/**
 * Separates the prose of a Markdown text from its code and quotations. Part of the workflow bundle: linear time.
 *
 * In case of doubt a line is not prose. The author of quoted code may have inserted marks that end the quotation early, so fences are
 * tracked in two ways, by the rules of CommonMark and by counting, and a line is prose only if both agree.
 */

export interface ProseLine {
  /** The line without its line break, and its offset in the text. */
  line: string;
  start: number;
  /** The number of non-blank lines of any kind before it. */
  index: number;
}

export interface Prose {
  lines: ProseLine[];
  /** Offsets of the first and the last fence: text between them may be code that contains a fence of its own. */
  fences: { first: number; last: number };
}

/** Returns the non-blank lines of prose. Reasoning before the answer (`<think>`) is excluded. */
export function readProse(text: string): Prose {
  const reader = new ProseReader();
  const lines: ProseLine[] = [];
  const fences = { first: Infinity, last: -Infinity };
  let index = 0;
  for (let start = answerStart(text), end; start < text.length; start = end + 1) {
    end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    const line = text.slice(start, end);
    const kind = reader.read(line);
    if (kind === 'fence') {
      fences.first = Math.min(fences.first, start);
      fences.last = start;
    }
    if (kind === 'prose') lines.push({ line, start, index });
    if (kind !== 'blank') index++;
  }
  return { lines, fences };
}

/** The offset after the reasoning at the start of a text; the text's length if the reasoning does not end. */
function answerStart(text: string): number {
  const [opening, name] = /^\s*<(think|thinking|reasoning)>/i.exec(text) ?? [];
  if (!opening) return 0;
  const closing = new RegExp(`</${name}>`, 'i').exec(text);
  return closing ? closing.index + closing[0].length : text.length;
}

type Kind = 'prose' | 'blank' | 'fence' | 'other';

interface Fence {
  /** Columns before the fence mark, including a list item's own mark. */
  column: number;
  isInList: boolean;
  mark: string;
  info: string;
}

const FENCE = /^([ \t]*)((?:(?:[-*+]|\d{1,9}[.)])[ \t]{1,4}){0,4})(`{3,}|~{3,})/;
/** Marks that start or end a quotation, code or reasoning inside a line. */
const MARKS = /`+|"""|'''|["“”„«»]|<!--|-->|<\/?(?:pre|code|blockquote|q|samp|xmp|think|thinking|reasoning)\b/gi;
/** The end marks of elements, comments and text in triple quotes. */
const ENDS = new Map([
  ['"""', '"""'],
  ["'''", "'''"],
  ['<!--', '-->'],
  ...['pre', 'code', 'blockquote', 'q', 'samp', 'xmp', 'think', 'thinking', 'reasoning'].map(
    (name): [string, string] => [`<${name}`, `</${name}`],
  ),
]);
/** A quick test: most lines have no mark, and the full search is slow. */
const HAS_MARK = /[`"'“”„«»<>]/;
const INDENTED_CODE = /^ {0,3}\t|^ {4}/;

/** Tracks which constructs are open at the start of each line. */
class ProseReader {
  /** The fence that is open by the rules of CommonMark, and whether one is open by the count of fences. */
  private fence: Fence | undefined;
  private isOddFence = false;
  private isQuoteBlock = false;
  /** The end mark of the open element, comment or text in triple quotes, which may contain blank lines. */
  private element: string | undefined;
  /** Number of backticks that opened inline code, and whether a quotation is open; both end with the paragraph. */
  private backticks = 0;
  private isQuotation = false;

  read(line: string): Kind {
    const fence = readFence(line);
    if (fence) {
      this.takeFence(fence);
      this.endParagraph();
      return 'fence';
    }
    if (line.trim() === '') {
      this.endParagraph();
      return 'blank';
    }
    if (this.fence || this.isOddFence) return 'other';
    if (/^[ \t]*>/.test(line)) this.isQuoteBlock = true;
    const isProse = !this.isInside && !INDENTED_CODE.test(line);
    if (HAS_MARK.test(line)) this.takeMarks(line);
    return isProse ? 'prose' : 'other';
  }

  /** Whether code or a quotation is open at the start of a line. */
  private get isInside(): boolean {
    return this.isQuoteBlock || this.element !== undefined || this.backticks > 0 || this.isQuotation;
  }

  private endParagraph(): void {
    this.isQuoteBlock = false;
    this.backticks = 0;
    this.isQuotation = false;
  }

  private takeFence(fence: Fence): void {
    this.isOddFence = !this.isOddFence;
    if (!this.fence) {
      if (fence.isInList || fence.column <= 3) this.fence = fence;
      return;
    }
    const { mark, column } = this.fence;
    const isEnd = fence.mark[0] === mark[0] && fence.mark.length >= mark.length && fence.info === '';
    if (isEnd && fence.column <= column + 3) this.fence = undefined;
  }

  private takeMarks(line: string): void {
    MARKS.lastIndex = 0;
    for (let mark = MARKS.exec(line); mark; mark = MARKS.exec(line))
      this.takeMark(line, mark.index, mark[0].toLowerCase());
  }

  private takeMark(line: string, index: number, mark: string): void {
    if (this.element !== undefined) {
      if (mark === this.element) this.element = undefined;
    } else if (mark.startsWith('`')) this.takeBackticks(mark.length, isEscaped(line, index));
    else if (this.backticks === 0) this.takeQuote(mark);
  }

  private takeBackticks(length: number, isFirstEscaped: boolean): void {
    // inside inline code a backslash does not escape
    const run = this.backticks === 0 && isFirstEscaped ? length - 1 : length;
    if (this.backticks === 0) this.backticks = run;
    else if (this.backticks === run) this.backticks = 0;
  }

  private takeQuote(mark: string): void {
    const end = ENDS.get(mark);
    if (end !== undefined) this.element = end;
    else if (mark === '„' || mark === '«') this.isQuotation = true;
    else if (mark === '”' || mark === '»') this.isQuotation = false;
    // “ opens a quotation in English and closes one in German
    else if (mark === '"' || mark === '“') this.isQuotation = !this.isQuotation;
  }
}

function readFence(line: string): Fence | undefined {
  if (!line.includes('```') && !line.includes('~~~')) return undefined;
  const [whole, indent = '', list = '', mark = ''] = FENCE.exec(line) ?? [];
  if (!whole) return undefined;
  const info = line.slice(whole.length).trim();
  // three or more backticks are inline code if the line contains further backticks
  if (mark.startsWith('`') && info.includes('`')) return undefined;
  const column = indent.replaceAll('\t', '    ').length + list.length;
  return { column, isInList: list !== '', mark, info };
}

function isEscaped(line: string, index: number): boolean {
  let backslashes = 0;
  while (line[index - 1 - backslashes] === '\\') backslashes++;
  return backslashes % 2 === 1;
}
