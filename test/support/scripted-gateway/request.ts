// The request body of a chat completion, checked no further than the simulator needs; unknown fields are kept for the log.
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

/** The model a request asks for; the head of OpenRouter's `models` list when it names none. */
export function askedModel(body: ChatBody): string {
  return body.model ?? body.models?.[0] ?? '';
}

/** The text of a message, whether its content is a string or a list of parts. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: { text?: unknown } | null) => (typeof part?.text === 'string' ? part.text : '')).join('');
}

/** The text of the last message. */
export function lastText(body: ChatBody): string {
  return textOf(body.messages.at(-1)?.content);
}

/** The text that an assistant message at the end asks the model to go on from. */
export function prefillOf(body: ChatBody): string | undefined {
  return body.messages.at(-1)?.role === 'assistant' ? lastText(body) : undefined;
}

/** The text to say first and go on from, when the last message tells the model to continue the answer before it. */
export function toldToGoOnFrom(body: ChatBody): string | undefined {
  const [answer, order] = body.messages.slice(-2);
  const at = lastText(body).indexOf(REPEAT_FIRST);
  if (answer?.role !== 'assistant' || order?.role !== 'user' || at < 0) return undefined;
  const anchor = JSON.parse(lastText(body).slice(at + REPEAT_FIRST.length)) as string;
  const said = textOf(answer.content);
  return said.endsWith(anchor) ? said.slice(0, said.length - anchor.length) : undefined;
}

/** A fixed estimate, four characters to a token, so that the books can be checked by hand. */
export function estimatePromptTokens(body: ChatBody): number {
  const characters = body.messages.reduce((sum, message) => sum + textOf(message.content).length, 0);
  return Math.ceil(characters / 4);
}
