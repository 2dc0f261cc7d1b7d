/** Which run of a session goes first: the runs of a session in the order in which they came, one of them speaking at a time. */
import type { RedisConnection } from './connect';
import { sessionQueueKey } from './keys';

export interface SessionQueue {
  /**
   * Takes a place, once however often it is asked; answers the runs ahead, the one that speaks first. With `onlyIfFree` no place
   * is taken while there are any.
   */
  enter(sessionId: string, runId: string, onlyIfFree: boolean): Promise<string[]>;
  /** Gives the place up; answers the run that speaks next, if there is one. */
  leave(sessionId: string, runId: string): Promise<string | undefined>;
  /** The runs in the queue, the one that speaks first. */
  read(sessionId: string): Promise<string[]>;
}

/** A queue in which nobody moves any more. Seconds; it must outlast a gate that waits for days. */
const QUEUE_TTL = 30 * 24 * 3600;

export function createSessionQueue(redis: RedisConnection): SessionQueue {
  return {
    enter: (sessionId, runId, onlyIfFree) =>
      redis.enterSession(sessionQueueKey(sessionId), runId, QUEUE_TTL, onlyIfFree ? '1' : ''),
    async leave(sessionId, runId) {
      const [, next] = (await redis
        .multi()
        .lrem(sessionQueueKey(sessionId), 0, runId)
        .lindex(sessionQueueKey(sessionId), 0)
        .exec()) as [unknown, [null, string | null]];
      return next[1] ?? undefined;
    },
    read: (sessionId) => redis.lrange(sessionQueueKey(sessionId), 0, -1),
  };
}
