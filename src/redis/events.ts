/** The reading side of a run's stream: history by range, and where the stream begins and ends. */
import { isTerminal } from '../contract/events';
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

/** Whether one place lies before another; a later generation is a later place. */
export function isBefore(a: string, b: string): boolean {
  const [left, right] = [parseCursor(a), parseCursor(b)];
  if (left.generation !== right.generation) return Number(left.generation) < Number(right.generation);
  return left.seq < right.seq;
}

/** Whether nothing lies between two places; the first event of a stream that was made anew follows every older place. */
export function isNext(a: string, b: string): boolean {
  const [left, right] = [parseCursor(a), parseCursor(b)];
  return right.seq === (left.generation === right.generation ? left.seq + 1 : 1);
}

const TAG_DIGITS = 3;

/** The digits at the end of each generation of a run's stream, by which a cursor of another run is told apart. */
export function tagOf(runId: string): string {
  let hash = 0;
  for (let i = 0; i < runId.length; i++) hash = (hash * 31 + runId.charCodeAt(i)) % 1_000_003;
  return String(hash % 10 ** TAG_DIGITS).padStart(TAG_DIGITS, '0');
}

/** Whether a place may be one of this run. */
export function isPlaceOf(runId: string, { generation }: Position): boolean {
  return generation.endsWith(tagOf(runId));
}

/** One entry of a stream as ioredis gives it: its id, and its fields and values in turn. */
export type StreamEntry = [id: string, fields: string[]];

export function parseEntry([cursor, [, json]]: StreamEntry): PlacedEvent {
  return { cursor, event: JSON.parse(json ?? '') as RunEvent };
}

/** The newest place of a stream, and the last one of the longer stream that it stands for once it was compacted. */
export interface Head extends Position {
  compacted: string | undefined;
}

export interface EventReader {
  /** Up to `count` events after the cursor. */
  read(runId: string, after: string, count: number): Promise<PlacedEvent[]>;
  /** The newest place of the stream; undefined when Redis has nothing of the run. */
  head(runId: string): Promise<Head | undefined>;
}

export function createEventReader(redis: RedisConnection): EventReader {
  return {
    async read(runId, after, count) {
      const start = after === BEGINNING ? '-' : `(${after}`;
      return (await redis.xrange(eventsKey(runId), start, '+', 'COUNT', count)).map(parseEntry);
    },
    async head(runId) {
      const [generation, seq, compacted] = await redis.streamHead(eventsKey(runId), runKey(runId), tagOf(runId));
      return generation ? { generation, seq: Number(seq), compacted: compacted || undefined } : undefined;
    },
  };
}

/** Whether a stream with this head ends with its run's last event. */
export async function hasEnd(reader: EventReader, runId: string, { generation, seq }: Position): Promise<boolean> {
  const before = seq > 1 ? `${generation}-${seq - 1}` : BEGINNING;
  const [last] = await reader.read(runId, before, 1);
  return last !== undefined && isTerminal(last.event);
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
