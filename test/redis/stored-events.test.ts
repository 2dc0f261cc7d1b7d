/** Pieces of text are stored in few bytes, and every reader has them whole, wherever it begins. */
import type { RunEvent } from '../../src/contract';
import type { RedisConnection } from '../../src/redis/connect';
import { createEventReader } from '../../src/redis/events';
import { eventsKey, runKey, textKey } from '../../src/redis/keys';
import { createTurnStore, type Entry, type TurnStore } from '../../src/redis/turns';
import { createTestRedis, type TestRedis } from '../support/redis';
import { collect, followerOn } from './collector';
import { beginTurn, listEvents, newScope, OPENING, type Voice } from './fixtures';

let server: TestRedis;
let redis: RedisConnection;
let store: TurnStore;

beforeAll(async () => {
  server = await createTestRedis();
  redis = server.connect();
  store = createTurnStore(redis);
});
afterAll(() => server.stop());

/** A reader that has seen nothing yet. */
const newReader = () => createEventReader(redis);
const serialise = (events: readonly RunEvent[]) => events.map((event) => JSON.stringify(event));
const eventsIn = (entries: readonly Entry[]) => entries.map(({ event }) => event);

const started = (voice: Voice) => voice.tell({ type: 'turn.started', model: 'm', gateway: 'g' });
const think = (voice: Voice, thinking: string, offset: number) =>
  voice.tell({ type: 'turn.thinking', thinking, offset });

/** Entries as they are stored. */
async function readStored(runId: string): Promise<string[]> {
  return (await redis.xrange(eventsKey(runId), '-', '+')).map(([, [, json = '']]) => json);
}

/** Two turns that speak by turns, one of them in two attempts: everything that was appended. */
async function speak(runScope = newScope()) {
  await store.publish(runScope, OPENING);
  const appended: RunEvent[] = [];
  const append = async (voice: Voice, ...entries: Entry[]) => {
    await voice.append(entries);
    appended.push(...eventsIn(entries));
  };
  const [a, b] = [await beginTurn(store, runScope, 'a'), await beginTurn(store, runScope, 'stage/b')];
  for (const voice of [a, b]) await append(voice, started(voice), think(voice, 'Hm. 🐦', 0));
  for (const text of ['one', ' "two"\n', '', '\u2028', ',[1]', '🐦'])
    for (const voice of [a, b]) await append(voice, ...voice.deltas(text, text));
  const again = await beginTurn(store, runScope, 'a');
  await append(again, ...again.deltas('goes', ' on'));
  await append(again, think(again, 'Hm', 0), ...again.deltas(' further'));
  await append(b, ...b.deltas(' end'));
  return { runId: runScope.run_id, appended };
}

it('are read as they were appended, field by field', async () => {
  const { runId, appended } = await speak();
  const [, ...events] = (await listEvents(newReader(), runId)).map(({ event }) => event);
  expect(serialise(events)).toEqual(serialise(appended));
  // the opening, what each turn began with under a model and without one, and the first piece of the second attempt
  const stored = await readStored(runId);
  expect(stored.filter((json) => json.startsWith('{'))).toHaveLength(1 + 2 * 2 + 1);
});

it('are whole for a reader that begins anywhere', async () => {
  const { runId } = await speak();
  const all = await listEvents(newReader(), runId);
  for (const [i, { cursor }] of all.entries())
    expect(await newReader().read(runId, cursor, 1000)).toEqual(all.slice(i + 1));
});

it('are whole for a reader that joins the live end', async () => {
  const scope = newScope();
  const voice = await beginTurn(store, scope, 'a');
  await voice.append([started(voice), ...voice.deltas('past')]);
  const { follower } = followerOn(server);
  const seen = collect(follower, scope.run_id, (await listEvents(newReader(), scope.run_id)).at(-1)?.cursor);
  const entries = voice.deltas('live ', 'too');
  await voice.append(entries);
  await seen.until(2);
  expect(seen.events.map(({ event }) => event)).toEqual(eventsIn(entries));
  await follower.close();
});

it('are whole in a stream that another server process has made again', async () => {
  const { runId, appended } = await speak();
  const before = await newReader().head(runId);
  await redis.hset(runKey(runId), 'server', 'another');
  const after = await newReader().head(runId);
  expect(after?.generation).not.toBe(before?.generation);
  const [, ...events] = (await listEvents(newReader(), runId)).map(({ event }) => event);
  expect(serialise(events)).toEqual(serialise(appended));
});

it('name who was asked when another model speaks', async () => {
  const voice = await beginTurn(store, newScope(), 'a');
  const [first, second] = [voice.deltas('one', 'two'), voice.deltas('three', 'four')];
  for (const [model, entries] of [
    ['m-1', first],
    ['m-2', second],
  ] as const)
    for (const { event } of entries) Object.assign(event, { model });
  await voice.append([...first, ...second]);
  const events = (await listEvents(newReader(), first[0]!.event.run_id)).map(({ event }) => event);
  expect(events).toEqual(eventsIn([...first, ...second]));
});

it('with a field that is not known are stored as they are', async () => {
  const voice = await beginTurn(store, newScope(), 'a');
  const entries = voice.deltas('one', 'two');
  for (const { event } of entries) Object.assign(event, { novel: 1 });
  await voice.append(entries);
  expect((await listEvents(newReader(), entries[0]!.event.run_id)).map(({ event }) => event)).toEqual(
    eventsIn(entries),
  );
});

it('take less than 120 bytes for each token, text included', async () => {
  const scope = newScope();
  const voice = await beginTurn(store, scope, 'a');
  await voice.append([started(voice)]);
  const tokens = 2000;
  for (let i = 0; i < tokens; i++) await voice.say(' word');
  const keys = [eventsKey(scope.run_id), textKey(scope.run_id, 'a')];
  const bytes = await Promise.all(keys.map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)));
  expect(((bytes[0] ?? Infinity) + (bytes[1] ?? Infinity)) / tokens).toBeLessThan(120);
});
