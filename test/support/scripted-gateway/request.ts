// The request body of a chat completion, validated only as far as the simulator needs; unknown fields are kept for the log.
import { z } from 'zod';

import { REPEAT_FIRST } from '../../../src/contract/continuation';

const Message = z.looseObject({ role: z.string(), content: z.unknown() });

export const ChatBody = z.looseObject({
  model: z.string().optional(),
  models: z.array(z.string()).optional(),
  messages: z.array(Message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  max_tokens: z.number().nullish(),
  max_completion_tokens: z.number().nullish(),
});
export type ChatBody = z.infer<typeof ChatBody>;

/** Returns the requested model, or the first of OpenRouter's `models` list if none is named. */
export function askedModel(body: ChatBody): string {
  return body.model ?? body.models?.[0] ?? '';
}

/** Returns the text of a message, whether its content is a string or a list of parts. */
export function readText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: { text?: unknown } | null) => (typeof part?.text === 'string' ? part.text : '')).join('');
}

/** Returns the text of the last message. */
export function lastText(body: ChatBody): string {
  return readText(body.messages.at(-1)?.content);
}

/** Returns the text that a trailing assistant message asks the model to continue. */
export function readPrefill(body: ChatBody): string | undefined {
  return body.messages.at(-1)?.role === 'assistant' ? lastText(body) : undefined;
}

/** Returns the text to repeat and continue, if the last message instructs the model to continue the answer before it. */
export function findContinuedText(body: ChatBody): string | undefined {
  const [answer, order] = body.messages.slice(-2);
  const at = lastText(body).indexOf(REPEAT_FIRST);
  if (answer?.role !== 'assistant' || order?.role !== 'user' || at < 0) return undefined;
  const anchor = JSON.parse(lastText(body).slice(at + REPEAT_FIRST.length)) as string;
  const published = readText(answer.content);
  return published.endsWith(anchor) ? published.slice(0, published.length - anchor.length) : undefined;
}

/** A fixed estimate, four characters per token, so that the log can be checked by hand. */
export function estimatePromptTokens(body: ChatBody): number {
  const characters = body.messages.reduce((sum, message) => sum + readText(message.content).length, 0);
  return Math.ceil(characters / 4);
}
