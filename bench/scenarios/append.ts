/** What a piece of text costs Redis, at one token per event: the time of the script, memory, and the events that one server can take. */
import { connectRedis, type RedisConnection } from '../../src/redis/connect';
import { eventsKey, runKey, textKey, turnKey } from '../../src/redis/keys';
import { createTurnStore, type TurnStore } from '../../src/redis/turns';
import { beginTurn, newScope } from '../../test/redis/fixtures';
import { readMainThreadSeconds, readMicrosecondsPerCall } from '../redis-usage';
import { sum } from '../statistics';
import type { Scenario } from './scenario';

const TOKEN = ' word';
const TOKENS = 2000;
const WRITERS = 50;
const TURN = 'answer';

export const append: Scenario = {
  name: 'append',
  title: `Appending tokens to Redis, one per event: ${TOKENS} by one turn, then as many by each of ${WRITERS}`,
  metrics: [
    { key: 'script', label: 'an append (EVALSHA), microseconds' },
    { key: 'bytes', label: 'memory of a token, bytes' },
    { key: 'events-per-s', label: "events per second of Redis' thread" },
  ],
  rounds: ({ rounds }) => rounds,
  suits: ({ name }) => name === 'ours',
  async measure({ redisUrl }) {
    const redis = connectRedis({ url: redisUrl, patient: true });
    try {
      const store = createTurnStore(redis);
      return { ...(await measureOne(redis, store)), 'events-per-s': await measureMany(redis, store) };
    } finally {
      redis.disconnect();
    }
  },
};

async function measureOne(redis: RedisConnection, store: TurnStore): Promise<{ script: number; bytes: number }> {
  const scope = newScope();
  const voice = await beginTurn(store, scope, TURN);
  await voice.say(TOKEN);
  const before = await readBytes(redis, scope.run_id);
  await redis.config('RESETSTAT');
  for (let i = 0; i < TOKENS; i++) await voice.say(TOKEN);
  const script = await readMicrosecondsPerCall(redis, 'evalsha');
  return { script, bytes: ((await readBytes(redis, scope.run_id)) - before) / TOKENS };
}

async function measureMany(redis: RedisConnection, store: TurnStore): Promise<number> {
  const voices = await Promise.all(Array.from({ length: WRITERS }, () => beginTurn(store, newScope(), TURN)));
  const before = await readMainThreadSeconds(redis);
  await Promise.all(
    voices.map(async (voice) => {
      for (let i = 0; i < TOKENS; i++) await voice.say(TOKEN);
    }),
  );
  return (WRITERS * TOKENS) / ((await readMainThreadSeconds(redis)) - before);
}

/** All keys of a run with one turn. */
async function readBytes(redis: RedisConnection, runId: string): Promise<number> {
  const keys = [eventsKey(runId), runKey(runId), turnKey(runId, TURN), textKey(runId, TURN)];
  const sizes = await Promise.all(keys.map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)));
  return sum(sizes.map((size) => size ?? 0));
}
