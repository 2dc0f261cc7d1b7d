/** A Redis at its maxmemory, from the perspective of writers of text. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { Context } from '@temporalio/activity';
import { startHeartbeat } from '../../src/model-call/heartbeat';
import type { RedisConnection } from '../../src/redis/connect';
import { isOutOfMemory, readRedisMemory, retryWhileFull } from '../../src/redis/maxmemory';
import { createTurnStore } from '../../src/redis/turns';
import { startRedisServer, type RedisServer } from '../support/redis';

let server: RedisServer;
let redis: RedisConnection;
beforeAll(async () => {
  server = await startRedisServer();
  redis = server.connect();
});
afterAll(() => server.stop());
afterEach(() => redis.config('SET', 'maxmemory', '0'));

const fill = () => redis.config('SET', 'maxmemory', '1');
const refusal = (write: Promise<unknown>): Promise<unknown> =>
  write.then(
    () => undefined,
    (error: unknown) => error,
  );

test('is distinguished from other errors, of commands and of scripts', async () => {
  await redis.set('list', 'no list');
  expect(isOutOfMemory(await refusal(redis.lpush('list', '1')))).toBe(false);
  await fill();
  const store = createTurnStore(redis);
  const writes = [
    redis.set('key', 'value'),
    store.begin(randomUUID(), 'turn'),
    redis.eval("return redis.call('SET', KEYS[1], 1)", 1, 'key'),
  ];
  const refusals = await Promise.all(writes.map(refusal));
  expect(refusals.map(isOutOfMemory)).toEqual([true, true, true]);
  expect(await readRedisMemory(redis)).toMatchObject({ isFull: true, usedShare: expect.any(Number) });
});

test('text that arrives in the meantime is appended once, as soon as there is memory', async () => {
  const store = createTurnStore(redis);
  const scope = { run_id: randomUUID(), session_id: 's', team_id: 't' };
  const attempt = await store.begin(scope.run_id, 'turn');
  await fill();
  const event = { v: 1, ...scope, at: 1, type: 'turn.delta', turn: 'turn', text: 'Hello', offset: 0 } as never;
  const appended = store.append(scope.run_id, 'turn', attempt, 0, [{ event, effect: { add: 'Hello' } }]);
  await sleep(500);
  expect(await store.texts(scope.run_id, ['turn'])).toEqual([null]);
  await redis.config('SET', 'maxmemory', '0');
  await appended;
  expect(await store.texts(scope.run_id, ['turn'])).toEqual(['Hello']);
});

test('a write is retried for the given time and no longer, and any other failure not at all', async () => {
  await fill();
  let tries = 0;
  const begun = Date.now();
  const refused = await refusal(retryWhileFull(() => (tries++, redis.set('key', 'value')), 700));
  expect([isOutOfMemory(refused), tries > 2, Date.now() - begun < 1500]).toEqual([true, true, true]);
  tries = 0;
  await refusal(retryWhileFull(() => (tries++, Promise.reject(new Error('Other.'))), 700));
  expect(tries).toBe(1);
});

describe('a turn whose writes Redis rejects', () => {
  const MINUTE = 60_000;
  const refused = Object.assign(new Error('OOM command not allowed'), { name: 'ReplyError' });

  /** Returns what the next attempt receives, and the error of this one. */
  async function attemptAfter(heartbeatDetails: object | undefined) {
    const beats: unknown[] = [];
    const environment = new MockActivityEnvironment({ heartbeatDetails, attempt: 3 });
    environment.on('heartbeat', (one: unknown) => beats.push(one));
    const failure = await environment.run(() => {
      const heartbeat = startHeartbeat(Context.current());
      heartbeat.stop(refused);
      return Promise.resolve(heartbeat.boundFullness(refused));
    });
    return { beats, failure };
  }

  test('is retried for 15 minutes without a success, and then fails with a named error', async () => {
    const first = await attemptAfter({ waits: 1 });
    expect(first.failure).toBe(refused);
    expect(first.beats).toEqual([{ waits: 1, full_since: expect.closeTo(Date.now(), -4) }]);
    const since = Date.now() - 14 * MINUTE;
    expect(await attemptAfter({ waits: 1, full_since: since })).toEqual({
      failure: refused,
      beats: [{ waits: 1, full_since: since }],
    });
    const { failure } = await attemptAfter({ waits: 1, full_since: Date.now() - 16 * MINUTE });
    expect(failure).toMatchObject({ type: 'REDIS_FULL', nonRetryable: true });
  });
});
