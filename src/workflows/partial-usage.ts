/** Usage of turns that ended without an answer. The activity reports it in the details of its failure or cancellation. */
import { ApplicationFailure, CancelledFailure } from '@temporalio/workflow';
import type { PartialUsage, SwarmResult } from '../contract';

/** Collects the usage of a team's turns that ended without an answer, and passes each to `spend`. */
export function collectPartialUsage(spend: (usage: PartialUsage) => void) {
  const unfinished: NonNullable<SwarmResult['unfinished']> = [];
  return {
    /** Records the usage reported with this failure of a turn, and rethrows the failure. */
    rethrow(turn: string, error: unknown): never {
      const usage = findPartialUsage(error);
      if (usage) {
        spend(usage);
        unfinished.push({ turn, ...usage });
      }
      throw error;
    },
    report: (): Pick<SwarmResult, 'unfinished'> => (unfinished.length > 0 ? { unfinished } : {}),
  };
}

/** Undefined if the activity did not report usage: it died, or runs an earlier version. */
function findPartialUsage(error: unknown): PartialUsage | undefined {
  for (let next = error; next instanceof Error; next = next.cause) {
    const detail =
      next instanceof ApplicationFailure || next instanceof CancelledFailure ? next.details?.[0] : undefined;
    if (isPartialUsage(detail)) return detail;
  }
  return undefined;
}

function isPartialUsage(detail: unknown): detail is PartialUsage {
  return typeof detail === 'object' && detail !== null && 'usage' in detail && 'cost_usd' in detail;
}
