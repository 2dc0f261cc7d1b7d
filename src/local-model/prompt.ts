// Converts chat messages to tokens in ChatML, the format of Qwen's chat template. Only this file inserts control tokens;
// all text of a caller is tokenised as plain text, so that no message can end its own turn or open another.
import type { ChatMessage } from './chat-request';
import type { ChatTokenizer, Token } from './language-model';

/** The tokens to evaluate, and the end of a continued text, which the first new tokens must reproduce. */
export interface Prompt {
  readonly tokens: readonly Token[];
  /** Left out of `tokens`; empty for a new turn. See `buildContinuation`. */
  readonly jointText: string;
  /** Number of tokens in everything that the caller sent, including the joint. */
  readonly length: number;
}

const MAX_JOINT_TOKENS = 4;

/** The decoded text of a token that is only part of a UTF-8 character. */
const REPLACEMENT = '\uFFFD';

interface PromptTokenizer extends ChatTokenizer {
  readonly detokenize: (tokens: readonly Token[]) => string;
}

/** Builds the prompt: a new assistant turn or, if the last message is an assistant's, its exact continuation. */
export function buildPrompt(messages: readonly ChatMessage[], tokenizer: PromptTokenizer): Prompt {
  const last = messages.at(-1);
  const openText = last?.role === 'assistant' ? last.text : '';
  const closed = last?.role === 'assistant' ? messages.slice(0, -1) : messages;
  const header = [...openTurn('assistant', tokenizer)];
  const before = [
    ...withSystemPrompt(closed, tokenizer).flatMap((message) => closedTurn(message, tokenizer)),
    ...header,
  ];
  return openText === '' ? withoutJoint(before) : buildContinuation(before, openText, tokenizer);
}

/**
 * Leaves the end of the cut text out of the prompt and returns it as the joint. A cut rarely falls on a token boundary that the model would
 * have chosen: after `foo:` the model may have meant the one token `:\n\n`, and after `hel` the one token `hello`. Drawing tokens that
 * reproduce the joint text finds these again; fixed tokens at the end would rule them out.
 */
function buildContinuation(before: readonly Token[], text: string, tokenizer: PromptTokenizer): Prompt {
  const tokens = tokenizer.tokenize(text);
  const start = jointStart(tokens.map((token) => tokenizer.detokenize([token])));
  if (start === tokens.length) return withoutJoint([...before, ...tokens]);
  return {
    tokens: [...before, ...tokens.slice(0, start)],
    jointText: tokenizer.detokenize(tokens.slice(start)),
    length: before.length + tokens.length,
  };
}

/** Returns the index of the first token of the last word or run of punctuation, at most `MAX_JOINT_TOKENS` from the end. */
function jointStart(texts: readonly string[]): number {
  let start = texts.length - 1;
  // A token that is only part of a UTF-8 character has no text to match, and no other token could replace it.
  if (texts[start]?.includes(REPLACEMENT) !== false) return texts.length;
  while (texts.length - start < MAX_JOINT_TOKENS && isSameWord(texts[start - 1] ?? '', texts[start] ?? '')) start -= 1;
  return start;
}

/** Whether one token could have covered the boundary between two. */
function isSameWord(left: string, right: string): boolean {
  const seam = `${left.slice(-1)}${right.slice(0, 1)}`;
  return /^(\p{L}{2}|[^\s\p{L}\p{N}]{2})$/u.test(seam) && !left.includes(REPLACEMENT);
}

function withoutJoint(tokens: readonly Token[]): Prompt {
  return { tokens, jointText: '', length: tokens.length };
}

function withSystemPrompt(messages: readonly ChatMessage[], tokenizer: ChatTokenizer): readonly ChatMessage[] {
  if (messages[0]?.role === 'system' || tokenizer.defaultSystemPrompt === undefined) return messages;
  return [{ role: 'system', text: tokenizer.defaultSystemPrompt }, ...messages];
}

function closedTurn(message: ChatMessage, tokenizer: ChatTokenizer): Token[] {
  const end = [tokenizer.turnEnd, ...tokenizer.tokenize('\n')];
  // An assistant's text was generated after its header, so the two are tokenised separately: that keeps cached prefixes equal.
  if (message.role === 'assistant') {
    return [...openTurn('assistant', tokenizer), ...tokenizer.tokenize(message.text), ...end];
  }
  return [tokenizer.turnStart, ...tokenizer.tokenize(`${message.role}\n${message.text}`), ...end];
}

function openTurn(role: ChatMessage['role'], tokenizer: ChatTokenizer): Token[] {
  return [tokenizer.turnStart, ...tokenizer.tokenize(`${role}\n`)];
}
