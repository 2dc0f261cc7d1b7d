// Converts tokens to text, one token at a time. Holds back an incomplete UTF-8 character and, only if the request has stop strings, the
// few characters that could be the start of one.
import type { Token } from './language-model';

/** A UTF-8 character spans at most four byte tokens. If it is still incomplete, the model really wrote U+FFFD. */
const MAX_HELD_TOKENS = 4;

/** The growing text of one answer. */
export interface AnswerText {
  /** Adds a token; returns the text that is now certain. */
  push(token: Token): string;
  /** Adds text that needs no decoding (the new part of a token at a joint). */
  pushText(text: string): string;
  /** Returns the rest, if the answer ended without a stop string; an incomplete character is dropped. */
  flush(): string;
  /** Whether a stop string was found; no text follows it. */
  readonly isStopped: boolean;
}

/** Creates an empty answer. */
export function createAnswerText(
  detokenize: (tokens: readonly Token[]) => string,
  stop: readonly string[],
): AnswerText {
  const words = stop.map((word) => new StopWord(word));
  let undecoded: Token[] = [];
  let held = '';
  let isStopped = false;

  function pushText(text: string): string {
    if (isStopped) return '';
    const before = held.length;
    held += text;
    const stops = words.map((word) => before + (word.startIn(text) ?? Infinity));
    const stopAt = Math.min(...stops);
    isStopped = stopAt < Infinity;
    const certain = held.slice(0, isStopped ? stopAt : held.length - Math.max(0, ...words.map(({ begun }) => begun)));
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

/** Searches a text for a stop string, inspecting each character once (Knuth, Morris and Pratt). */
class StopWord {
  /** How many characters of the word the text so far ends with. */
  begun = 0;
  /** For each prefix length, the length of the longest shorter prefix that it ends with. */
  private readonly shorter: number[] = [0, 0];

  constructor(private readonly word: string) {
    for (let i = 1; i < word.length; i++) this.shorter.push(this.extend(this.shorter[i]!, word[i]!));
  }

  /** Returns where the word that ends in this piece starts, relative to the piece's start; undefined if none ends in it. */
  startIn(piece: string): number | undefined {
    for (let i = 0; i < piece.length; i++) {
      this.begun = this.extend(this.begun, piece[i]!);
      if (this.begun === this.word.length) return i + 1 - this.word.length;
    }
    return undefined;
  }

  private extend(length: number, character: string): number {
    let known = length;
    while (known > 0 && this.word[known] !== character) known = this.shorter[known]!;
    return this.word[known] === character ? known + 1 : 0;
  }
}
