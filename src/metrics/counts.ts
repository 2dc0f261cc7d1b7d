/** The workers' metrics summed over their labels, for people and clients without Prometheus. */
import type { RedisConnection } from '../redis/connect';
import { readSamples, type Sample } from './shared';

export async function readCounts(redis: RedisConnection) {
  const samples = await readSamples(redis);
  const sum = (name: string, holds: (labels: Sample['labels']) => boolean = () => true) =>
    (samples.get(name) ?? []).filter(({ labels }) => holds(labels)).reduce((total, { value }) => total + value, 0);
  const completed = (samples.get('gen_ai_client_operation_duration_seconds') ?? []).filter(({ metricName }) =>
    metricName?.endsWith('_count'),
  );
  const turnsByModel: Record<string, number> = {};
  for (const { labels, value } of completed) {
    const model = String(labels.gen_ai_response_model);
    turnsByModel[model] = (turnsByModel[model] ?? 0) + value;
  }
  return {
    turns: completed.reduce((total, { value }) => total + value, 0),
    turnsByModel,
    failed_turns: sum('murmuration_turn_failures_total'),
    prompt_tokens: sum('murmuration_tokens_total', ({ gen_ai_token_type: type }) => type === 'input'),
    completion_tokens: sum('murmuration_tokens_total', ({ gen_ai_token_type: type }) => type === 'output'),
    cost_usd: sum('murmuration_cost_usd_total'),
    unpriced_turns: sum('murmuration_turns_unpriced_total'),
    waits: sum('murmuration_turn_waits_total'),
    fallbacks: sum('murmuration_turn_fallbacks_total'),
    resumes: sum('murmuration_turn_resumes_total'),
    restarts: sum('murmuration_turn_restarts_total'),
  };
}
