/** Parses `POST /v1/chat/completions` requests and converts them to orders. Fields without a meaning here are ignored. */
import type { Context } from 'koa';
import { z } from 'zod';
import { executeRequest, replyWait, swarmIdText } from '../../../contract/requests';
import { parse } from '../../errors';
import { readIdempotencyKey } from '../../idempotency';
import type { Order } from '../../start-requests';

const { message, session_id, temperature, max_tokens, stream } = executeRequest.shape;

const part = z.object({
  type: z.literal('text', { error: 'only text is understood: a swarm reads no images, audio or files' }),
  text: z.string(),
});
const content = z
  .union([z.string(), z.array(part), z.null()])
  .optional()
  .transform((given) => (Array.isArray(given) ? given.map(({ text }) => text).join('\n') : (given ?? '')));

/** Body of `POST /v1/chat/completions`; `model` is the id of a swarm. */
export const chatRequest = z.object({
  model: swarmIdText,
  messages: z.array(z.object({ role: z.string(), content })).min(1, 'must not be empty'),
  stream,
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.literal(1, { error: 'a swarm gives one answer' }).nullish(),
  temperature,
  max_tokens,
  max_completion_tokens: max_tokens,
  metadata: z.object({ session_id }).nullish(),
  wait: replyWait,
});
export type CompletionRequest = z.infer<typeof chatRequest>;

/** The session id comes from `X-Session-Id` or `metadata.session_id`. */
export function toOrder(ctx: Context, request: CompletionRequest): Order {
  const named = { session_id: ctx.get('X-Session-Id') || request.metadata?.session_id };
  const { session_id: session } = parse(z.object({ session_id }), named);
  const { messages } = parse(z.object({ messages: message }), {
    messages: writeMessage(request, session !== undefined),
  });
  return {
    swarm_id: request.model,
    message: messages,
    session_id: session,
    temperature: request.temperature,
    max_tokens: request.max_completion_tokens ?? request.max_tokens,
    max_rounds: 1,
    tenant: ctx.state.tenant as string | undefined,
    idempotencyKey: readIdempotencyKey(ctx),
  };
}

const INSTRUCTIONS = ['system', 'developer'];

/**
 * Builds one message from a conversation: its instructions, the previous messages, and the current question. The previous messages are
 * omitted if a session remembers them.
 */
function writeMessage({ messages }: CompletionRequest, isRemembered: boolean): string {
  const instructions = messages.filter(({ role }) => INSTRUCTIONS.includes(role)).map((one) => one.content);
  const spoken = messages.filter(({ role }) => !INSTRUCTIONS.includes(role));
  const asked = spoken[spoken.length - 1]?.content ?? '';
  const before = isRemembered ? [] : spoken.slice(0, -1).map((one) => `${one.role}: ${one.content}`);
  return [
    ...(instructions.length > 0 ? [`# Instructions\n${instructions.join('\n\n')}`] : []),
    ...(before.length > 0 ? [`# The conversation so far\n${before.join('\n\n')}`] : []),
    instructions.length + before.length > 0 && asked ? `# Asked now\n${asked}` : asked,
  ].join('\n\n');
}
