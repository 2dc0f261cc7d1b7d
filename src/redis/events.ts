/** Reads a run's stream: history by range, and the positions of its start and end. */
import { z } from 'zod';
import { isTerminal } from '../contract/events';
import type { PlacedEvent } from '../contract';
import type { RedisConnection } from './connect';
import { eventsKey, runKey } from './keys';
import { defineScript, json } from './scripts';
import { EventDecoder, type StreamEntry } from './stored-events';

/** A position in a stream. `generation` identifies the stream; `seq` counts its events from 1; 0 is before the first event. */
export interface Position {
  generation: string;
  seq: number;
}

/** The position before the first event, whatever the stream's generation. */
export const BEGINNING = '0';

/** Parses a cursor. The contract has already validated its format. */
export function parseCursor(cursor: string): Position {
  const [generation = '0', seq = '0'] = cursor.split('-');
  return { generation, seq: Number(seq) };
}

/** Returns whether position `a` is before `b`. A later generation counts as a later position. */
export function isBefore(a: string, b: string): boolean {
  const [left, right] = [parseCursor(a), parseCursor(b)];
  if (left.generation !== right.generation) return Number(left.generation) < Number(right.generation);
  return left.seq < right.seq;
}

/** Returns whether `b` directly follows `a`. The first event of a recreated stream follows every position of older generations. */
export function isNext(a: string, b: string): boolean {
  const [left, right] = [parseCursor(a), parseCursor(b)];
  return right.seq === (left.generation === right.generation ? left.seq + 1 : 1);
}

const TAG_DIGITS = 3;

/** Returns the digits that end each generation of a run's stream. They reveal a cursor that belongs to another run. */
export function computeTag(runId: string): string {
  let hash = 0;
  for (let i = 0; i < runId.length; i++) hash = (hash * 31 + runId.charCodeAt(i)) % 1_000_003;
  return String(hash % 10 ** TAG_DIGITS).padStart(TAG_DIGITS, '0');
}

/** Returns whether a position can belong to this run. */
export function isPlaceInRun(runId: string, { generation }: Position): boolean {
  return generation.endsWith(computeTag(runId));
}

/** The newest position of a stream, and the last position of the longer stream that it was compacted from. */
const streamHead = z.object({ generation: z.string(), seq: z.number(), compacted: z.string().optional() });
export type Head = z.infer<typeof streamHead>;

export const readStreamHead = defineScript<{ tag: string }, Head | null>(
  'read-stream-head',
  json(streamHead).nullable(),
);

export interface EventReader {
  /** Returns up to `count` events after the cursor. */
  read(runId: string, after: string, count: number): Promise<PlacedEvent[]>;
  /** Returns the newest position of the stream; undefined if Redis has no data of the run. */
  head(runId: string): Promise<Head | undefined>;
  /** Decodes entries that a caller has read from the stream itself. */
  decode(runId: string, entries: readonly StreamEntry[]): Promise<PlacedEvent[]>;
}

export function createEventReader(redis: RedisConnection): EventReader {
  const decoder = new EventDecoder(async (runId, id) => (await redis.xrange(eventsKey(runId), id, id))[0]);
  return {
    async read(runId, after, count) {
      const start = after === BEGINNING ? '-' : `(${after}`;
      return decoder.decodeAll(runId, await redis.xrange(eventsKey(runId), start, '+', 'COUNT', count));
    },
    decode: (runId, entries) => decoder.decodeAll(runId, entries),
    async head(runId) {
      const head = await readStreamHead(redis, [eventsKey(runId), runKey(runId)], { tag: computeTag(runId) });
      return head ?? undefined;
    },
  };
}

/** Returns whether the stream with this head ends with the run's terminal event. */
export async function hasEnd(reader: EventReader, runId: string, { generation, seq }: Position): Promise<boolean> {
  const before = seq > 1 ? `${generation}-${seq - 1}` : BEGINNING;
  const [last] = await reader.read(runId, before, 1);
  return last !== undefined && isTerminal(last.event);
}

/** Reads a whole run page by page. */
export async function* readAll(reader: EventReader, runId: string, pageSize = 1000): AsyncGenerator<PlacedEvent> {
  let after = BEGINNING;
  for (;;) {
    const page = await reader.read(runId, after, pageSize);
    yield* page;
    if (page.length < pageSize) return;
    after = page[page.length - 1]?.cursor ?? after;
  }
}
