/** Answers in the shapes of OpenAI's chat completions API: the whole, and the chunks of a stream. */
import type { RunResult, RunScope, SwarmDefinition } from '../../../contract';
import { toReply } from '../../outcomes';

/** A swarm as a model. Nobody knows when it was made. */
export function describeModel({ id, name, description }: SwarmDefinition) {
  return { id, object: 'model', created: 0, owned_by: 'murmuration', name, description };
}

/** What every object about one run carries. `created` is in Unix seconds. */
export interface Identity {
  id: string;
  created: number;
  model: string;
}

export function identityOf({ run_id, team_id }: RunScope): Identity {
  return { id: `chatcmpl-${run_id}`, created: Math.floor(Date.now() / 1000), model: team_id };
}

/** Tokens of all turns together, and as OpenRouter adds it the cost in US dollars, null where it is not known. */
export function usageOf(result: RunResult) {
  const { usage, cost_usd } = toReply(result);
  const { prompt_tokens, completion_tokens } = usage;
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens, cost: cost_usd };
}

/** `length` when an answer was cut by the token limit. */
export function finishOf({ turns, answers }: RunResult): 'stop' | 'length' {
  return turns.some(({ turn, truncated }) => truncated && answers.includes(turn)) ? 'length' : 'stop';
}

/** The answer to a request that did not ask for a stream. */
export function completionOf(identity: Identity, result: RunResult) {
  const content = toReply(result).responses.join('\n\n');
  const message = { role: 'assistant', content, refusal: null };
  return {
    ...identity,
    object: 'chat.completion',
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishOf(result) }],
    usage: usageOf(result),
  };
}

/** A chunk of a stream that adds so much to the message. */
export function chunkOf(identity: Identity, delta: object, finish_reason: string | null = null) {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason }];
  return { ...identity, object: 'chat.completion.chunk', choices };
}

/** The chunk after the last one, for callers that set `stream_options.include_usage`. */
export function usageChunkOf(identity: Identity, result: RunResult) {
  return { ...identity, object: 'chat.completion.chunk', choices: [], usage: usageOf(result) };
}
