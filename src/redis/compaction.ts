/**
 * Streams of runs that have ended are put in fewer words after a while: a text in one piece instead of thousands. Readers that
 * are still on their way through the long stream are told to begin again.
 */
import { compactEvents } from '../contract/compact';
import type { RedisConnection } from './connect';
import { createEventReader, readAll, tagOf } from './events';
import { contextKey, ENDED_RUNS, eventsKey, runKey, textKey, turnKey } from './keys';

export interface Compaction {
  /** Compacts runs that ended more than so many milliseconds ago, a few at a time; resolves to how many. */
  compactEndedBefore(agoMs: number): Promise<number>;
}

const AT_ONCE = 20;

/** `keepSeconds` is how long a compacted stream is kept. */
export function createCompaction(redis: RedisConnection, keepSeconds: number): Compaction {
  const history = createEventReader(redis);

  async function compact(runId: string): Promise<void> {
    const head = await history.head(runId);
    if (!head || head.compacted) return;
    const events = [];
    for await (const { event } of readAll(history, runId)) events.push(event);
    const turns = [...new Set(events.flatMap((event) => ('turn' in event ? [event.turn] : [])))];
    const keys = [
      ...[eventsKey(runId), runKey(runId), contextKey(runId)],
      ...turns.flatMap((turn) => [turnKey(runId, turn), textKey(runId, turn)]),
    ];
    const texts = compactEvents(events).map((event) => JSON.stringify(event));
    await redis.compactStream(
      keys.length,
      ...keys,
      `${head.generation}-${head.seq}`,
      keepSeconds,
      tagOf(runId),
      ...texts,
    );
  }

  return {
    async compactEndedBefore(agoMs) {
      const due = await redis.zrangebyscore(ENDED_RUNS, 0, Date.now() - agoMs, 'LIMIT', 0, AT_ONCE);
      for (const runId of due) {
        await compact(runId);
        await redis.zrem(ENDED_RUNS, runId);
      }
      return due.length;
    },
  };
}
