// What the gateway would charge for a call: the reported usage, and the cost by OpenRouter's rule that a call is free if it ended with
// `error`, or without any token or finish_reason.
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

/** Computes the bill for `generated` tokens; fixed numbers in the script override counted ones if the reply reached its finish. */
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
    // Ten decimals, because sums of decimal prices must not show binary rounding in assertions.
    costUsd: isFree ? 0 : Number(cost.toFixed(10)),
  };
}

/** Returns the usage object as sent over the wire. */
export function usageOnWire({ usage, costUsd }: Bill, reportsCost: boolean): Record<string, unknown> {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.totalTokens,
    ...(reportsCost && { cost: costUsd, is_byok: false, cost_details: { upstream_inference_cost: null } }),
  };
}
