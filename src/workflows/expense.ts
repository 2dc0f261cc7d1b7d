/** What a turn that ended without an answer has used: its activity says so in the details of the failure, or of the cancellation. */
import { ApplicationFailure, CancelledFailure } from '@temporalio/workflow';
import type { Expense, SwarmResult } from '../contract';

/** Collects what the turns of a team have used without an answer; `spend` hears of each cost. */
export function collectExpenses(spend: (costUsd: number | null) => void) {
  const unfinished: NonNullable<SwarmResult['unfinished']> = [];
  return {
    /** Notes what a turn had used that failed so. */
    rethrow(turn: string, error: unknown): never {
      const expense = expenseIn(error);
      if (expense) {
        spend(expense.cost_usd);
        unfinished.push({ turn, ...expense });
      }
      throw error;
    },
    told: (): Pick<SwarmResult, 'unfinished'> => (unfinished.length > 0 ? { unfinished } : {}),
  };
}

/** Undefined where the activity could not tell: it died, or is of an earlier version. */
function expenseIn(error: unknown): Expense | undefined {
  for (let next = error; next instanceof Error; next = next.cause) {
    const told = next instanceof ApplicationFailure || next instanceof CancelledFailure ? next.details?.[0] : undefined;
    if (isExpense(told)) return told;
  }
  return undefined;
}

function isExpense(told: unknown): told is Expense {
  return typeof told === 'object' && told !== null && 'usage' in told && 'cost_usd' in told;
}
