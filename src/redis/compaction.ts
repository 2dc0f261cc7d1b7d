/**
 * Compacts the streams of runs that ended a while ago: a text becomes one event instead of thousands. Readers that are still in the middle
 * of the long stream are told to start again.
 */
import { compactEvents } from '../events/compaction';
import type { RedisConnection } from './connect';
import { computeTag, createEventReader, readAll } from './events';
import { ENDED_RUNS, eventsKey, runKey, textKey, turnKey } from './keys';
import { defineScript, flag } from './scripts';

export interface Compaction {
  /** Compacts all runs that ended more than `agoMs` milliseconds ago. Resolves to the number of runs examined. */
  compactEndedBefore(agoMs: number): Promise<number>;
}

const AT_ONCE = 20;
const LATER_MS = 3_600_000;

const compactStream = defineScript<{ tag: string; head: string; ttlSeconds: number; events: string[] }, boolean>(
  'compact-stream',
  flag,
);

/** A compacted stream is kept for `keepSeconds`. `onFailure` is called for each run whose stream could not be compacted. */
export function createCompaction(
  redis: RedisConnection,
  keepSeconds: number,
  onFailure: (runId: string, error: unknown) => void,
): Compaction {
  const history = createEventReader(redis);

  async function compact(runId: string): Promise<void> {
    const head = await history.head(runId);
    if (!head || head.compacted) return;
    const events = [];
    for await (const { event } of readAll(history, runId)) events.push(event);
    const turns = [...new Set(events.flatMap((event) => ('turn' in event ? [event.turn] : [])))];
    // the run's session context is kept: forks read the same one
    const keys = [
      ...[eventsKey(runId), runKey(runId)],
      ...turns.flatMap((turn) => [turnKey(runId, turn), textKey(runId, turn)]),
    ];
    const texts = compactEvents(events).map((event) => JSON.stringify(event));
    await compactStream(redis, keys, {
      tag: computeTag(runId),
      head: `${head.generation}-${head.seq}`,
      ttlSeconds: keepSeconds,
      events: texts,
    });
  }

  /** Compacts one run. A run that cannot be read is retried later and does not block the others. */
  async function compactOrPostpone(runId: string): Promise<void> {
    try {
      await compact(runId);
      await redis.zrem(ENDED_RUNS, runId);
    } catch (error) {
      await redis.zadd(ENDED_RUNS, Date.now() + LATER_MS, runId);
      onFailure(runId, error);
    }
  }

  return {
    async compactEndedBefore(agoMs) {
      for (let count = 0; ;) {
        const due = await redis.zrangebyscore(ENDED_RUNS, 0, Date.now() - agoMs, 'LIMIT', 0, AT_ONCE);
        for (const runId of due) await compactOrPostpone(runId);
        count += due.length;
        if (due.length < AT_ONCE) return count;
      }
    },
  };
}
