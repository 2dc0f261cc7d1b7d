/** Reading a run's stream by range and in pages. */
import { createEventReader, parseCursor, readAll, type EventReader } from '../../src/redis/events';
import { createTurnStore, type TurnStore } from '../../src/redis/turns';
import { createTestRedis, type TestRedis } from '../support/redis';
import { beginTurn, cursors, newScope, OPENING } from './fixtures';

let server: TestRedis;
let store: TurnStore;
let reader: EventReader;

beforeAll(async () => {
  server = await createTestRedis();
  const redis = server.connect();
  store = createTurnStore(redis);
  reader = createEventReader(redis);
});
afterAll(() => server.stop());

async function readRun(count: number) {
  const scope = newScope();
  const voice = await beginTurn(store, scope, 'a');
  await voice.say(...Array.from({ length: count }, (_, i) => `${i} `));
  return { runId: scope.run_id, generation: voice.attempt.generation };
}

it('reads from the start, and after a cursor only what follows it', async () => {
  const { runId, generation } = await readRun(10);
  const cursorsAfter = async (after: string, count: number) =>
    (await reader.read(runId, after, count)).map(({ cursor }) => cursor);
  expect(await cursorsAfter('0', 100)).toEqual(cursors(generation, 1, 10));
  expect(await cursorsAfter(`${generation}-4`, 100)).toEqual(cursors(generation, 5, 10));
  expect(await cursorsAfter(`${generation}-4`, 3)).toEqual(cursors(generation, 5, 7));
  expect(await cursorsAfter(`${generation}-10`, 3)).toEqual([]);
});

it('returns events as they were written', async () => {
  const { runId, generation } = await readRun(1);
  const [placed] = await reader.read(runId, '0', 1);
  expect(placed).toEqual({
    cursor: `${generation}-1`,
    event: expect.objectContaining({
      type: 'turn.delta',
      text: '0 ',
      offset: 0,
      index: 0,
      epoch: 1,
      turn: 'a',
    }) as unknown,
  });
});

it.each([1, 3, 4, 5, 6, 7, 1000])('reads a whole run in pages of %i', async (pageSize) => {
  const { runId, generation } = await readRun(12);
  const seen = [];
  for await (const { cursor } of readAll(reader, runId, pageSize)) seen.push(cursor);
  expect(seen).toEqual(cursors(generation, 1, 12));
});

it('has nothing of a run without events', async () => {
  const { run_id } = newScope();
  expect(await reader.read(run_id, '0', 10)).toEqual([]);
  expect(await reader.head(run_id)).toBeUndefined();
  const seen = [];
  for await (const placed of readAll(reader, run_id)) seen.push(placed);
  expect(seen).toEqual([]);
});

it('returns the newest position, which is before the first event if there is none yet', async () => {
  const scope = newScope();
  const { generation } = await store.begin(scope.run_id, 'a');
  expect(await reader.head(scope.run_id)).toEqual({ generation, seq: 0 });
  await store.publish(scope, OPENING);
  expect(await reader.head(scope.run_id)).toEqual({ generation, seq: 1 });
});

it('parses a cursor into generation and sequence', () => {
  expect(parseCursor('1790000000000-17')).toEqual({ generation: '1790000000000', seq: 17 });
  expect(parseCursor('0')).toEqual({ generation: '0', seq: 0 });
});
