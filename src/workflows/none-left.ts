/** The end of a run in which nobody could be heard. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { Failure } from '../contract/failures';

/** With one cause for all, a key that is missing for example, the run reports that cause; else each with its own. */
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
