/** Validates the run ids that callers send. */
import { isSummaryId } from '../contract/memory';
import { runIdText } from '../contract/requests';
import { ApiError } from './errors';

const QUOTED_LENGTH = 100;

/** Whether this is a possible run id: for other ids neither Temporal nor Redis is asked. */
export function isRunId(id: string): boolean {
  return runIdText.safeParse(id).success && !isSummaryId(id);
}

export function unknownRun(id: string): ApiError {
  const shown = id.length > QUOTED_LENGTH ? `${id.slice(0, QUOTED_LENGTH)}...` : id;
  return new ApiError('UNKNOWN_RUN', `There is no run "${shown}".`);
}
