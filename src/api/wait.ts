/** Waits for a run's result, or for its end, while the caller's connection stays open. */
import type { Context } from 'koa';
import type { RunResult } from '../contract';
import type { RecordedRun } from './descriptions';
import { hasEnd } from '../redis/events';
import { ApiError, toApiError } from './errors';
import type { Services } from './services';

const LONGEST_HEADER = 1000;
/** The longest wait of an open connection: a day. */
export const LONGEST_WAIT_MS = 24 * 3_600_000;
/** The run's last event comes some milliseconds before Temporal closes the workflow and has its result. */
const SETTLING_MS = 5000;

/**
 * How long the caller wants to wait, in milliseconds, from the body's `wait` or from `Prefer` (RFC 7240). Undefined if it is not specified.
 */
export function waitLimit(ctx: Context, wait: boolean | number | null | undefined): number | undefined {
  const prefer = ctx.get('Prefer').slice(0, LONGEST_HEADER);
  if (wait === false || /\brespond-async\b/.test(prefer)) return 0;
  if (typeof wait === 'number') return wait * 1000;
  const [, seconds] = /\bwait=(\d{1,9})\b/.exec(prefer) ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** The result, or undefined if the run does not end in time or this process stops. Throws as `Runs.result` does. */
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
 * The result, for clients that cannot fetch it later: waits up to {@link LONGEST_WAIT_MS}. Throws as `Runs.result` does, and {@link
 * ApiError} `INTERRUPTED` if this process stops first.
 */
export async function waitToTheEnd(services: Pick<Services, 'runs' | 'stopping'>, runId: string): Promise<RunResult> {
  const result = await waitForResult(services, runId, LONGEST_WAIT_MS);
  if (result) return result;
  throw interrupted(runId);
}

/** The error for a caller that waits when this process stops. */
export function interrupted(runId: string): ApiError {
  return new ApiError('INTERRUPTED', `The server stops; the run goes on: GET /runs/${runId}.`, { run_id: runId });
}

/** Handles the outcome of a run that was streamed up to its last event. */
export interface Conclusion {
  complete(result: RunResult): void;
  fail(error: ApiError): void;
}

/** Concludes a stream after the run's last event. Never rejects: errors are reported in the stream. */
export async function conclude({ runs }: Pick<Services, 'runs'>, runId: string, handlers: Conclusion): Promise<void> {
  try {
    const result = await runs.result(runId, SETTLING_MS);
    if (!result) throw new ApiError('TEMPORAL_UNAVAILABLE', 'The run has ended; its result could not be read.');
    handlers.complete(result);
  } catch (error) {
    handlers.fail(toApiError(error));
  }
}

/** Describes a run. A client that has seen the last event, which comes before Temporal closes the workflow, never reads "running". */
export async function describeSettled(
  { runs, history }: Pick<Services, 'runs' | 'history'>,
  runId: string,
): Promise<RecordedRun> {
  const description = await runs.describe(runId);
  if (description.status !== 'running') return description;
  const head = await history.head(runId);
  if (!head || !(await hasEnd(history, runId, head))) return description;
  await runs.result(runId, SETTLING_MS).catch(() => undefined);
  return runs.describe(runId);
}
