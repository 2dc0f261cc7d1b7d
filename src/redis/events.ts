/** The reading side of a run's stream: history by range, and where the stream begins and ends. */
import type { PlacedEvent, RunEvent } from '../contract';
import type { RedisConnection } from './connect';
import { eventsKey, runKey } from './keys';

/** A place in a stream. `generation` names the stream, `seq` counts its events from 1; 0 is before the first. */
export interface Position {
  generation: string;
  seq: number;
}

/** The place before everything, in whatever stream the run has. */
export const BEGINNING = '0';

/** Reads a cursor; the contract has checked its form. */
export function parseCursor(cursor: string): Position {
  const [generation = '0', seq = '0'] = cursor.split('-');
  return { generation, seq: Number(seq) };
}

/** One entry of a stream as ioredis gives it: its id, and its fields and values in turn. */
export type StreamEntry = [id: string, fields: string[]];

export function parseEntry([cursor, [, json]]: StreamEntry): PlacedEvent {
  return { cursor, event: JSON.parse(json ?? '') as RunEvent };
}

export interface EventReader {
  /** Up to `count` events after the cursor. */
  read(runId: string, after: string, count: number): Promise<PlacedEvent[]>;
  /** The stream's name and its newest place; undefined when Redis has nothing of the run. */
  head(runId: string): Promise<Position | undefined>;
}

export function createEventReader(redis: RedisConnection): EventReader {
  return {
    async read(runId, after, count) {
      const start = after === BEGINNING ? '-' : `(${after}`;
      return (await redis.xrange(eventsKey(runId), start, '+', 'COUNT', count)).map(parseEntry);
    },
    async head(runId) {
      const [generation, seq] = await redis.hmget(runKey(runId), 'generation', 'seq');
      return generation ? { generation, seq: Number(seq) } : undefined;
    },
  };
}

/** Reads a whole run in pages. */
export async function* readAll(reader: EventReader, runId: string, pageSize = 1000): AsyncGenerator<PlacedEvent> {
  let after = BEGINNING;
  for (;;) {
    const page = await reader.read(runId, after, pageSize);
    yield* page;
    if (page.length < pageSize) return;
    after = page[page.length - 1]?.cursor ?? after;
  }
}
