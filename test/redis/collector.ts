/** A reader that stores what it receives, and resolves when it has enough. */
import { randomUUID } from 'node:crypto';
import type { PlacedEvent } from '../../src/contract';
import type { RedisConnection } from '../../src/redis/connect';
import { createEventReader, type EventReader } from '../../src/redis/events';
import { createEventFollower, type EventFollower } from '../../src/redis/follow';
import type { TestRedis } from '../support/redis';

export interface Collector {
  readonly events: PlacedEvent[];
  readonly cursors: string[];
  /** Resolves once this many events have arrived; on a timeout, rejects with the events so far. */
  until(count: number, limitMs?: number): Promise<void>;
  stop(): void;
}

export function collect(follower: EventFollower, runId: string, after = '0'): Collector {
  const events: PlacedEvent[] = [];
  let wake = () => {};
  const following = follower.follow(runId, after, (batch) => {
    events.push(...batch);
    wake();
  });
  return {
    events,
    get cursors() {
      return events.map(({ cursor }) => cursor);
    },
    stop: () => following.stop(),
    async until(count, limitMs = 10_000) {
      const expiry = Date.now() + limitMs;
      while (events.length < count) {
        const left = expiry - Date.now();
        if (left <= 0) throw new Error(`${events.length} of ${count} events, the last is ${events.at(-1)?.cursor}.`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    },
  };
}

export interface FollowerRig {
  follower: EventFollower;
  blocking: RedisConnection;
  /** Returns how often history was read. */
  reads(): number;
}

/** Creates a follower as in an API process: a blocking connection, and an impatient one for commands. */
export function followerOn(server: TestRedis): FollowerRig {
  const [blocking, commands] = [server.connect(), server.connect({ patient: false })];
  const history = createEventReader(commands);
  let count = 0;
  const counted: EventReader = { ...history, read: (...range) => (count++, history.read(...range)) };
  const follower = createEventFollower(blocking, commands, counted, `test-${randomUUID()}`);
  return { blocking, follower, reads: () => count };
}
