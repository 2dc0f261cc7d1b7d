/** Waits for a run's result, or for its end, on behalf of a caller whose connection waits with it. */
import type { RunResult } from '../contract';
import { hasEnd } from '../redis/events';
import type { RunDescription } from './descriptions';
import { ApiError, toApiError } from './errors';
import type { Services } from './services';

/** The longest that makes sense for a connection: a day. */
const LONGEST_WAIT_MS = 24 * 3_600_000;
/** The run's last event comes some milliseconds before Temporal closes the workflow and has its result. */
const SETTLING_MS = 5000;

/** The result, or undefined when the run is not over within the time, or this process stops before. Throws as `Runs.result` does. */
export async function waitForResult(
  { runs, stopping }: Pick<Services, 'runs' | 'stopping'>,
  runId: string,
  limitMs: number,
): Promise<RunResult | undefined> {
  if (stopping.aborted) return undefined;
  let leave = () => {};
  const stopped = new Promise<undefined>((resolve) => {
    leave = () => resolve(undefined);
    stopping.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([runs.result(runId, limitMs), stopped]);
  } finally {
    stopping.removeEventListener('abort', leave);
  }
}

/**
 * The result, for clients that know no "later": waited for as long as they do. Throws as `Runs.result` does, and {@link ApiError}
 * `INTERRUPTED` when this process stops before.
 */
export async function waitToTheEnd(services: Pick<Services, 'runs' | 'stopping'>, runId: string): Promise<RunResult> {
  const result = await waitForResult(services, runId, LONGEST_WAIT_MS);
  if (result) return result;
  throw new ApiError('INTERRUPTED', `The server stops; the run goes on: GET /runs/${runId}.`, { run_id: runId });
}

/** Tells a caller who has heard a run to its last event how it ended. */
export interface Conclusion {
  complete(result: RunResult): void;
  fail(error: ApiError): void;
}

/** Concludes a stream after the run's last event. Rejects never: what goes wrong is told. */
export async function conclude({ runs }: Pick<Services, 'runs'>, runId: string, told: Conclusion): Promise<void> {
  try {
    const result = await runs.result(runId, SETTLING_MS);
    if (!result) throw new ApiError('TEMPORAL_UNAVAILABLE', 'The run has ended; its result could not be read.');
    told.complete(result);
  } catch (error) {
    told.fail(toApiError(error));
  }
}

/** Describes a run. Whoever has seen its last event, which comes before Temporal closes the workflow, is never told "running". */
export async function describeSettled(
  { runs, history }: Pick<Services, 'runs' | 'history'>,
  runId: string,
): Promise<RunDescription> {
  const description = await runs.describe(runId);
  if (description.status !== 'running') return description;
  const head = await history.head(runId);
  if (!head || !(await hasEnd(history, runId, head))) return description;
  await runs.result(runId, SETTLING_MS).catch(() => undefined);
  return runs.describe(runId);
}
