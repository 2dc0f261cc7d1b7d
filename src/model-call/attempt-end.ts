/** Maps the end of an unsuccessful attempt to Temporal failures. */
import { ApplicationFailure, CancelledFailure, type Context } from '@temporalio/activity';
import { isOutOfMemory, REDIS_FULL_MESSAGE } from '../redis/maxmemory';
import { AppendRefused } from '../redis/turns';

const EXCITED_HEARTBEAT_MS = 200;
const CANCEL_WORD_MS = 20_000;

/**
 * Waits until Temporal has delivered the cancellation; before that it does not accept an activity as cancelled. The cancellation arrives
 * in the reply to a heartbeat, so heartbeats are sent more often until then.
 */
export async function untilCancelled(context: Context): Promise<void> {
  const heartbeat = setInterval(() => context.heartbeat(), EXCITED_HEARTBEAT_MS);
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, CANCEL_WORD_MS)));
  await Promise.race([context.cancelled.catch(() => undefined), limit]);
  clearTimeout(timer);
  clearInterval(heartbeat);
}

/** The failure to report to Temporal for an error of an attempt. */
export function toTemporalFailure(error: unknown, context: Context): unknown {
  if (context.cancellationDetails?.workerShutdown && !context.cancellationDetails.cancelRequested) return handedOver();
  if (context.cancellationSignal.aborted) return toCancelledFailure(error, context);
  if (error instanceof AppendRefused) {
    // a fenced attempt's report is ignored anyway; after a loss the next attempt writes everything again
    const type = error.reason === 'lost' ? 'TEXT_LOST' : 'FENCED';
    return ApplicationFailure.create({ message: error.message, type, nonRetryable: error.reason === 'closed' });
  }
  if (isOutOfMemory(error)) return ApplicationFailure.create({ message: REDIS_FULL_MESSAGE, type: 'REDIS_FULL' });
  if (error instanceof Error && error.name === 'ReplyError') {
    return ApplicationFailure.create({ message: `Redis refused: ${error.message}`, type: 'REDIS_UNAVAILABLE' });
  }
  return error;
}

/** Includes the partial usage if the attempt could still report it. */
function toCancelledFailure(error: unknown, { cancellationSignal }: Context): unknown {
  const stopped = error instanceof ApplicationFailure && error.type === 'CANCELLED';
  return stopped ? new CancelledFailure(error.message, error.details ?? []) : cancellationSignal.reason;
}

/** Temporal would refuse a cancellation that nobody has requested. With this failure, any worker retries the turn at once. */
function handedOver(): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'WORKER_STOPPED',
    message: 'The worker stops; another one goes on with the turn.',
    nextRetryDelay: '1ms',
  });
}
