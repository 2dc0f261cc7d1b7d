/** History and live tail are seamless: a reader that joins at any time and position receives each event once and in order. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisConnection } from '../../src/redis/connect';
import { createEventReader } from '../../src/redis/events';
import { createTurnStore, type TurnStore } from '../../src/redis/turns';
import { createTestRedis, type TestRedis } from '../support/redis';
import { collect, followerOn, type Collector, type FollowerRig } from './collector';
import { beginTurn, cursors, listEvents, fold, foldedText, newScope, type Voice } from './fixtures';
import { createChance, type Chance } from '../support/chance';

const EVENTS = 2000;
const TURNS = ['a', 'b', 'c', 'd', 'e'];

let server: TestRedis;
let redis: RedisConnection;
let store: TurnStore;
let rigs: FollowerRig[];

beforeAll(async () => {
  server = await createTestRedis();
  redis = server.connect();
  store = createTurnStore(redis);
  rigs = [followerOn(server), followerOn(server)];
});
afterAll(async () => {
  await Promise.all(rigs.map(({ follower }) => follower.close()));
  await server.stop();
});

/** A run to which several turns append, in random portions and with random pauses of the event loop. */
async function createWriting(chance: Chance) {
  const scope = newScope();
  const voices = await Promise.all(TURNS.map((turn) => beginTurn(store, scope, turn)));
  let begun = 0;
  let written = 0;
  const speak = async (voice: Voice) => {
    while (begun < EVENTS) {
      const count = Math.min(1 + chance.below(9), EVENTS - begun);
      begun += count;
      await voice.say(...Array.from({ length: count }, () => chance.pick(['word ', '🐦', '\n', 'x'])));
      written += count;
      for (let pause = chance.below(3); pause > 0; pause--) await redis.ping();
    }
  };
  return {
    scope,
    voices,
    generation: voices[0]!.attempt.generation,
    written: () => written,
    begin: () => Promise.all(voices.map(speak)),
  };
}

interface Joined {
  from: number;
  readers: Collector[];
}

it.each([11, 12, 13])(
  'readers that join at any time and cursor receive everything that follows, once and in order (seed %i)',
  async (seed) => {
    const chance = createChance(seed);
    const writing = await createWriting(chance);
    const { generation } = writing;
    const runId = writing.scope.run_id;

    const joinAt = async (moment: number): Promise<Joined> => {
      while (writing.written() < moment) await sleep(1);
      const from = chance.below(3) === 0 ? 0 : chance.below(writing.written() + 1);
      const { follower } = chance.pick(rigs);
      const joined: Joined = { from, readers: [] };
      let after = from === 0 ? '0' : `${generation}-${from}`;
      // some readers come and go: each visit continues after the last event of the previous one
      for (let visits = chance.below(3); visits > 0; visits--) {
        const visitor = collect(follower, runId, after);
        joined.readers.push(visitor);
        for (let pause = chance.below(20); pause > 0; pause--) await redis.ping();
        visitor.stop();
        after = visitor.cursors.at(-1) ?? after;
      }
      joined.readers.push(collect(follower, runId, after));
      return joined;
    };

    const joining = Array.from({ length: 16 }, () => joinAt(chance.below(EVENTS)));
    await Promise.all([writing.begin(), ...joining]);
    for (const { from, readers } of await Promise.all(joining)) {
      const before = readers.slice(0, -1).reduce((sum, { events }) => sum + events.length, 0);
      await readers.at(-1)!.until(EVENTS - from - before);
      expect(readers.flatMap((reader) => reader.cursors)).toEqual(cursors(generation, from + 1, EVENTS));
      readers.at(-1)!.stop();
    }
  },
);

it('the events of a reader fold to the texts in Redis', async () => {
  const writing = await createWriting(createChance(21));
  const runId = writing.scope.run_id;
  const reader = collect(rigs[0]!.follower, runId);
  await writing.begin();
  await reader.until(EVENTS);
  expect(reader.events).toEqual(await listEvents(createEventReader(redis), runId));
  expect(fold(reader.events).turns).toHaveLength(TURNS.length);
  const texts = await store.texts(runId, TURNS);
  for (const [n, turn] of TURNS.entries()) {
    expect(foldedText(reader.events, turn)).toBe(writing.voices[n]!.text);
    expect(texts[n]).toBe(writing.voices[n]!.text);
  }
  reader.stop();
});
