/** What of a conversation fits into a window of so many tokens, and what of it is due to be summarised. */
import type { SessionContext, SessionMessage } from '../contract';

const CHARACTERS_PER_TOKEN = 4;
/** The part of a window that a summary may take, in the tokens of the model that writes it. */
const SUMMARY_SHARE = 1 / 4;
/**
 * The part that is shown of one. A model's token may well hold more characters than ours, so a summary that is within its limit
 * may look longer than that; only what never was within it, or was written for a larger window, is cut.
 */
const SHOWN_SHARE = 1 / 2;

/** A rough count that needs no tokenizer: about right for English prose, high for other scripts in UTF-8 terms. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

/** How long a summary may be in a window, tokens. */
export function summaryTokens(windowTokens: number): number {
  return Math.max(1, Math.floor(windowTokens * SUMMARY_SHARE));
}

/**
 * The longest tail of a conversation within so many tokens. It never begins with an answer whose question fell out, and a
 * message that alone would take more than half of the window is cut in its middle, so that the newest exchange always fits.
 */
export function newestWithin(messages: SessionMessage[], windowTokens: number): SessionMessage[] {
  const clipped = messages.map((message) => shortened(message, windowTokens));
  let tokens = 0;
  let first = clipped.length;
  for (let i = clipped.length - 1; i >= 0; i--) {
    tokens += estimateTokens(clipped[i]?.content ?? '');
    if (tokens > windowTokens) break;
    if (clipped[i]?.role === 'user') first = i;
  }
  return clipped.slice(first);
}

/** What a run sees: the summary, and of the messages after it the newest that fit beside it. */
export function contextWithin(summary: string, tail: SessionMessage[], windowTokens: number): SessionContext {
  const text = shownOf(summary, windowTokens);
  return { summary: text, messages: newestWithin(tail, windowTokens - estimateTokens(text)) };
}

function shownOf(summary: string, windowTokens: number): string {
  return clip(summary, Math.floor(windowTokens * SHOWN_SHARE));
}

/**
 * The oldest messages of a tail that no longer fits beside a summary, at most a window of them and at most so many, whole exchanges;
 * empty while all of it fits. The newer half stays as it was said, so that not every run asks for a new summary.
 */
export function dueForSummary(
  summary: string,
  tail: SessionMessage[],
  windowTokens: number,
  most: number,
): SessionMessage[] {
  const shown = estimateTokens(shownOf(summary, windowTokens));
  const room = windowTokens - Math.max(shown, summaryTokens(windowTokens));
  if (newestWithin(tail, room).length === tail.length) return [];
  const older = tail.slice(0, tail.length - newestWithin(tail, room / 2).length);
  const clipped = older.map((message) => shortened(message, windowTokens));
  let tokens = 0;
  let end = 0;
  for (const [i, { content }] of clipped.entries()) {
    tokens += estimateTokens(content);
    const endsExchange = clipped[i + 1]?.role !== 'assistant';
    if ((tokens > windowTokens && end > 0) || i >= most) break;
    if (endsExchange) end = i + 1;
  }
  return clipped.slice(0, end);
}

function shortened(message: SessionMessage, windowTokens: number): SessionMessage {
  return { ...message, content: clip(message.content, Math.floor(windowTokens / 2)) };
}

const CUT = '\n[…]\n';

function clip(text: string, tokens: number): string {
  if (estimateTokens(text) <= tokens) return text;
  const half = Math.floor((tokens * CHARACTERS_PER_TOKEN - CUT.length) / 2);
  // a cut inside a surrogate pair would leave half a character, which not every gateway takes
  return text.slice(0, half).replace(/[\uD800-\uDBFF]$/, '') + CUT + text.slice(-half).replace(/^[\uDC00-\uDFFF]/, '');
}
