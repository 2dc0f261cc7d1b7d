/** Selects the part of a conversation that fits a token window, and the part that is due to be summarised. */
import type { SessionContext, SessionMessage } from '../contract';

const CHARACTERS_PER_TOKEN = 4;
/** The share of a window that a summary may use, counted in tokens of the model that writes it. */
const SUMMARY_SHARE = 1 / 4;
/**
 * The share of a window above which a summary is clipped. A model's token may hold more characters than our estimate assumes, so a summary
 * within its limit can look longer. Only a summary that exceeded the limit, or was written for a larger window, is clipped.
 */
const SHOWN_SHARE = 1 / 2;

/** Rough estimate without a tokenizer: about right for English prose, inaccurate for other scripts. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

/** Returns the maximum length of a summary for a window, in tokens. */
export function computeSummaryTokens(windowTokens: number): number {
  return Math.max(1, Math.floor(windowTokens * SUMMARY_SHARE));
}

/**
 * Returns the longest tail of a conversation that fits `windowTokens`. It always starts with a user message, never with an answer whose
 * question was dropped. A message longer than half of the window is clipped in the middle, so that the newest exchange always fits.
 */
export function takeNewest(messages: SessionMessage[], windowTokens: number): SessionMessage[] {
  const clipped = messages.map((message) => shortenMessage(message, windowTokens));
  let tokens = 0;
  let first = clipped.length;
  for (let i = clipped.length - 1; i >= 0; i--) {
    tokens += estimateTokens(clipped[i]?.content ?? '');
    if (tokens > windowTokens) break;
    if (clipped[i]?.role === 'user') first = i;
  }
  return clipped.slice(first);
}

/** Builds the context of a run: the summary, and the newest of the messages after it that fit beside it. */
export function buildContext(summary: string, tail: SessionMessage[], windowTokens: number): SessionContext {
  const text = clipSummary(summary, windowTokens);
  return { summary: text, messages: takeNewest(tail, windowTokens - estimateTokens(text)) };
}

function clipSummary(summary: string, windowTokens: number): string {
  return clip(summary, Math.floor(windowTokens * SHOWN_SHARE));
}

/**
 * Returns the oldest messages of a tail that no longer fits beside a summary: whole exchanges, at most one window and at most `most`
 * messages; empty while the whole tail fits. The newer half is not summarised, so that not every run asks for a new summary.
 */
export function selectForSummary(
  summary: string,
  tail: SessionMessage[],
  windowTokens: number,
  most: number,
): SessionMessage[] {
  const shown = estimateTokens(clipSummary(summary, windowTokens));
  const room = windowTokens - Math.max(shown, computeSummaryTokens(windowTokens));
  if (takeNewest(tail, room).length === tail.length) return [];
  const older = tail.slice(0, tail.length - takeNewest(tail, room / 2).length);
  const clipped = older.map((message) => shortenMessage(message, windowTokens));
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

function shortenMessage(message: SessionMessage, windowTokens: number): SessionMessage {
  return { ...message, content: clip(message.content, Math.floor(windowTokens / 2)) };
}

const CUT = '\n[…]\n';

function clip(text: string, tokens: number): string {
  if (estimateTokens(text) <= tokens) return text;
  const half = Math.floor((tokens * CHARACTERS_PER_TOKEN - CUT.length) / 2);
  // cutting inside a surrogate pair would leave half a character, which some gateways reject
  return text.slice(0, half).replace(/[\uD800-\uDBFF]$/, '') + CUT + text.slice(-half).replace(/^[\uDC00-\uDFFF]/, '');
}
