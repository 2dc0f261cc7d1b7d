/**
 * Streams of runs that have ended are put in fewer words after a while: a text in one piece instead of thousands. Readers that
 * are still on their way through the long stream are told to begin again.
 */
import { compactEvents } from '../contract/compact';
import type { RedisConnection } from './connect';
import { createEventReader, readAll, tagOf } from './events';
import { ENDED_RUNS, eventsKey, runKey, textKey, turnKey } from './keys';

export interface Compaction {
  /** Compacts all runs that ended more than so many milliseconds ago; resolves to how many it has looked at. */
  compactEndedBefore(agoMs: number): Promise<number>;
}

const AT_ONCE = 20;
const LATER_MS = 3_600_000;

/** `keepSeconds` is how long a compacted stream is kept; `onFailure` hears of runs whose stream could not be compacted. */
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
    // what the run saw of its session stays: forks see the same
    const keys = [
      ...[eventsKey(runId), runKey(runId)],
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

  /** One that cannot be read holds up no other: it is looked at again later. */
  async function compactOrPutOff(runId: string): Promise<void> {
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
        for (const runId of due) await compactOrPutOff(runId);
        count += due.length;
        if (due.length < AT_ONCE) return count;
      }
    },
  };
}
