/**
 * Heartbeats of an attempt. Their details carry state to the next attempt: how many attempts at this turn have ended in a wait.
 *
 * Waiting does not count as a failed attempt. A turn in a long queue ends an attempt with each wait and must not run out of attempts.
 * Attempts that die must be limited, such as those of a turn that crashes its worker. Temporal counts both alike, so the waits are counted
 * in the heartbeat details, which outlive the attempt.
 */
import { ApplicationFailure, type Context } from '@temporalio/activity';
import { z } from 'zod';
import { HEARTBEAT_INTERVAL_MS } from '../contract/names';
import { isOutOfMemory, REDIS_FULL_MESSAGE } from '../redis/maxmemory';

/** Maximum number of attempts at a turn that die or fail without a requested delay. */
const MOST_DEATHS = 100;

/** How long a turn is retried while Redis is out of memory. */
const FULL_PATIENCE_MS = 15 * 60_000;

/** `full_since`: when Redis first refused an attempt for lack of memory, if it has refused all since. Unix time in milliseconds. */
const details = z.object({ waits: z.number().int().min(0), full_since: z.number().optional() });

export interface Heartbeat {
  /** Adds the turn's progress to every further heartbeat, for the Temporal Web UI. */
  tell(progress: () => object): void;
  /** Stops the heartbeats. An error with a retry delay counts as a wait. */
  stop(error?: unknown): void;
  /** Makes an out-of-memory error of Redis non-retryable after {@link FULL_PATIENCE_MS}; returns other errors unchanged. */
  boundFullness(error: unknown): unknown;
}

/** Starts the heartbeats of this attempt. Throws a non-retryable failure if too many earlier attempts have died. */
export function startHeartbeat(context: Context): Heartbeat {
  const { attempt, heartbeatDetails } = context.info;
  const { waits = 0, full_since: fullSince = Date.now() } = details.safeParse(heartbeatDetails).data ?? {};
  if (attempt - 1 - waits >= MOST_DEATHS)
    throw ApplicationFailure.nonRetryable(`${MOST_DEATHS} attempts at this turn have died.`, 'WORKER_LOST');
  let progress = (): object => ({});
  const beat = setInterval(() => context.heartbeat({ waits, ...progress() }), HEARTBEAT_INTERVAL_MS);
  return {
    tell: (report) => void (progress = report),
    stop(error) {
      clearInterval(beat);
      // the last heartbeat's details are passed on with the failure
      const isWait = error instanceof ApplicationFailure && (error.nextRetryDelay ?? undefined) !== undefined;
      if (isWait) context.heartbeat({ waits: waits + 1 });
      else if (isOutOfMemory(error)) context.heartbeat({ waits, full_since: fullSince });
    },
    boundFullness(error) {
      if (!isOutOfMemory(error) || Date.now() - fullSince < FULL_PATIENCE_MS) return error;
      return ApplicationFailure.nonRetryable(REDIS_FULL_MESSAGE, 'REDIS_FULL');
    },
  };
}

/** Sends heartbeats with these details while the work runs. Cancellation arrives in the reply to a heartbeat. */
export async function whileBeating<T>(
  context: Context,
  work: (signal: AbortSignal) => Promise<T>,
  details?: unknown,
): Promise<T> {
  if (details !== undefined) context.heartbeat(details);
  const beat = setInterval(() => context.heartbeat(details), HEARTBEAT_INTERVAL_MS);
  return work(context.cancellationSignal).finally(() => clearInterval(beat));
}
