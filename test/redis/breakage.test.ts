/** Broken connections and a killed server: acknowledged writes survive, and no reader misses an event. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createEventReader } from '../../src/redis/events';
import { createTurnStore } from '../../src/redis/turns';
import { until } from '../support/stack';
import { createTestRedis, killConnection, startRedisServer, type RedisServer, type TestRedis } from '../support/redis';
import { collect, followerOn } from './collector';
import { beginTurn, cursors, listEvents, foldedText, newScope, readVerdict } from './fixtures';

describe('a broken connection', () => {
  let server: TestRedis;
  beforeAll(async () => {
    server = await createTestRedis();
  });
  afterAll(() => server.stop());

  it('costs a follower no event, even if it breaks repeatedly during a stream', async () => {
    const redis = server.connect();
    const scope = newScope();
    const voice = await beginTurn(createTurnStore(redis), scope, 'a');
    const { follower, blocking } = followerOn(server);
    const reader = collect(follower, scope.run_id);
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 50; i++) {
        await voice.say('word ');
        if (i === 25) await killConnection(blocking, redis);
      }
      await reader.until((round + 1) * 50);
    }
    expect(reader.cursors).toEqual(cursors(voice.attempt.generation, 1, 200));
    await follower.close();
  });

  it('costs a writer nothing, and a resent append is written once', async () => {
    const [redis, other] = [server.connect(), server.connect()];
    const scope = newScope();
    const voice = await beginTurn(createTurnStore(redis), scope, 'a');
    for (let round = 0; round < 10; round++) {
      const appends = Array.from({ length: 20 }, () => voice.say('word '));
      const killing = killConnection(redis, other);
      await Promise.all([...appends, killing]);
      await redis.ping();
    }
    const events = await listEvents(createEventReader(other), scope.run_id);
    expect(events.map(({ cursor }) => cursor)).toEqual(cursors(voice.attempt.generation, 1, 200));
    expect(foldedText(events, 'a')).toBe('word '.repeat(200));
  });
});

describe('a server that is killed and restarted', () => {
  let server: RedisServer;
  beforeEach(async () => {
    server = await startRedisServer({ durable: true });
  });
  afterEach(() => server.stop());

  it('continues under a new generation that readers receive from the start; writers and fencing are unaffected', async () => {
    const store = createTurnStore(server.connect());
    const scope = newScope();
    const [old, voice] = [await beginTurn(store, scope, 'old'), await beginTurn(store, scope, 'a')];
    await beginTurn(store, scope, 'old');
    const { follower } = followerOn(server);
    const reader = collect(follower, scope.run_id);
    await voice.say('before ', 'the 🐦 ');
    await reader.until(2);

    await server.kill();
    const waiting = voice.say('fall ');
    await sleep(50);
    await server.revive();
    await waiting;
    await voice.say('and after');
    await reader.until(2 + 4);

    const events = await listEvents(createEventReader(server.connect()), scope.run_id);
    const [generation = ''] = events[0]?.cursor.split('-') ?? [];
    expect(Number(generation)).toBeGreaterThan(Number(voice.attempt.generation));
    expect(events.map(({ cursor }) => cursor)).toEqual(cursors(generation, 1, 4));
    expect(reader.cursors).toEqual([...cursors(voice.attempt.generation, 1, 2), ...cursors(generation, 1, 4)]);
    expect(reader.events.slice(2)).toEqual(events);
    expect(foldedText(events, 'a')).toBe('before the 🐦 fall and after');
    expect(await store.texts(scope.run_id, ['a'])).toEqual(['before the 🐦 fall and after']);
    await expect(old.say('late')).rejects.toMatchObject({ reason: 'fenced' });
    await follower.close();
  });

  it('without its newest writes is detected by writers and readers, and the old attempt stays fenced', async () => {
    const redis = server.connect();
    const store = createTurnStore(redis);
    const scope = newScope();
    const old = await beginTurn(store, scope, 'a');
    await old.say('kept ');
    // the content of the append-only file now is all that the restarted server will know
    await redis.config('SET', 'appendonly', 'no');
    await old.say('lost ', 'too ');
    const voice = await beginTurn(store, scope, 'a');
    await voice.say('and this');
    const head = await createEventReader(redis).head(scope.run_id);
    expect(head?.seq).toBe(4);

    await server.kill();
    await server.revive();

    const reader = createEventReader(redis);
    const after = await reader.head(scope.run_id);
    expect(Number(after?.generation)).toBeGreaterThan(Number(head?.generation));
    expect(after?.seq).toBe(1);
    expect(await readVerdict(voice.say('more'))).toBe('fenced');
    expect(await readVerdict(old.say('more'))).toBe('lost');
    const next = await beginTurn(store, scope, 'a');
    expect(next.attempt).toMatchObject({ epoch: 2, text: 'kept ' });
    expect(await readVerdict(voice.say('again'))).toBe('fenced');
    await next.say('on');
    expect(foldedText(await listEvents(reader, scope.run_id), 'a')).toBe('kept on');
  });

  it('is detected by an append that was already in flight', async () => {
    const [redis, other] = [server.connect(), server.connect()];
    const scope = newScope();
    const voice = await beginTurn(createTurnStore(redis), scope, 'a');
    await voice.say('before ');
    await other.client('PAUSE', 60_000, 'ALL');
    const onItsWay = voice.say('on its way');
    await sleep(20);
    // the new server caches the script before that append arrives
    redis.options.retryStrategy = () => 1500;
    await server.kill();
    await server.revive();
    await (await beginTurn(createTurnStore(server.connect()), newScope(), 'a')).say('first');
    await onItsWay;

    const events = await listEvents(createEventReader(redis), scope.run_id);
    const [generation = ''] = events[0]?.cursor.split('-') ?? [];
    expect(Number(generation)).toBeGreaterThan(Number(voice.attempt.generation));
    expect(events.map(({ cursor }) => cursor)).toEqual(cursors(generation, 1, 2));
  });

  it('makes a patient command wait, and fails an impatient one after a short time', async () => {
    const [patient, impatient] = [server.connect(), server.connect({ patient: false })];
    await Promise.all([patient.set('key', 'value'), impatient.ping()]);
    await server.kill();
    const waiting = patient.get('key');
    const failedAfterMs = performance.now();
    await expect(impatient.get('key')).rejects.toThrow();
    expect(performance.now() - failedAfterMs).toBeLessThan(2000);
    await server.revive();
    expect(await waiting).toBe('value');
    expect(await impatient.get('key')).toBe('value');
  });

  it('is waited for by readers that join while it is down', async () => {
    const store = createTurnStore(server.connect());
    const scope = newScope();
    await (await beginTurn(store, scope, 'a')).say('said');
    const { follower } = followerOn(server);
    await server.kill();
    const reader = collect(follower, scope.run_id);
    await sleep(50);
    await server.revive();
    await reader.until(1);
    expect(foldedText(reader.events, 'a')).toBe('said');
    await follower.close();
  });

  it('does not prevent a follower from closing while it is down', async () => {
    const { follower, blocking } = followerOn(server);
    await blocking.ping();
    await server.kill();
    await until(() => blocking.status === 'reconnecting');
    await follower.close();
  });
});
