/** Calls a cancelled run's id out to all workers, so that upstream calls end before Temporal's own word arrives with a heartbeat. */
import type { RedisConnection } from './connect';
import { CANCEL_CHANNEL, runKey } from './keys';

const cancelled = () => new Error('The run was cancelled.');

export interface Cancellations {
  /** A signal that is aborted when the run is cancelled; call `release` when it is no longer of interest. */
  watch(runId: string): { signal: AbortSignal; abort(): void; release(): void };
}

/** As long as the records of a run that never closes. Seconds. */
const NOTED_FOR = 7 * 24 * 3600;

/** Tells all workers that a run is cancelled, and notes it for attempts that begin later. */
export async function callOutCancel(redis: RedisConnection, runId: string): Promise<void> {
  const key = runKey(runId);
  await redis.pipeline().hset(key, 'cancelled', '1').expire(key, NOTED_FOR).publish(CANCEL_CHANNEL, runId).exec();
}

/** `subscriber` must be a connection of its own: it can do nothing else afterwards. */
export async function listenForCancellations(subscriber: RedisConnection): Promise<Cancellations> {
  const watches = new Map<string, Set<AbortController>>();
  subscriber.on('message', (_channel: string, runId: string) => {
    for (const controller of watches.get(runId) ?? []) controller.abort(cancelled());
  });
  await subscriber.subscribe(CANCEL_CHANNEL);
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
