/**
 * Continues from text that readers already have, so that they see no part of it twice.
 *
 * A model asked to continue after trailing white space tokenises it differently and may repeat it (four spaces of indentation became
 * five, which breaks Python), and some vendors refuse such a message. So the text is sent without trailing white space, and repeated
 * white space is dropped from the output.
 */
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import { REPEAT_FIRST, type Continuation } from '../contract/continuation';
import { GatewayFailure } from '../gateway/failures';

/** The text to send as the start of the answer. */
export function trimPrefix(text: string): string {
  return text.trimEnd();
}

/** How one call continues the text that readers have. */
export interface Continued {
  /** Messages to add after the turn's own. */
  messages: ChatCompletionMessageParam[];
  /** Receives the model's output; passes on what readers do not have yet. */
  take(piece: string): void;
  /** Must be called when the model has finished. */
  finish(): void;
  /** Aborted with {@link ContinuationFailed} if the model does not continue at the right place. */
  signal: AbortSignal;
}

/** The model did not repeat the requested words. */
class ContinuationFailed extends Error {
  override name = 'ContinuationFailed';
}

/** Length of the text to repeat: long enough to identify the place, short enough to cost little. UTF-16 units. */
const ANCHOR_LENGTH = 60;
const SHORTEST_ANCHOR = 12;

/** How to continue a text. A text too short to identify the place is restarted instead of continued with an instruction. */
export function chooseContinuation(wanted: Continuation, shown: string): Continuation {
  return wanted === 'instruct' && trimPrefix(shown).length < SHORTEST_ANCHOR ? 'restart' : wanted;
}

/** `shown` is empty for a call that starts over. */
export function continueFrom(shown: string, how: Continuation, onText: (text: string) => void): Continued {
  const prefix = trimPrefix(shown);
  const failed = new AbortController();
  const pass = createPrefixJoin(shown, onText);
  const plain = { take: pass, finish: () => undefined, signal: failed.signal };
  if (!prefix) return { ...plain, messages: [] };
  if (how !== 'instruct') return { ...plain, messages: [{ role: 'assistant', content: prefix }] };
  const anchor = cutAnchor(prefix);
  return {
    messages: [
      { role: 'assistant', content: prefix },
      {
        role: 'user',
        content:
          `Your answer was cut off. Go on exactly where it stopped, in the same style and format, without any introduction. ` +
          `${REPEAT_FIRST} ${JSON.stringify(anchor)}`,
      },
    ],
    ...createRepetition(anchor, pass, () => failed.abort(new ContinuationFailed('The model did not go on there.'))),
    signal: failed.signal,
  };
}

/** The last words of a text, starting with a whole word. */
function cutAnchor(prefix: string): string {
  const tail = prefix.slice(-ANCHOR_LENGTH);
  if (tail.length === prefix.length) return tail;
  const words = tail.replace(/^\S*\s+/, '');
  return words.length < SHORTEST_ANCHOR ? tail.replace(/^[\uDC00-\uDFFF]/, '') : words;
}

/** Drops the repeated words. The repetition may start later than requested; anything else is a failure. */
function createRepetition(anchor: string, onText: (text: string) => void, onFailure: () => void) {
  let held: string | undefined = '';
  const settle = () => {
    const repeated = held ?? '';
    held = undefined;
    for (let from = 0; from <= anchor.length - SHORTEST_ANCHOR; from++) {
      if (!repeated.startsWith(anchor.slice(from))) continue;
      const rest = repeated.slice(anchor.length - from);
      return rest ? onText(rest) : undefined;
    }
    onFailure();
  };
  return {
    take(piece: string) {
      if (held === undefined) return onText(piece);
      held = (held + piece).trimStart();
      if (held.length >= anchor.length) settle();
    },
    finish() {
      if (held !== undefined) settle();
    },
  };
}

/** Filters the pieces of a continuation: drops leading white space that `shown` already ends with. */
export function createPrefixJoin(shown: string, onText: (text: string) => void): (piece: string) => void {
  const known = shown.slice(trimPrefix(shown).length);
  let open = known.length > 0;
  /** How much of the known white space was repeated, and whether different white space was produced. */
  let at = 0;
  let differs = false;
  return (piece) => {
    if (!open) return onText(piece);
    const words = piece.search(/\S/);
    const space = words < 0 ? piece : piece.slice(0, words);
    const expected = known.slice(at, at + space.length);
    differs ||= !space.startsWith(expected);
    at += expected.length;
    const isPassed = !differs && at === known.length;
    // white space alone may still become the known white space; the first word ends the filter
    if (words < 0 && !isPassed) return;
    open = false;
    const rest = piece.slice(isPassed ? expected.length : words);
    if (rest) onText(rest);
  };
}

/** Whether the model did not continue at the right place, or its vendor refuses messages that end with an assistant message. */
export function isRefusedContinuation(error: unknown): boolean {
  return (
    error instanceof ContinuationFailed || (error instanceof GatewayFailure && error.code === 'GATEWAY_REFUSED_REQUEST')
  );
}
