/** A run's own events: each is published once, the first closing event is final, and all keys of a run expire. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunScope } from '../../src/contract';
import type { RedisConnection } from '../../src/redis/connect';
import { createEventReader, type EventReader } from '../../src/redis/events';
import { eventsKey, runKey, textKey, turnKey } from '../../src/redis/keys';
import { createTurnStore, type TurnStore } from '../../src/redis/turns';
import { createTestRedis, type TestRedis } from '../support/redis';
import { beginTurn, ENDINGS, listEvents, fold, newScope, OPENING, readVerdict } from './fixtures';

let server: TestRedis;
let redis: RedisConnection;
let store: TurnStore;
let reader: EventReader;

beforeAll(async () => {
  server = await createTestRedis();
  redis = server.connect();
  store = createTurnStore(redis);
  reader = createEventReader(redis);
});
afterAll(() => server.stop());

const listTypes = async ({ run_id }: RunScope) => (await listEvents(reader, run_id)).map(({ event }) => event.type);

describe('an event of a run', () => {
  it('contains the scope, the version and the time, and no other given field', async () => {
    const scope = newScope();
    const before = Date.now();
    await store.publish({ ...scope, message: 'not part of a scope' } as RunScope, OPENING);
    const [placed] = await listEvents(reader, scope.run_id);
    expect(placed?.event).toEqual({ v: 1, ...scope, ...OPENING, at: expect.any(Number) as number });
    expect(placed?.event.at).toBeGreaterThanOrEqual(before);
    expect(placed?.event.at).toBeLessThanOrEqual(Date.now());
  });

  it('is published once, even concurrently and with different content', async () => {
    const scope = newScope();
    await Promise.all(
      [1, 2, 3, 4].map((n) => store.publish(scope, { ...OPENING, message: `number ${n}` } as typeof OPENING)),
    );
    await store.publish(scope, OPENING);
    expect(await listTypes(scope)).toEqual(['run.started']);
  });
});

describe('closing', () => {
  it('returns the event that it wrote', async () => {
    const scope = newScope();
    const ending = await store.close(scope, ENDINGS.completed, []);
    expect(ending).toMatchObject({ ...ENDINGS.completed, ...scope });
    expect((await listEvents(reader, scope.run_id)).map(({ event }) => event)).toEqual([ending]);
  });

  it('is decided by the first of many concurrent calls, and all receive its event', async () => {
    for (let round = 0; round < 10; round++) {
      const scope = newScope();
      const others = Array.from({ length: 6 }, () => createTurnStore(server.connect()));
      const endings = await Promise.all(
        others.map((one, n) => one.close(scope, n % 2 ? ENDINGS.completed : ENDINGS.cancelled, [])),
      );
      const events = await listEvents(reader, scope.run_id);
      expect(events).toHaveLength(1);
      for (const ending of endings) expect(ending).toEqual(events[0]?.event);
    }
  });

  it('is idempotent, and a later, different event changes nothing', async () => {
    const scope = newScope();
    await store.publish(scope, OPENING);
    const first = await store.close(scope, ENDINGS.cancelled, []);
    expect(await store.close(scope, ENDINGS.cancelled, [])).toEqual(first);
    expect(await store.close(scope, ENDINGS.completed, [])).toEqual(first);
    expect(await listTypes(scope)).toEqual(['run.started', 'run.cancelled']);
    expect(fold(await listEvents(reader, scope.run_id)).status).toBe('cancelled');
  });

  it('comes after all accepted events, even with concurrent writers', async () => {
    const scope = newScope();
    const voice = await beginTurn(store, scope, 'a');
    let taken = 0;
    const speaking = (async () => {
      while ((await readVerdict(voice.say('word '))) === 'taken') taken++;
    })();
    await sleep(5);
    await store.close(scope, ENDINGS.completed, ['a']);
    await speaking;
    const types = await listTypes(scope);
    expect(types).toHaveLength(taken + 1);
    expect(types.indexOf('run.completed')).toBe(taken);
    expect(await store.texts(scope.run_id, ['a'])).toEqual(['word '.repeat(taken)]);
  });
});

describe('time to live', () => {
  const DAY = 24 * 3600;

  async function spokenRun(): Promise<{ scope: RunScope; keys: string[] }> {
    const scope = newScope();
    await store.publish(scope, OPENING);
    await (await beginTurn(store, scope, 'a')).say('text');
    const id = scope.run_id;
    return { scope, keys: [eventsKey(id), runKey(id), turnKey(id, 'a'), textKey(id, 'a')] };
  }
  const ttls = (keys: string[]) => Promise.all(keys.map((key) => redis.ttl(key)));

  it('is a week for every key of an open run, from its first attempt on', async () => {
    const { keys } = await spokenRun();
    for (const ttl of await ttls(keys)) {
      expect(ttl).toBeGreaterThan(7 * DAY - 60);
      expect(ttl).toBeLessThanOrEqual(7 * DAY);
    }
  });

  it('is a week again for every key when another attempt starts', async () => {
    const { scope, keys } = await spokenRun();
    await Promise.all(keys.map((key) => redis.expire(key, 100)));
    await store.begin(scope.run_id, 'a');
    for (const ttl of await ttls(keys)) expect(ttl).toBeGreaterThan(7 * DAY - 60);
  });

  it('also applies to a text that was dropped and restarted, and to a stream that was lost and recreated', async () => {
    const { scope, keys } = await spokenRun();
    const again = await beginTurn(store, scope, 'a');
    await again.append([
      again.tell({ type: 'turn.restarted', dropped: 4, model: 'm' }, { drop: true }),
      ...again.deltas('new'),
    ]);
    expect(Math.min(...(await ttls(keys)))).toBeGreaterThan(0);
    await redis.del(keys);
    await (await beginTurn(store, scope, 'a')).say('newer');
    expect(Math.min(...(await ttls(keys)))).toBeGreaterThan(0);
  });

  it('is a day for every key of a closed run', async () => {
    const { scope, keys } = await spokenRun();
    await store.close(scope, ENDINGS.completed, ['a']);
    for (const ttl of await ttls(keys)) {
      expect(ttl).toBeGreaterThan(DAY - 60);
      expect(ttl).toBeLessThanOrEqual(DAY);
    }
  });
});
