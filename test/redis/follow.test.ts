/** One blocking connection that serves many readers of many runs: who receives what, and how soon. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisConnection } from '../../src/redis/connect';
import type { EventFollower } from '../../src/redis/follow';
import { eventsKey, runKey, turnKey } from '../../src/redis/keys';
import { createTurnStore, type TurnStore } from '../../src/redis/turns';
import { createTestRedis, type TestRedis } from '../support/redis';
import { collect, followerOn, type Collector, type FollowerRig } from './collector';
import { beginTurn, cursors, ENDINGS, newScope } from './fixtures';

let server: TestRedis;
let redis: RedisConnection;
let store: TurnStore;
let harness: FollowerRig;
let follower: EventFollower;

beforeAll(async () => {
  server = await createTestRedis();
  redis = server.connect();
  store = createTurnStore(redis);
  harness = followerOn(server);
  follower = harness.follower;
});
afterEach(() => readers.splice(0).forEach((reader) => reader.stop()));
afterAll(async () => {
  await follower.close();
  await server.stop();
});

const readers: Collector[] = [];
function read(runId: string, after?: string): Collector {
  const reader = collect(follower, runId, after);
  readers.push(reader);
  return reader;
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => `${i} `);

async function spokenRun(count: number) {
  const scope = newScope();
  const voice = await beginTurn(store, scope, 'a');
  if (count > 0) await voice.say(...numbers(count));
  return { scope, voice, runId: scope.run_id, generation: voice.attempt.generation };
}

describe('a reader', () => {
  it.each([0, 1, 5, 499, 500, 501, 1000, 1203])('of %i past events receives them and continues live', async (past) => {
    const { voice, runId, generation } = await spokenRun(past);
    const seen = read(runId);
    await seen.until(past);
    await voice.say('live ', 'live too ');
    await seen.until(past + 2);
    expect(seen.cursors).toEqual(cursors(generation, 1, past + 2));
  });

  it('that joins at cursor 5 receives 6 next, whether it already exists or not', async () => {
    const { voice, runId, generation } = await spokenRun(8);
    const [past, live] = [read(runId, `${generation}-5`), read(runId, `${generation}-8`)];
    await past.until(3);
    expect(past.cursors[0]).toBe(`${generation}-6`);
    await voice.say('nine');
    await Promise.all([past.until(4), live.until(1)]);
    expect(live.cursors).toEqual([`${generation}-9`]);
    expect(past.cursors).toEqual(cursors(generation, 6, 9));
  });

  it('of a run without events waits for the first one', async () => {
    const scope = newScope();
    const seen = read(scope.run_id);
    await sleep(20);
    const voice = await beginTurn(store, scope, 'a');
    await voice.say('first');
    await seen.until(1);
    expect(seen.cursors).toEqual([`${voice.attempt.generation}-1`]);
  });

  it('receives an event of a newly followed run in less than 100 ms, although the connection was blocked on nothing', async () => {
    const delays: number[] = [];
    for (let round = 0; round < 5; round++) {
      await sleep(20);
      const { voice, runId } = await spokenRun(1);
      const seen = read(runId);
      await seen.until(1);
      const publishedAt = performance.now();
      await voice.say('now');
      await seen.until(2);
      delays.push(performance.now() - publishedAt);
    }
    // the median, because the machine may be busy once
    expect(delays.sort((a, b) => a - b)[2]).toBeLessThan(100);
  });

  it('receives nothing after it has stopped, while others of the same run do', async () => {
    const { voice, runId, generation } = await spokenRun(2);
    const [leaver, stayer] = [read(runId), read(runId)];
    await Promise.all([leaver.until(2), stayer.until(2)]);
    leaver.stop();
    await voice.say('more');
    await stayer.until(3);
    expect(leaver.cursors).toEqual(cursors(generation, 1, 2));
    expect(follower.followed()).toBe(1);
    stayer.stop();
    expect(follower.followed()).toBe(0);
  });

  it('receives nothing at all if it stops before history has arrived', async () => {
    const { voice, runId } = await spokenRun(3);
    const [leaver, witness] = [read(runId), read(runId)];
    leaver.stop();
    leaver.stop();
    await voice.say('more');
    await witness.until(4);
    expect(leaver.events).toEqual([]);
  });

  it('can stop within its own callback, as at the last event of a run', async () => {
    const { scope, runId } = await spokenRun(3);
    const types: string[] = [];
    await new Promise<void>((resolve) => {
      const following = follower.follow(runId, '0', (events) => {
        types.push(...events.map(({ event }) => event.type));
        if (types.at(-1) !== 'run.completed') return;
        following.stop();
        resolve();
      });
      void store.close(scope, ENDINGS.completed, ['a']);
    });
    expect(types).toEqual(['turn.delta', 'turn.delta', 'turn.delta', 'run.completed']);
    expect(follower.followed()).toBe(0);
  });

  it('that returns at its last cursor misses nothing and receives nothing twice', async () => {
    const { voice, runId, generation } = await spokenRun(3);
    const seen: string[] = [];
    for (let visit = 0; visit < 5; visit++) {
      const reader = read(runId, seen.at(-1) ?? '0');
      await voice.say('one ', 'two ');
      await reader.until(1);
      reader.stop();
      seen.push(...reader.cursors);
    }
    const last = read(runId, seen.at(-1));
    await last.until(3 + 10 - seen.length);
    expect([...seen, ...last.cursors]).toEqual(cursors(generation, 1, 13));
  });
});

describe('one follower', () => {
  it('serves many readers of one run, each completely', async () => {
    const { voice, runId, generation } = await spokenRun(10);
    const readers = Array.from({ length: 100 }, () => read(runId));
    for (let i = 0; i < 20; i++) await voice.say('live ');
    await Promise.all(readers.map((reader) => reader.until(30)));
    for (const reader of readers) expect(reader.cursors).toEqual(cursors(generation, 1, 30));
    expect(follower.followed()).toBe(1);
  });

  it('serves many runs, each with its own events only', async () => {
    const scopes = Array.from({ length: 60 }, newScope);
    const readers = scopes.map(({ run_id }) => read(run_id));
    const voices = await Promise.all(scopes.map((scope) => beginTurn(store, scope, 'a')));
    await Promise.all(
      voices.map(async (voice) => void (await voice.say(...numbers(5)), await voice.say(...numbers(5)))),
    );
    await Promise.all(readers.map((reader) => reader.until(10)));
    for (const [n, { cursors: seen, events }] of readers.entries()) {
      expect(seen).toEqual(cursors(voices[n]!.attempt.generation, 1, 10));
      expect(new Set(events.map(({ event }) => event.run_id))).toEqual(new Set([scopes[n]!.run_id]));
    }
    expect(follower.followed()).toBe(60);
  });

  it('passes the same event object to all live readers, so that its frame is built once', async () => {
    const { voice, runId } = await spokenRun(1);
    const readers = [read(runId), read(runId)];
    await Promise.all(readers.map((reader) => reader.until(1)));
    await voice.say('live');
    await Promise.all(readers.map((reader) => reader.until(2)));
    expect(readers[0]!.events[1]!.event).toBe(readers[1]!.events[1]!.event);
  });

  it('delivers nothing after it was closed', async () => {
    const { voice, runId } = await spokenRun(1);
    const other = followerOn(server);
    const seen = collect(other.follower, runId);
    await seen.until(1);
    await other.follower.close();
    const late = collect(other.follower, runId);
    const witness = read(runId);
    await voice.say('unheard');
    await witness.until(2);
    expect([seen.events.length, late.events.length, other.reads()]).toEqual([1, 0, 1]);
  });
});

describe('a stream that Redis lost', () => {
  const lose = (runId: string) => redis.del(eventsKey(runId), runKey(runId), turnKey(runId, 'a'));

  it('is followed from the first event of the new stream, by old readers and new', async () => {
    const { scope, runId, generation } = await spokenRun(3);
    const old = read(runId);
    await old.until(3);
    await lose(runId);
    await sleep(2);
    const fresh = read(runId);
    const again = await beginTurn(store, scope, 'a');
    await again.say('new ', 'life');
    await Promise.all([old.until(5), fresh.until(2)]);
    expect(again.attempt.generation).not.toBe(generation);
    expect(fresh.cursors).toEqual(cursors(again.attempt.generation, 1, 2));
    expect(old.cursors).toEqual([...cursors(generation, 1, 3), ...fresh.cursors]);
  });

  it('is not read in a busy loop by a reader that joins while it is missing', async () => {
    const { runId } = await spokenRun(3);
    await read(runId).until(3);
    await lose(runId);
    const before = harness.reads();
    read(runId);
    await sleep(150);
    expect(harness.reads() - before).toBeLessThan(20);
  });
});
