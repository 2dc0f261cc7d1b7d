/** What a run has used so far, from its turns. Pure. */
import { tokensOf, type TurnView } from './turn-view';

export interface Totals {
  tokens: number;
  /** False while some of it is an estimate. */
  exact: boolean;
  /** US dollars; undefined when no turn has told. */
  costUsd: number | undefined;
}

export function totalsOf(turns: readonly TurnView[]): Totals {
  let tokens = 0;
  let exact = true;
  let costUsd: number | undefined;
  for (const turn of turns) {
    const { usage, cost_usd } = turn.snapshot;
    const answer = tokensOf(turn);
    tokens += answer.tokens + (usage?.prompt_tokens ?? 0);
    exact &&= answer.exact;
    if (typeof cost_usd === 'number') costUsd = (costUsd ?? 0) + cost_usd;
  }
  return { tokens, exact, costUsd };
}
