/** Sums the usage of turns. Part of the workflow bundle. */
import type { SwarmResult } from '../contract/runs';
import type { PartialUsage, RunSpending, TurnResult, Usage } from '../contract/turns';

/**
 * Totals of a run, including the usage of turns without an answer; `turns` counts only turns with an answer. The cost is null if the
 * cost of any turn is unknown.
 */
export function sumTotals({ turns, unfinished = [] }: Pick<SwarmResult, 'turns' | 'unfinished'>): {
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

/** The known spending of a turn, with one call if it used any tokens. An unknown price counts as zero. */
export function toSpending(turn: TurnResult | PartialUsage): RunSpending {
  const { usage, cost_usd } = turn;
  const counted = usage.prompt_tokens + usage.completion_tokens;
  const booked = 'booked_tokens' in turn ? turn.booked_tokens : undefined;
  // an estimate of the whole text may exceed what was booked for its calls
  const tokens = booked ?? ('text' in turn && usage.estimated ? 0 : counted);
  return { usd: cost_usd ?? 0, tokens, calls: tokens > 0 ? 1 : 0 };
}

/** The known spending of all turns of a run. */
export function spentBy({ turns, unfinished = [] }: Pick<SwarmResult, 'turns' | 'unfinished'>): RunSpending {
  const sum = { usd: 0, tokens: 0, calls: 0 };
  for (const turn of [...turns, ...unfinished]) {
    const { usd, tokens, calls } = toSpending(turn);
    sum.usd += usd;
    sum.tokens += tokens;
    sum.calls += calls;
  }
  return sum;
}
