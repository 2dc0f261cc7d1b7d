/** The commands that appending a piece of text costs Redis, and recovery when the server has lost the script. */
import type { RedisConnection } from '../../src/redis/connect';
import { createEventReader } from '../../src/redis/events';
import { createTurnStore, type TurnStore } from '../../src/redis/turns';
import { startRedisServer, type RedisServer } from '../support/redis';
import { beginTurn, listEvents, foldedText, newScope } from './fixtures';

let server: RedisServer;
let redis: RedisConnection;
let store: TurnStore;
beforeAll(async () => {
  server = await startRedisServer();
  redis = server.connect();
  store = createTurnStore(redis);
});
afterAll(() => server.stop());

/** Returns how often each command was called since the last `CONFIG RESETSTAT`. */
async function readCalls(): Promise<Record<string, number>> {
  const lines = (await redis.info('commandstats')).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
  return Object.fromEntries([...lines].map(([, name = '', calls]) => [name, Number(calls)]));
}

test('an append reads each record once, and looks up neither the server nor TTLs', async () => {
  const voice = await beginTurn(store, newScope(), 'a');
  await voice.say('first');
  await redis.config('RESETSTAT');
  for (let i = 0; i < 100; i++) await voice.say(' word');
  const { evalsha, hmget, xadd, append, hset, ...others } = await readCalls();
  expect({ evalsha, hmget, xadd, append, hset }).toEqual({
    evalsha: 100,
    hmget: 200,
    xadd: 100,
    append: 100,
    hset: 200,
  });
  expect(Object.keys(others).filter((name) => !name.startsWith('config'))).toEqual([]);
});

test('an append after the script cache was flushed is written once, and the next one uses the cache again', async () => {
  const scope = newScope();
  const voice = await beginTurn(store, scope, 'a');
  await voice.say('one ');
  await redis.script('FLUSH');
  await voice.say('two ');
  await redis.config('RESETSTAT');
  await voice.say('three');
  expect(await readCalls()).toMatchObject({ evalsha: 1 });
  expect(foldedText(await listEvents(createEventReader(redis), scope.run_id), 'a')).toBe('one two three');
});
