/**
 * The signs of life of an attempt, and what they carry over to the next one: how many attempts at this turn have ended in a wait.
 *
 * A turn that stands in a long queue ends an attempt with each wait, and must not run out of attempts. What must end some time are
 * attempts that die, such as those of a turn that takes its worker with it. Temporal counts both as one; the details of a heartbeat
 * outlive the attempt, so the waits are counted in them.
 */
import { ApplicationFailure, type Context } from '@temporalio/activity';
import { z } from 'zod';
import { HEARTBEAT_INTERVAL_MS } from '../contract/names';

/** So many attempts at a turn may die, or break off without a wait. */
const MOST_DEATHS = 100;

const details = z.object({ waits: z.number().int().min(0) });

export interface Pulse {
  /** Ends the signs of life with what the attempt failed with, if it did: a delay of its own makes it a wait. */
  stop(error?: unknown): void;
}

/** Begins to report that this attempt lives. Throws the failure that ends the turn when too many before it have died. */
export function startPulse(context: Context): Pulse {
  const { attempt, heartbeatDetails } = context.info;
  const waits = details.safeParse(heartbeatDetails).data?.waits ?? 0;
  if (attempt - 1 - waits >= MOST_DEATHS)
    throw ApplicationFailure.nonRetryable(`${MOST_DEATHS} attempts at this turn have died.`, 'WORKER_LOST');
  const beat = setInterval(() => context.heartbeat({ waits }), HEARTBEAT_INTERVAL_MS);
  return {
    stop(error) {
      clearInterval(beat);
      // what was beaten last travels with the failure
      const isWait = error instanceof ApplicationFailure && (error.nextRetryDelay ?? undefined) !== undefined;
      if (isWait) context.heartbeat({ waits: waits + 1 });
    },
  };
}

/** Reports that this attempt lives for as long as the work goes on, which is how it hears that it is cancelled. */
export async function whileBeating<T>(context: Context, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const beat = setInterval(() => context.heartbeat(), HEARTBEAT_INTERVAL_MS);
  return work(context.cancellationSignal).finally(() => clearInterval(beat));
}
