/** Tracks whether a program is inside a string or comment that spans several lines. One pass, only as exact as needed for that. Pure. */
import { findLanguage } from '../../contract/languages';

export interface OpenText {
  /** Processes the next line, without its line end. */
  take(line: string): void;
  isOpen(): boolean;
}

/**
 * Tokens in code: what opens a multi-line string or comment (group 1), a single-line string, or a comment to the end of the line (group 2).
 */
const OPENERS = {
  python: /("""|''')|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|(#)/g,
  javascript: /(\/\*|`)|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|(\/\/)/g,
};
const CLOSERS: Record<string, RegExp> = {
  '"""': /(?:[^"\\]|\\.|"(?!""))*"""/y,
  "'''": /(?:[^'\\]|\\.|'(?!''))*'''/y,
  '/*': /(?:[^*]|\*(?!\/))*\*\//y,
  '`': /(?:[^`\\]|\\.)*`/y,
};
const LOOKS_PYTHON = /^\s*(?:def |class |from |import |@|#|"""|''')/;

/** Creates a tracker for a block in this language; a block without one is read as Python if it looks like Python. */
export function createOpenText(language: string): OpenText {
  let interpreter = findLanguage(language)?.interpreter;
  let open: string | undefined;
  return {
    take(line) {
      if (!language && LOOKS_PYTHON.test(line)) interpreter ??= 'python';
      if (interpreter) open = follow(line, OPENERS[interpreter], open);
    },
    isOpen: () => open !== undefined,
  };
}

/** The string or comment that is open at the end of a line. */
function follow(line: string, openers: RegExp, before: string | undefined): string | undefined {
  let open = before;
  for (let at = 0; ;) {
    const pattern = open === undefined ? openers : CLOSERS[open]!;
    pattern.lastIndex = at;
    const match = pattern.exec(line);
    if (!match || match[2]) return open;
    at = pattern.lastIndex;
    open = open === undefined ? match[1] : undefined;
  }
}
