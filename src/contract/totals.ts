/** Adds up what turns have used. Part of the workflow bundle. */
import type { SwarmResult } from './runs';
import type { Usage } from './turns';

/**
 * Sums of a run, with what its turns without an answer have used; `turns` counts those with one. The cost is null when the cost of
 * any turn is unknown.
 */
export function totalsOf({ turns, unfinished = [] }: Pick<SwarmResult, 'turns' | 'unfinished'>): {
  turns: number;
  usage: Usage;
  cost_usd: number | null;
} {
  const usage: Usage = { prompt_tokens: 0, completion_tokens: 0 };
  let cost: number | null = 0;
  for (const turn of [...turns, ...unfinished]) {
    usage.prompt_tokens += turn.usage.prompt_tokens;
    usage.completion_tokens += turn.usage.completion_tokens;
    if (turn.usage.cached_tokens) usage.cached_tokens = (usage.cached_tokens ?? 0) + turn.usage.cached_tokens;
    if (turn.usage.estimated) usage.estimated = true;
    cost = cost === null || turn.cost_usd === null ? null : cost + turn.cost_usd;
  }
  return { turns: turns.length, usage, cost_usd: cost };
}
