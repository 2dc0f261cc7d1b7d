/** Builds completions and stream chunks in the format of OpenAI's chat completions API. */
import type { z } from 'zod';
import type { RunResult, RunScope, SwarmDefinition } from '../../../contract';
import type { chatChunk, chatCompletion, openAiModel } from '../../../contract/client-replies';
import { toReply } from '../../results';

/** A swarm as a model. Its creation time is unknown. */
export function describeModel({ id, name, description }: SwarmDefinition): z.infer<typeof openAiModel> {
  return { id, object: 'model', created: 0, owned_by: 'murmuration', name, description };
}

type ChatChunk = z.infer<typeof chatChunk>;
/** The fields that all objects of one run share. */
export type Identity = Pick<ChatChunk, 'id' | 'created' | 'model'>;

export function makeIdentity({ run_id, team_id }: RunScope): Identity {
  return { id: `chatcmpl-${run_id}`, created: Math.floor(Date.now() / 1000), model: team_id };
}

/** The token usage of all turns together, and, as OpenRouter adds it, the cost in US dollars; null if it is unknown. */
function makeUsage(result: RunResult) {
  const { usage, cost_usd } = toReply(result);
  const { prompt_tokens, completion_tokens } = usage;
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens, cost: cost_usd };
}

/** `length` if an answer was cut off by the token limit. */
export function chooseFinishReason({ turns, answers }: RunResult): 'stop' | 'length' {
  return turns.some(({ turn, truncated }) => truncated && answers.includes(turn)) ? 'length' : 'stop';
}

/** The reply to a request without streaming. */
export function makeChatCompletion(identity: Identity, result: RunResult): z.infer<typeof chatCompletion> {
  const content = toReply(result).responses.join('\n\n');
  const message = { role: 'assistant' as const, content, refusal: null };
  return {
    ...identity,
    object: 'chat.completion',
    choices: [{ index: 0, message, logprobs: null, finish_reason: chooseFinishReason(result) }],
    usage: makeUsage(result),
  };
}

/** A chunk with a delta of the message. */
export function makeChunk(
  identity: Identity,
  delta: ChatChunk['choices'][number]['delta'],
  finish_reason: 'stop' | 'length' | null = null,
): ChatChunk {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason }];
  return { ...identity, object: 'chat.completion.chunk', choices };
}

/** The final chunk for callers that set `stream_options.include_usage`. */
export function makeUsageChunk(identity: Identity, result: RunResult): ChatChunk {
  return { ...identity, object: 'chat.completion.chunk', choices: [], usage: makeUsage(result) };
}
