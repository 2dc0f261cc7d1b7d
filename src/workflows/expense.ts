/**
 * What a turn that ended without an answer has used: its activity says so in the details of the failure. A turn that is stopped is not
 * waited for, so what it has used is known to its last event and to the books only.
 */
import { ApplicationFailure } from '@temporalio/workflow';
import type { Expense } from '../contract';

/** Undefined where the activity could not tell: it died, or is of an earlier version. */
export function expenseIn(error: unknown): Expense | undefined {
  for (let next = error; next instanceof Error; next = next.cause) {
    const told = next instanceof ApplicationFailure ? next.details?.[0] : undefined;
    if (isExpense(told)) return told;
  }
  return undefined;
}

function isExpense(told: unknown): told is Expense {
  return typeof told === 'object' && told !== null && 'usage' in told && 'cost_usd' in told;
}
