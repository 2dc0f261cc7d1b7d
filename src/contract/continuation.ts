/**
 * How a new attempt goes on from text that an earlier one left. Constants and types only: gateways say which one they take,
 * activities do it, and `turn.resumed` names it.
 */

/**
 * `prefill`: the text so far is the beginning of the assistant's message, and the model continues exactly there.
 * `instruct`: the model is told to go on, and to repeat the last words first, which proves that it goes on there.
 * `restart`: the text is dropped and the turn begins anew.
 */
export const CONTINUATIONS = ['prefill', 'instruct', 'restart'] as const;
export type Continuation = (typeof CONTINUATIONS)[number];

/** The sentence before the words that an instructed model has to repeat; they follow as a JSON string. */
export const REPEAT_FIRST = 'Begin your reply with exactly these characters, which you have already written:';
