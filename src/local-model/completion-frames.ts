// The OpenAI format of an answer: one object for a whole completion, chunks for a stream.
import type { GenerationUsage } from './generation';

/** Fields shared by all frames of one answer. */
export interface AnswerIdentity {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

type FinishReason = 'stop' | 'length';

interface Delta {
  readonly role?: 'assistant';
  readonly content?: string;
}

/** `data: [DONE]`, the last line of a complete stream. */
export const DONE_FRAME = 'data: [DONE]\n\n';

/** A comment line: shows proxies and watchdogs that the server is alive; clients ignore it. */
export const KEEP_ALIVE_FRAME = ': keep-alive\n\n';

/** One server-sent event with a JSON payload. */
export function eventFrame(payload: object): string {
  return `data: ${JSON.stringify(payload)}\n\n`;
}

/** A chunk with a piece of the answer, or with its finish reason. */
export function chunk(identity: AnswerIdentity, delta: Delta, finishReason: FinishReason | null = null): object {
  return { ...chunkHead(identity), choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }] };
}

/** The chunk after the last one, for callers that requested usage. */
export function usageChunk(identity: AnswerIdentity, usage: GenerationUsage): object {
  return { ...chunkHead(identity), choices: [], usage: usageBody(usage) };
}

/** The reply to a request without streaming. */
export function completion(
  { id, created, model }: AnswerIdentity,
  answer: { readonly text: string; readonly finishReason: FinishReason; readonly usage: GenerationUsage },
): object {
  const message = { role: 'assistant', content: answer.text, refusal: null };
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: answer.finishReason }],
    usage: usageBody(answer.usage),
  };
}

function chunkHead({ id, created, model }: AnswerIdentity): object {
  return { id, object: 'chat.completion.chunk', created, model };
}

function usageBody({ promptTokens, completionTokens, cachedTokens }: GenerationUsage): object {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}
