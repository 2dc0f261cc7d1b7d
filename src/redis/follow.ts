/**
 * Follows the streams of many runs for many readers over one blocking connection.
 *
 * A reader first reads history by range until nothing is left, then joins the live tail. Ids count without a gap, so a reader
 * that sees a jump knows that it missed something and reads the range again: joining needs no lock.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlacedEvent } from '../contract';
import type { RedisConnection } from './connect';
import { BEGINNING, isBefore, parseEntry, type EventReader, type StreamEntry } from './events';
import { PAGE, Reader, RETRY_MS, type Listener, type LiveTails } from './follow-reader';
import { doorbellKey, eventsKey } from './keys';

export type { Listener };

export interface EventFollower {
  /** Delivers every event after the cursor, in order and once, until `stop` is called. */
  follow(runId: string, after: string, listener: Listener): { stop(): void };
  /** Runs that are followed now. */
  followed(): number;
  /** Up to `limit` followed runs of which nothing was heard for so long, the longest first; each is named again after as long again. */
  silentFor(ms: number, limit: number): string[];
  close(): Promise<void>;
}

const BLOCK_MS = 5000;
/** A process that is killed leaves its doorbell behind. Seconds. */
const DOORBELL_TTL = 24 * 3600;

interface Tail {
  position: string;
  readers: Set<Reader>;
  /** When something was last heard, or asked about. */
  heardAt: number;
}

/** `blocking` must be a connection of its own: the reader blocks on it. `commands` reads history and rings the doorbell. */
export function createEventFollower(
  blocking: RedisConnection,
  commands: RedisConnection,
  history: EventReader,
  id: string,
): EventFollower {
  const tails = new Tails(blocking, commands, doorbellKey(id));
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

/** The live ends of all followed streams, behind one blocking read. */
class Tails implements LiveTails {
  private readonly tails = new Map<string, Tail>();
  private doorbellPosition = BEGINNING;
  private closed = false;
  private ringing = false;
  private readonly loop: Promise<void>;

  constructor(
    private readonly blocking: RedisConnection,
    private readonly commands: RedisConnection,
    private readonly doorbell: string,
  ) {
    this.loop = this.run();
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
      this.tails.set(runId, { position: reader.position, readers: new Set([reader]), heardAt: Date.now() });
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
      .filter(([, { heardAt }]) => now - heardAt > ms)
      .sort(([, a], [, b]) => a.heardAt - b.heardAt)
      .slice(0, limit);
    for (const [, tail] of silent) tail.heardAt = now;
    return silent.map(([runId]) => runId);
  }

  async close(): Promise<void> {
    this.closed = true;
    // ioredis never answers what waits for a connection that it is told to give up (disconnect() in ioredis/built/Redis.js)
    const isAway = this.blocking.status === 'reconnecting';
    this.blocking.disconnect();
    if (!isAway) await this.loop;
    await this.commands.del(this.doorbell).catch(() => undefined);
  }

  private async run(): Promise<void> {
    while (!this.closed) await this.readOnce().catch(() => sleep(RETRY_MS));
  }

  private async readOnce(): Promise<void> {
    const runIds = new Map([...this.tails.keys()].map((runId) => [eventsKey(runId), runId]));
    const keys = [this.doorbell, ...runIds.keys()];
    const positions = [this.doorbellPosition, ...[...this.tails.values()].map(({ position }) => position)];
    const reply = await this.blocking.xread('COUNT', PAGE, 'BLOCK', BLOCK_MS, 'STREAMS', ...keys, ...positions);
    for (const [key, entries] of (reply ?? []) as [string, StreamEntry[]][]) {
      if (key === this.doorbell) this.doorbellPosition = entries[entries.length - 1]?.[0] ?? this.doorbellPosition;
      else this.deliver(runIds.get(key) ?? '', entries.map(parseEntry));
    }
  }

  private deliver(runId: string, events: PlacedEvent[]): void {
    const tail = this.tails.get(runId);
    if (!tail) return;
    tail.position = events[events.length - 1]?.cursor ?? tail.position;
    tail.heardAt = Date.now();
    for (const reader of [...tail.readers]) {
      try {
        reader.live(events);
      } catch {
        // a listener that throws is out of the game; the others must have their events all the same
        reader.stop();
      }
    }
  }

  /** Wakes the blocked read, so that it takes a new run in. */
  private ring(): void {
    if (this.ringing || this.closed) return;
    this.ringing = true;
    setImmediate(() => {
      this.ringing = false;
      this.commands.xadd(this.doorbell, 'MAXLEN', 1, '*', 'ring', '1').catch(() => undefined);
      this.commands.expire(this.doorbell, DOORBELL_TTL).catch(() => undefined);
    });
  }
}
