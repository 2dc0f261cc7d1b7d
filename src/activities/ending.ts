/** How an attempt that does not succeed ends, in Temporal's terms. */
import { ApplicationFailure, CancelledFailure, type Context } from '@temporalio/activity';
import { AppendRefused } from '../redis/turns';

const EXCITED_HEARTBEAT_MS = 200;
const CANCEL_WORD_MS = 20_000;

/**
 * Waits until Temporal has heard of the cancellation: before that it accepts no cancelled activity. Its word comes back with a
 * heartbeat, so the heart beats faster until then.
 */
export async function untilCancelled(context: Context): Promise<void> {
  const heartbeat = setInterval(() => context.heartbeat(), EXCITED_HEARTBEAT_MS);
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, CANCEL_WORD_MS)));
  await Promise.race([context.cancelled.catch(() => undefined), limit]);
  clearTimeout(timer);
  clearInterval(heartbeat);
}

/** What Temporal is told of an attempt that failed. */
export function toTemporalFailure(error: unknown, context: Context): unknown {
  if (context.cancellationDetails?.workerShutdown && !context.cancellationDetails.cancelRequested) return handedOver();
  if (context.cancellationSignal.aborted) return toCancelledFailure(error, context);
  if (error instanceof AppendRefused) {
    // a fenced attempt's report is ignored anyway; after a loss the next attempt writes everything again
    const type = error.reason === 'lost' ? 'TEXT_LOST' : 'FENCED';
    return ApplicationFailure.create({ message: error.message, type, nonRetryable: error.reason === 'closed' });
  }
  if (error instanceof Error && error.name === 'ReplyError') {
    return ApplicationFailure.create({ message: `Redis refused: ${error.message}`, type: 'REDIS_UNAVAILABLE' });
  }
  return error;
}

/** With the details of how the attempt stopped, if it still could tell. */
function toCancelledFailure(error: unknown, { cancellationSignal }: Context): unknown {
  const stopped = error instanceof ApplicationFailure && error.type === 'CANCELLED';
  return stopped ? new CancelledFailure(error.message, error.details ?? []) : cancellationSignal.reason;
}

/** As a cancellation it would be refused, because nobody has asked for one; as a failure any worker takes the turn up at once. */
function handedOver(): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'WORKER_STOPPED',
    message: 'The worker stops; another one goes on with the turn.',
    nextRetryDelay: '1ms',
  });
}
