/**
 * Finds lines in which a model declares a value after a requested keyword, as in "VERDICT: PASS". A line counts only if it begins with the
 * keyword and is outside code and quotations, because a reviewer may quote text that contains such lines.
 * Part of the workflow bundle: linear time.
 */
import { readProse, type Prose, type ProseLine } from './prose';

export interface Declaration {
  /** The text after the keyword; empty if there is none, or if the line is too long to be a declaration. */
  value: string;
  /** Offsets of the line and of the value in the text. */
  start: number;
  valueStart: number;
  /** The text begins with this line, as requested. */
  isFirst: boolean;
  /** Not the first line, and in a form that quoted code may also have: a comment, a list item, a line between two fences. */
  isDoubtful: boolean;
}

/** Maximum length of a declaration's line, in characters. */
const LONGEST_LINE = 2000;

/** White space including zero-width characters, and emphasis marks. */
const SPACE = String.raw`\s\u200b-\u200d\u2060\ufeff`;
const EMPHASIS = '*_';
const SEPARATOR = String.raw`(?:[:：=→]|[-=]>|[-\u2010-\u2015\u2212])`;
const HEADING_OR_ITEM = String.raw`(?:#{1,6}|[-*+•]|\d{1,2}[.)])[${SPACE}]{1,4}`;

/** Between keyword and value: a separator or at least a space, then optional emphasis and check marks. */
const BEFORE_VALUE = new RegExp(
  `^[${SPACE}${EMPHASIS}]{0,6}(?:${SEPARATOR}|(?<=[${SPACE}])|$)(?:[${SPACE}${EMPHASIS}✅✔☑]|\\ufe0f){0,6}`,
);

/** Maximum number of lines with the keyword; if there are more, only the first and the last ones are read. */
const MOST_LINES = 50;

/** Finds the lines that begin with a keyword, in order. */
export function findDeclarations(text: string, word: string): Declaration[] {
  const begin = new RegExp(`^[ \\u00a0\\u200b\\ufeff]{0,3}(${HEADING_OR_ITEM})?[${EMPHASIS}]{0,3}${word}`, 'i');
  const prose = readProse(text);
  const found = prose.lines.flatMap(({ line }, i) => (begin.test(line) ? i : []));
  const read = found.length > MOST_LINES ? [found[0]!, ...found.slice(-MOST_LINES)] : found;
  return read.flatMap((i) => {
    const line = prose.lines[i]!;
    const [opening, mark] = begin.exec(line.line)!;
    if (isLetter(line.line.slice(opening.length, opening.length + 2))) return [];
    const isFirst = line.index === 0;
    const isDoubtful = !isFirst && (mark !== undefined || isBetweenFences(line, prose));
    return { ...readValue(line, opening.length, prose.lines[i + 1]), start: line.start, isFirst, isDoubtful };
  });
}

/** The rest of the line; if that is empty, the next line, unless code or a quotation comes between. */
function readValue({ line, start, index }: ProseLine, from: number, next: ProseLine | undefined) {
  const nothing = { value: '', valueStart: start + line.length };
  if (line.length > LONGEST_LINE) return nothing;
  const rest = line.slice(from);
  const before = BEFORE_VALUE.exec(rest)?.[0];
  if (before === undefined) return nothing;
  if (before.length < rest.length)
    return { value: rest.slice(before.length), valueStart: start + from + before.length };
  if (!next || next.index !== index + 1 || next.line.length > LONGEST_LINE) return nothing;
  const indent = /^[\s*_]{0,8}/.exec(next.line)![0].length;
  return { value: next.line.slice(indent), valueStart: next.start + indent };
}

function isBetweenFences({ start }: ProseLine, { fences }: Prose): boolean {
  return start > fences.first && start < fences.last;
}

/** Whether a text begins with a letter or digit of any script. */
function isLetter(text: string): boolean {
  return /^[\p{L}\p{N}\p{M}]/u.test(text);
}
