/** Broadcasts the ids of cancelled runs to all workers, so that upstream calls end before a heartbeat delivers Temporal's cancellation. */
import type { RedisConnection } from './connect';
import { CANCEL_CHANNEL, runKey } from './keys';
import { receiveMessages } from './messages';

const cancelled = () => new Error('The run was cancelled.');

export interface Cancellations {
  /** Returns a signal that aborts when the run is cancelled. Call `release` when it is no longer needed. */
  watch(runId: string): { signal: AbortSignal; abort(): void; release(): void };
}

/** Same lifetime as the records of a run that never closes. Seconds. */
const NOTED_FOR = 7 * 24 * 3600;

/** Tells all workers that a run is cancelled, and records it for attempts that start later. */
export async function publishCancellation(redis: RedisConnection, runId: string): Promise<void> {
  const key = runKey(runId);
  await redis.pipeline().hset(key, 'cancelled', '1').expire(key, NOTED_FOR).publish(CANCEL_CHANNEL, runId).exec();
}

/** `subscriber` must be a dedicated connection: once subscribed, it cannot be used for anything else. */
export async function listenForCancellations(subscriber: RedisConnection): Promise<Cancellations> {
  const watches = new Map<string, Set<AbortController>>();
  await receiveMessages(subscriber, CANCEL_CHANNEL, {
    read: (runId) => watches.get(runId),
    receive: (ofRun) => ofRun.forEach((controller) => controller.abort(cancelled())),
  });
  return {
    watch(runId) {
      const controller = new AbortController();
      const ofRun = watches.get(runId) ?? new Set();
      watches.set(runId, ofRun.add(controller));
      return {
        signal: controller.signal,
        abort: () => controller.abort(cancelled()),
        release() {
          ofRun.delete(controller);
          if (ofRun.size === 0 && watches.get(runId) === ofRun) watches.delete(runId);
        },
      };
    },
  };
}
