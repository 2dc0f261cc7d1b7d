/** What a token costs at a model: as configured, else as the gateway's own list says, and nothing where the model runs here. */
import { nameOf } from './order';
import type { Candidate } from './route';

/** US dollars for one token of the prompt, and one of the answer. */
export interface TokenPrice {
  input: number;
  output: number;
}

export interface Prices {
  /** Undefined where nobody knows. */
  of(candidate: Candidate): TokenPrice | undefined;
  /** Takes prices over from a gateway's list, USD per token. */
  learn(gateway: string, model: string, price: TokenPrice): void;
}

const MILLION = 1e6;

/** `configured` holds USD per million tokens by `gateway/model` or by model. */
export function createPrices(configured: Record<string, TokenPrice>): Prices {
  const learnt = new Map<string, TokenPrice>();
  const perToken = ({ input, output }: TokenPrice) => ({ input: input / MILLION, output: output / MILLION });
  return {
    of(candidate) {
      const given = configured[nameOf(candidate)] ?? configured[candidate.model];
      if (given) return perToken(given);
      return candidate.endpoint.unreportedCostUsd === 0 ? { input: 0, output: 0 } : learnt.get(nameOf(candidate));
    },
    learn(gateway, model, price) {
      learnt.set(`${gateway}/${model}`, price);
    },
  };
}

/** What so many tokens cost. */
export function costOf(price: TokenPrice, promptTokens: number, answerTokens: number): number {
  return promptTokens * price.input + answerTokens * price.output;
}
