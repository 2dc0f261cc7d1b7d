/** Queue of a session's runs in order of arrival; one of them is active at a time. */
import { z } from 'zod';
import type { RedisConnection } from './connect';
import { sessionQueueKey } from './keys';
import { defineScript } from './scripts';

export interface SessionQueue {
  /**
   * Takes a place in the queue, once even if called repeatedly. Returns the runs ahead, the active one first. With `onlyIfFree`, takes no
   * place while other runs are queued.
   */
  enter(sessionId: string, runId: string, onlyIfFree: boolean): Promise<string[]>;
  /** Leaves the queue. Returns the run that is active next, if any. */
  leave(sessionId: string, runId: string): Promise<string | undefined>;
  /** Returns the queued runs, the active one first. */
  read(sessionId: string): Promise<string[]>;
}

/** Expiry of an unchanged queue. Seconds; it must outlast a gate that waits for days. */
const QUEUE_TTL = 30 * 24 * 3600;

const enterSession = defineScript<{ run: string; ttlSeconds: number; onlyIfFree: boolean }, string[]>(
  'enter-session',
  z.array(z.string()),
);

export function createSessionQueue(redis: RedisConnection): SessionQueue {
  return {
    enter: (sessionId, runId, onlyIfFree) =>
      enterSession(redis, [sessionQueueKey(sessionId)], { run: runId, ttlSeconds: QUEUE_TTL, onlyIfFree }),
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
