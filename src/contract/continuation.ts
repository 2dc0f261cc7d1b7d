/**
 * How a new attempt continues the text of an earlier one. Constants and types only: gateways declare which way they support,
 * activities apply it, and `turn.resumed` reports it.
 */

/**
 * `prefill`: the text so far is sent as the start of the assistant's message, and the model continues exactly there.
 * `instruct`: the model is told to repeat the last words and continue; the repetition proves that it continues at the right place.
 * `restart`: the text is dropped and the turn starts over.
 */
export const CONTINUATIONS = ['prefill', 'instruct', 'restart'] as const;
export type Continuation = (typeof CONTINUATIONS)[number];

/** The sentence before the words that the model must repeat with `instruct`; they follow as a JSON string. */
export const REPEAT_FIRST = 'Begin your reply with exactly these characters, which you have already written:';
