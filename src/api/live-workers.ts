/** The workers as they reported last. Used where a wait for Redis is not worth it. */
import type { Loop } from '../loop-health';
import type { RedisConnection } from '../redis/connect';
import { listLiveWorkers, type WorkerReport } from '../redis/workers';

const FRESH_MS = 2000;

/** Returns the last known reports, and refreshes them in the background if they are older than {@link FRESH_MS}. */
export function createLiveWorkers(redis: RedisConnection, loop: Loop): () => readonly WorkerReport[] {
  let known: readonly WorkerReport[] = [];
  let askedAt = 0;
  async function ask(): Promise<void> {
    askedAt = Date.now();
    known = await listLiveWorkers(redis);
  }
  return () => {
    if (Date.now() - askedAt > FRESH_MS) ask().then(loop.succeeded, loop.failed);
    return known;
  };
}
