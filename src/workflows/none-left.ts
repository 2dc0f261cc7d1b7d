/** The failure of a run in which no role or swarm answered. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { Failure } from '../contract/failures';

/** If all failed with the same code, for example a missing key, the run fails with that code; otherwise it lists each failure. */
export function noneLeft(failures: (Failure & { label: string })[], sentence: string): ApplicationFailure {
  const codes = new Set(failures.map(({ code }) => code));
  const first = failures[0];
  return codes.size === 1 && first
    ? ApplicationFailure.nonRetryable(first.message, first.code)
    : ApplicationFailure.nonRetryable(
        `${sentence} ${failures.map(({ label, message }) => `${label}: ${message}`).join(' ')}`,
        'ALL_VOICES_FAILED',
      );
}
