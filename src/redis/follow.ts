/**
 * Follows the streams of many runs for many readers over one blocking connection.
 *
 * A reader first reads history by range until it is exhausted, then joins the live tail. Ids have no gaps, so a reader that sees a jump
 * knows that it missed events and reads the range again. Joining therefore needs no lock.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlacedEvent } from '../contract';
import { UNWATCHED, type Loop } from '../loop-health';
import type { RedisConnection } from './connect';
import { BEGINNING, isBefore, type EventReader } from './events';
import { PAGE, Reader, RETRY_MS, type Listener, type LiveTails } from './follow-reader';
import { doorbellKey, eventsKey } from './keys';
import type { StreamEntry } from './stored-events';

export interface EventFollower {
  /** Delivers every event after the cursor, in order and exactly once, until `stop` is called. */
  follow(runId: string, after: string, listener: Listener): { stop(): void };
  /** Returns the number of runs being followed. */
  followed(): number;
  /** Returns up to `limit` followed runs without an event for `ms`, longest silence first. Each is returned again after another `ms`. */
  silentFor(ms: number, limit: number): string[];
  close(): Promise<void>;
}

const BLOCK_MS = 5000;
/** Expiry of the doorbell of a process that was killed. Seconds. */
const DOORBELL_TTL = 24 * 3600;

interface Tail {
  position: string;
  readers: Set<Reader>;
  /** When the last event arrived, or `silentFor` last returned the run. */
  readAt: number;
}

/** `blocking` must be a dedicated connection, since reads block on it. `commands` reads history and rings the doorbell. */
export function createEventFollower(
  blocking: RedisConnection,
  commands: RedisConnection,
  history: EventReader,
  id: string,
  loop: Loop = UNWATCHED,
): EventFollower {
  const tails = new Tails(blocking, commands, history, doorbellKey(id), loop);
  return {
    follow(runId, after, listener) {
      const reader = new Reader(runId, after, listener, history, tails);
      void reader.catchUp();
      return { stop: () => reader.stop() };
    },
    followed: () => tails.size,
    silentFor: (ms, limit) => tails.silentFor(ms, limit),
    close: () => tails.close(),
  };
}

/** The live tails of all followed streams, read by one blocking command. */
class Tails implements LiveTails {
  private readonly tails = new Map<string, Tail>();
  private doorbellPosition = BEGINNING;
  private closed = false;
  private ringing = false;
  private readonly reading: Promise<void>;

  constructor(
    private readonly blocking: RedisConnection,
    private readonly commands: RedisConnection,
    private readonly history: EventReader,
    private readonly doorbell: string,
    readonly loop: Loop,
  ) {
    this.reading = this.run();
  }

  get size(): number {
    return this.tails.size;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  join(runId: string, reader: Reader): boolean {
    const tail = this.tails.get(runId);
    if (!tail) {
      this.tails.set(runId, { position: reader.position, readers: new Set([reader]), readAt: Date.now() });
      this.ring();
      return true;
    }
    if (isBefore(reader.position, tail.position)) return false;
    tail.readers.add(reader);
    return true;
  }

  leave(runId: string, reader: Reader): void {
    const tail = this.tails.get(runId);
    tail?.readers.delete(reader);
    if (tail?.readers.size === 0) this.tails.delete(runId);
  }

  silentFor(ms: number, limit: number): string[] {
    const now = Date.now();
    const silent = [...this.tails]
      .filter(([, { readAt }]) => now - readAt > ms)
      .sort(([, a], [, b]) => a.readAt - b.readAt)
      .slice(0, limit);
    for (const [, tail] of silent) tail.readAt = now;
    return silent.map(([runId]) => runId);
  }

  async close(): Promise<void> {
    this.closed = true;
    // ioredis never settles commands that wait for a connection when it is told to disconnect (disconnect() in ioredis/built/Redis.js)
    const isAway = this.blocking.status === 'reconnecting';
    this.blocking.disconnect();
    if (!isAway) await this.reading;
    await this.commands.del(this.doorbell).catch(() => undefined);
  }

  private async run(): Promise<void> {
    while (!this.closed) {
      try {
        await this.readOnce();
        this.loop.succeeded();
      } catch (error) {
        if (this.closed) return;
        this.loop.failed(error);
        await sleep(RETRY_MS);
      }
    }
  }

  private async readOnce(): Promise<void> {
    const runIds = new Map([...this.tails.keys()].map((runId) => [eventsKey(runId), runId]));
    const keys = [this.doorbell, ...runIds.keys()];
    const positions = [this.doorbellPosition, ...[...this.tails.values()].map(({ position }) => position)];
    const reply = await this.blocking.xread('COUNT', PAGE, 'BLOCK', BLOCK_MS, 'STREAMS', ...keys, ...positions);
    const undecoded: unknown[] = [];
    for (const [key, entries] of (reply ?? []) as [string, StreamEntry[]][]) {
      const runId = runIds.get(key);
      if (runId === undefined) this.doorbellPosition = entries[entries.length - 1]?.[0] ?? this.doorbellPosition;
      else await this.decode(runId, entries).catch((error: unknown) => undecoded.push(error));
    }
    if (undecoded.length > 0) throw undecoded[0];
  }

  /** What cannot be decoded, because its stream is replaced at this moment, is read again, and keeps nobody else waiting. */
  private async decode(runId: string, entries: StreamEntry[]): Promise<void> {
    this.deliver(runId, await this.history.decode(runId, entries));
  }

  private deliver(runId: string, events: PlacedEvent[]): void {
    const tail = this.tails.get(runId);
    if (!tail) return;
    tail.position = events[events.length - 1]?.cursor ?? tail.position;
    tail.readAt = Date.now();
    for (const reader of [...tail.readers]) {
      try {
        reader.live(events);
      } catch {
        // a listener that throws is removed; the others must still receive their events
        reader.stop();
      }
    }
  }

  /** Wakes the blocked read, so that it includes a new run. */
  private ring(): void {
    if (this.ringing || this.closed) return;
    this.ringing = true;
    setImmediate(() => {
      this.ringing = false;
      const failed = (error: unknown) => this.loop.failed(error);
      this.commands.xadd(this.doorbell, 'MAXLEN', 1, '*', 'ring', '1').catch(failed);
      this.commands.expire(this.doorbell, DOORBELL_TTL).catch(failed);
    });
  }
}
