/** What a run has used so far, over all stages. It is sent with each turn, so that budgets count it even after Redis was emptied. */
import { toSpending } from '../events/totals';
import type { PartialUsage, RunSpending, TurnResult } from '../contract';

export class Spending {
  private readonly sum: RunSpending = { usd: 0, tokens: 0, calls: 0 };

  add(one: TurnResult | PartialUsage): void {
    const { usd, tokens, calls } = toSpending(one);
    this.sum.usd += usd;
    this.sum.tokens += tokens;
    this.sum.calls += calls;
  }

  /** `spent` is absent if nothing was used. */
  report(): { spent?: RunSpending } {
    return this.sum.tokens > 0 ? { spent: { ...this.sum } } : {};
  }
}
