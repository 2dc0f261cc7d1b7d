// What the gateway would charge for a call: the usage that it reports, and the cost under OpenRouter's rule of no charge for
// a call that ended with `error`, or with no token and no finish_reason.
import type { Reply } from './reply';

/** USD per token. */
export interface Price {
  readonly prompt: number;
  readonly completion: number;
}
export const DEFAULT_PRICE: Price = { prompt: 0.000001, completion: 0.000002 };

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly totalTokens: number;
}
export interface Bill {
  readonly usage: Usage;
  readonly costUsd: number;
}

/** The bill for `generated` tokens; numbers that the script fixes win over counted ones when the reply came to its finish. */
export function billFor(
  reply: Reply,
  price: Price,
  counted: { promptTokens: number; generated: number; finish: string | null | undefined },
): Bill {
  const promptTokens = reply.promptTokens ?? counted.promptTokens;
  const fixed = counted.finish === undefined ? {} : reply;
  const completionTokens = fixed.completionTokens ?? counted.generated;
  const isFree = counted.finish === 'error' || (counted.generated === 0 && !counted.finish);
  const cost = fixed.costUsd ?? promptTokens * price.prompt + completionTokens * price.completion;
  return {
    usage: { promptTokens, completionTokens, totalTokens: promptTokens + completionTokens },
    // Ten decimals, for sums of decimal prices must not show binary dust in assertions.
    costUsd: isFree ? 0 : Number(cost.toFixed(10)),
  };
}

/** The usage object as it stands on the wire. */
export function usageOnWire({ usage, costUsd }: Bill, reportsCost: boolean): Record<string, unknown> {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.totalTokens,
    ...(reportsCost && { cost: costUsd, is_byok: false, cost_details: { upstream_inference_cost: null } }),
  };
}
