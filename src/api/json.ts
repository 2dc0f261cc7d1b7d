/** Parses JSON that callers send, with limits. */
import { ApiError } from './errors';

/** Parsed values are traversed recursively: deep nesting must not overflow the stack. */
export const DEPTH_LIMIT = 100;

/** Millions of small values take seconds to parse, even if the text is short. */
const VALUES_LIMIT = 200_000;

/** `__proto__` as a key, possibly with escaped letters. */
const MAY_NAME_PROTOTYPE = /__proto__|\\u00(?:5f|6f|7[024])/i;

/** Throws {@link ApiError}; `what` names the text in the error message. Keys called `__proto__` are dropped. */
export function parseJson(text: string, what: 'body' | 'frame'): unknown {
  const excess = findExcess(text);
  if (excess) throw new ApiError('INVALID_JSON', `The ${what} ${excess}.`);
  try {
    return JSON.parse(text, MAY_NAME_PROTOTYPE.test(text) ? dropPrototype : undefined) as unknown;
  } catch {
    throw new ApiError('INVALID_JSON', `The ${what} is not JSON.`);
  }
}

function dropPrototype(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Returns the limit that a text exceeds, if any. */
function findExcess(text: string): string | undefined {
  let depth = 0;
  let values = 1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = findClosingQuote(text, i);
    else if (code === COMMA) values++;
    else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) depth--;
    else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
      depth++;
      values++;
    }
    if (depth > DEPTH_LIMIT) return `is nested deeper than ${DEPTH_LIMIT} levels`;
    if (values > VALUES_LIMIT) return `holds more than ${VALUES_LIMIT} values`;
  }
  return undefined;
}

/** The position of the closing quote; the end of the text if the string is not closed. */
function findClosingQuote(text: string, opening: number): number {
  let quote = text.indexOf('"', opening + 1);
  while (quote >= 0 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote < 0 ? text.length : quote;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}
