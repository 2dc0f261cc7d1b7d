/** Maps the finish reasons of many vendors to OpenAI's: one synonym table. The adapter decides which ends count without a known one. */

type FinishReason = 'stop' | 'length' | 'tool_calls' | 'function_call' | 'content_filter';

/** `good`: the answer is complete, or reached its token limit. `bad`: it broke off. `unknown`: the reason is in no list. */
export type Ending = { kind: 'good'; reason: FinishReason } | { kind: 'bad' | 'unknown'; reason: string };

const GOOD: Record<FinishReason, readonly string[]> = {
  stop: [
    ...['stop', 'stopped', 'stop_sequence', 'stop_token', 'stop_str', 'end', 'ended', 'end_turn', 'end_of_turn', 'eos'],
    ...['eos_token', 'eos_found', 'end_of_sequence', 'end_of_text', 'endoftext', 'im_end', 'eot_id', 'eot', 'done'],
    ...['complete', 'completed', 'completion', 'finish', 'finished', 'finish_reason_stop', 'success', 'natural'],
  ],
  length: [
    ...['length', 'max_length', 'max_tokens', 'max_token', 'max_new_tokens', 'max_output_tokens', 'token_limit'],
    ...['max_tokens_reached', 'max_completion_tokens', 'model_length', 'output_limit', 'length_limit', 'limit'],
    ...['model_context_window_exceeded', 'context_length', 'context_length_exceeded', 'context_window_exceeded'],
    ...['error_limit', 'truncated', 'token_limit_reached', 'length_capped'],
  ],
  tool_calls: ['tool_calls', 'tool_call', 'tool_use', 'tools'],
  function_call: ['function_call', 'function_calls'],
  content_filter: [
    ...['content_filter', 'content_filtered', 'content_filter_result', 'filtered', 'safety', 'moderation', 'sensitive'],
    ...['recitation', 'prohibited_content', 'blocklist', 'spii', 'guardrail_intervened', 'refusal', 'error_toxic'],
    ...['content_policy', 'content_policy_violation', 'image_safety', 'language'],
  ],
};

const BAD = [
  ...['error', 'errored', 'failed', 'failure', 'abort', 'aborted', 'cancel', 'cancelled', 'canceled', 'interrupted'],
  ...['timeout', 'timed_out', 'network_error', 'server_error', 'internal_error', 'internal_server_error'],
  ...['insufficient_system_resource', 'insufficient_resources', 'overloaded', 'unavailable', 'preempted', 'incomplete'],
  ...['malformed_function_call', 'unexpected_tool_call', 'user_cancel', 'disconnected', 'in_progress'],
];

/** Values that some servers send while a choice is still in progress. */
const NONE = ['', 'null', 'none', 'undefined', 'unspecified', 'finish_reason_unspecified', 'nil'];

const KNOWN = new Map<string, Ending>([
  ...(Object.entries(GOOD) as [FinishReason, string[]][]).flatMap(([reason, words]) =>
    words.map((word): [string, Ending] => [word, { kind: 'good', reason }]),
  ),
  ...BAD.map((word): [string, Ending] => [word, { kind: 'bad', reason: word }]),
]);

/** Maximum length of a reason. UTF-16 units. */
const LONGEST = 60;

/** Reads one reason; undefined if the value is none. */
export function readFinishReason(value: unknown): Ending | undefined {
  if (typeof value !== 'string') return undefined;
  const raw = value.slice(0, LONGEST).trim();
  const word = toWord(raw);
  if (NONE.includes(word)) return undefined;
  return KNOWN.get(word) ?? { kind: 'unknown', reason: raw };
}

/** Normalises spellings such as `MAX_TOKENS`, `maxTokens`, `max-tokens`, `FinishReason.MAX_TOKENS` and `<|eot_id|>`. */
function toWord(raw: string): string {
  return raw
    .replace(/^<\|(.+)\|>$/, '$1')
    .replace(/^finish_?reason[._]/i, '')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replace(/[\s-]/g, '_')
    .toLowerCase();
}

/** Finds the finish reason of a choice under any of the field names in use. vLLM's `stop_reason` may be a token number. */
export function findFinishReason(choice: Readonly<Record<string, unknown>>): Ending | undefined {
  const { finish_reason, finishReason, stop_reason, stopReason, done_reason } = choice;
  for (const value of [finish_reason, finishReason, stop_reason, stopReason, done_reason]) {
    const ending = readFinishReason(value);
    if (ending) return ending;
  }
  return undefined;
}
