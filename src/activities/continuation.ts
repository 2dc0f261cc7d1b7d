/**
 * Goes on from text that readers already have, so that they see none of it twice.
 *
 * A model that is asked to go on after trailing white space tokenises the joint differently and may repeat it (four spaces of
 * indentation became five, which breaks Python), and some vendors refuse such a message. So the text is sent without it, and
 * what is produced again is left out.
 */
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import { REPEAT_FIRST, type Continuation } from '../contract/continuation';
import { GatewayFailure } from '../gateway/failures';

/** The text to send as the beginning of the answer. */
export function prefixOf(text: string): string {
  return text.trimEnd();
}

/** How one call goes on from the text that is shown. */
export interface Continued {
  /** What follows the turn's own messages. */
  messages: ChatCompletionMessageParam[];
  /** Takes what the model says; passes on what readers do not have yet. */
  take(piece: string): void;
  /** To be called when the model has finished. */
  finish(): void;
  /** Aborted with a {@link ContinuationFailed} when the model does not go on from there. */
  signal: AbortSignal;
}

/** The model said something else than the words that it was asked to repeat. */
export class ContinuationFailed extends Error {
  override name = 'ContinuationFailed';
}

/** Words to repeat: enough to be sure of the place, few enough to cost little. In UTF-16 units. */
const ANCHOR_LENGTH = 60;
const SHORTEST_ANCHOR = 12;

/** What a text can be continued by: too short a text proves nothing and is begun anew. */
export function continuationOf(wanted: Continuation, shown: string): Continuation {
  return wanted === 'instruct' && prefixOf(shown).length < SHORTEST_ANCHOR ? 'restart' : wanted;
}

/** `shown` is empty for a call that begins anew. */
export function continueFrom(shown: string, how: Continuation, onText: (text: string) => void): Continued {
  const prefix = prefixOf(shown);
  const failed = new AbortController();
  const pass = createJoint(shown, onText);
  const plain = { take: pass, finish: () => undefined, signal: failed.signal };
  if (!prefix) return { ...plain, messages: [] };
  if (how !== 'instruct') return { ...plain, messages: [{ role: 'assistant', content: prefix }] };
  const anchor = anchorOf(prefix);
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

/** The last words of a text, beginning with a whole one. */
function anchorOf(prefix: string): string {
  const tail = prefix.slice(-ANCHOR_LENGTH);
  if (tail.length === prefix.length) return tail;
  const words = tail.replace(/^\S*\s+/, '');
  return words.length < SHORTEST_ANCHOR ? tail.replace(/^[\uDC00-\uDFFF]/, '') : words;
}

/** Swallows the repeated words, which may begin later than they were asked for; anything else is a failure. */
function createRepetition(anchor: string, onText: (text: string) => void, onFailure: () => void) {
  let held: string | undefined = '';
  const settle = () => {
    const said = (held ?? '').trimStart();
    held = undefined;
    for (let from = 0; from <= anchor.length - SHORTEST_ANCHOR; from++) {
      if (!said.startsWith(anchor.slice(from))) continue;
      const rest = said.slice(anchor.length - from);
      return rest ? onText(rest) : undefined;
    }
    onFailure();
  };
  return {
    take(piece: string) {
      if (held === undefined) return onText(piece);
      held += piece;
      if (held.trimStart().length >= anchor.length) settle();
    },
    finish() {
      if (held !== undefined) settle();
    },
  };
}

/** Filters the pieces of a continuation: of the white space that `shown` already ends with, only what goes beyond is passed on. */
export function createJoint(shown: string, onText: (text: string) => void): (piece: string) => void {
  const known = shown.slice(prefixOf(shown).length);
  let open = known.length > 0;
  let held = '';
  return (piece) => {
    if (!open) return onText(piece);
    held += piece;
    const words = held.search(/\S/);
    if (words < 0 && held.length <= known.length) return;
    const space = words < 0 ? held : held.slice(0, words);
    const rest = space.startsWith(known) ? held.slice(known.length) : held.slice(space.length);
    // white space alone may still grow into what is known; words close the joint
    if (words < 0 && !space.startsWith(known)) return;
    open = false;
    if (rest) onText(rest);
  };
}

/** Whether the model did not go on where it should, or its vendor takes no conversation that ends with an answer. */
export function isRefusedContinuation(error: unknown): boolean {
  return (
    error instanceof ContinuationFailed || (error instanceof GatewayFailure && error.code === 'GATEWAY_REFUSED_REQUEST')
  );
}
