// Tokens -> text, one token at a time: holds back an incomplete UTF-8 character, and, only when stop strings are asked
// for, the few characters that could be the start of one.
import type { Token } from './language-model';

/** A UTF-8 character spans at most four byte tokens; a longer wait means that U+FFFD is what the model wrote. */
const MAX_HELD_TOKENS = 4;

/** The growing text of one answer. */
export interface AnswerText {
  /** Takes a token, returns the text that became certain by it. */
  push(token: Token): string;
  /** Takes text that needs no decoding (the new part of a token at a joint). */
  pushText(text: string): string;
  /** The rest, when the answer ended without a stop string; an incomplete character is dropped. */
  flush(): string;
  /** Whether a stop string was met; nothing comes after it. */
  readonly isStopped: boolean;
}

/** Creates an empty answer. */
export function createAnswerText(
  detokenize: (tokens: readonly Token[]) => string,
  stop: readonly string[],
): AnswerText {
  let undecoded: Token[] = [];
  let held = '';
  let isStopped = false;

  function pushText(text: string): string {
    if (isStopped) return '';
    held += text;
    const stopAt = firstIndexOfAny(held, stop);
    isStopped = stopAt !== undefined;
    const certain = held.slice(0, stopAt ?? held.length - possibleStopLength(held, stop));
    held = held.slice(certain.length);
    return certain;
  }

  return {
    pushText,
    push(token) {
      undecoded.push(token);
      const text = detokenize(undecoded);
      if (text.endsWith('\uFFFD') && undecoded.length < MAX_HELD_TOKENS) return '';
      undecoded = [];
      return pushText(text);
    },
    flush() {
      const rest = isStopped ? '' : held;
      held = '';
      return rest;
    },
    get isStopped() {
      return isStopped;
    },
  };
}

function firstIndexOfAny(text: string, stop: readonly string[]): number | undefined {
  const found = stop.map((word) => text.indexOf(word)).filter((index) => index >= 0);
  return found.length === 0 ? undefined : Math.min(...found);
}

/** Length of the longest end of `text` with which a stop string could begin. */
function possibleStopLength(text: string, stop: readonly string[]): number {
  const lengths = stop.map((word) => {
    let length = Math.min(word.length - 1, text.length);
    while (length > 0 && !text.endsWith(word.slice(0, length))) length -= 1;
    return length;
  });
  return Math.max(0, ...lengths);
}
