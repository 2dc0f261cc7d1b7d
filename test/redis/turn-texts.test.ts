/** The text of a turn, which Redis stores besides the events, always equals the folded events. */
import type { RedisConnection } from '../../src/redis/connect';
import { createEventReader, type EventReader } from '../../src/redis/events';
import { textKey } from '../../src/redis/keys';
import { createTurnStore, type TurnStore } from '../../src/redis/turns';
import { createTestRedis, startRedisServer, type TestRedis } from '../support/redis';
import { beginTurn, listEvents, foldedText, newScope } from './fixtures';
import { createChance } from '../support/chance';

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

const AWKWARD = [
  'plain ',
  '+plus!',
  '!',
  '=',
  '~',
  '',
  '🐦',
  '👩‍👩‍👧‍👦',
  '𝕎',
  'ü',
  'e\u0301',
  '\u0000',
  '\r\n',
  '"\\',
  '\u2028',
  '\uFEFF',
  '鳥',
];

it.each([1, 2, 3])('equals the folded events, for any text in any portions (seed %i)', async (seed) => {
  const chance = createChance(seed);
  const scope = newScope();
  const voice = await beginTurn(store, scope, 'a');
  for (let call = 0; call < 40; call++)
    await voice.say(...Array.from({ length: 1 + chance.below(5) }, () => chance.pick(AWKWARD)));
  const events = await listEvents(reader, scope.run_id);
  expect(foldedText(events, 'a')).toBe(voice.text);
  expect(await store.texts(scope.run_id, ['a'])).toEqual([voice.text]);
  expect((await store.begin(scope.run_id, 'a')).text).toBe(voice.text);
});

it('restarts with the turn, in Redis and for readers, even within one append', async () => {
  const scope = newScope();
  const first = await beginTurn(store, scope, 'a');
  await first.say('A wrong ', 'start');
  const second = await beginTurn(store, scope, 'a');
  await second.append([
    second.tell({ type: 'turn.restarted', dropped: second.text.length, model: 'm' }, { drop: true }),
    ...second.deltas('The right ', 'one'),
  ]);
  expect(await store.texts(scope.run_id, ['a'])).toEqual(['The right one']);
  expect(foldedText(await listEvents(reader, scope.run_id), 'a')).toBe('The right one');
});

it('is not changed by events without an effect', async () => {
  const scope = newScope();
  const voice = await beginTurn(store, scope, 'a');
  await voice.append([
    voice.tell({ type: 'turn.started', model: 'm', gateway: 'g' }),
    ...voice.deltas('said'),
    voice.tell({ type: 'turn.failed', code: 'CANCELLED', message: '+not this' }),
  ]);
  expect(await store.texts(scope.run_id, ['a'])).toEqual(['said']);
});

it('is returned for many turns in the requested order, null if there is none', async () => {
  const scope = newScope();
  for (const turn of ['a', 'b']) await (await beginTurn(store, scope, turn)).say(`text of ${turn}`);
  expect(await store.texts(scope.run_id, ['b', 'missing', 'a'])).toEqual(['text of b', null, 'text of a']);
  expect(await store.texts(scope.run_id, [])).toEqual([]);
});

describe('texts that Redis lost', () => {
  it('are restored unchanged, and an attempt continues from there', async () => {
    const scope = newScope();
    await (await beginTurn(store, scope, 'a')).say('old');
    await redis.del(textKey(scope.run_id, 'a'));
    await store.restoreTexts(scope.run_id, { a: 'A flock 🐦', 'stage/b': '' });
    expect(await store.texts(scope.run_id, ['a', 'stage/b'])).toEqual(['A flock 🐦', '']);
    expect(await redis.ttl(textKey(scope.run_id, 'a'))).toBeGreaterThan(0);
    expect((await store.begin(scope.run_id, 'a')).text).toBe('A flock 🐦');
  });

  it('are not reported as restored if Redis rejects them', async () => {
    const full = await startRedisServer();
    try {
      const connection = full.connect();
      await connection.config('SET', 'maxmemory', '1');
      await expect(createTurnStore(connection).restoreTexts('run', { a: 'text' })).rejects.toThrow(/OOM/);
    } finally {
      await full.stop();
    }
  });
});
