/** Token prices of models: as configured, else from the gateway's own list, and 0 if the model runs locally. */
import { nameCandidate } from './model-order';
import type { Candidate } from './model-fallback';

/** US dollars per prompt token and per answer token. */
export interface TokenPrice {
  input: number;
  output: number;
}

export interface Prices {
  /** Returns undefined if the price is unknown. */
  of(candidate: Candidate): TokenPrice | undefined;
  /** Stores a price from a gateway's list, USD per token. */
  learn(gateway: string, model: string, price: TokenPrice): void;
}

const MILLION = 1e6;

/** `configured` holds USD per million tokens by `gateway/model` or by model. */
export function createPrices(configured: Record<string, TokenPrice>): Prices {
  const learnt = new Map<string, TokenPrice>();
  const perToken = ({ input, output }: TokenPrice) => ({ input: input / MILLION, output: output / MILLION });
  return {
    of(candidate) {
      const given = configured[nameCandidate(candidate)] ?? configured[candidate.model];
      if (given) return perToken(given);
      return candidate.endpoint.unreportedCostUsd === 0
        ? { input: 0, output: 0 }
        : learnt.get(nameCandidate(candidate));
    },
    learn(gateway, model, price) {
      learnt.set(`${gateway}/${model}`, price);
    },
  };
}

/** Returns the cost of a number of tokens. */
export function computeCost(price: TokenPrice, promptTokens: number, answerTokens: number): number {
  return promptTokens * price.input + answerTokens * price.output;
}
