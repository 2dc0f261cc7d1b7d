/** Input fields for a run's budget. */
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';

/** As typed; empty if there is no limit. */
export interface BudgetDraft {
  usd: string;
  tokens: string;
}

export const NO_BUDGET: BudgetDraft = { usd: '', tokens: '' };

export function readBudget({ usd, tokens }: BudgetDraft): { budgetUsd?: number; budgetTokens?: number } {
  return {
    ...(Number(usd) > 0 ? { budgetUsd: Number(usd) } : {}),
    ...(Number(tokens) > 0 ? { budgetTokens: Number(tokens) } : {}),
  };
}

export function BudgetFields({ budget }: { budget: Signal<BudgetDraft> }): JSX.Element {
  const set = (change: Partial<BudgetDraft>) => (budget.value = { ...budget.value, ...change });
  return (
    <details class="budget-fields">
      <summary>Budget</summary>
      <label>
        At most $
        <input
          type="number"
          min="0.0001"
          step="any"
          inputMode="decimal"
          value={budget.value.usd}
          onInput={({ currentTarget }) => set({ usd: currentTarget.value })}
        />
      </label>
      <label>
        <input
          type="number"
          min="1"
          step="1"
          inputMode="numeric"
          value={budget.value.tokens}
          onInput={({ currentTarget }) => set({ tokens: currentTarget.value })}
        />
        tokens
      </label>
    </details>
  );
}
