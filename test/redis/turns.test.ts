/** Which attempt may write to a turn, and how the store handles appends that are late, repeated, or after a loss. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisConnection } from '../../src/redis/connect';
import { createEventReader, type EventReader } from '../../src/redis/events';
import { eventsKey, runKey, textKey, turnKey } from '../../src/redis/keys';
import { createTurnStore, type TurnStore } from '../../src/redis/turns';
import { createTestRedis, type TestRedis } from '../support/redis';
import {
  beginTurn,
  cursors,
  ENDINGS,
  listEvents,
  foldedText,
  newScope,
  OPENING,
  readResult,
  readVerdict,
  type Voice,
} from './fixtures';

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

/** Deletes what Redis holds of the run, like a restart without a disk, which also takes a moment. */
async function lose(runId: string, turn: string): Promise<void> {
  await redis.del(eventsKey(runId), runKey(runId), turnKey(runId, turn), textKey(runId, turn));
  await sleep(2);
}

describe('epochs', () => {
  it('count from 1 for each turn of each run separately', async () => {
    const [one, two] = [newScope(), newScope()];
    const epochs = [];
    for (const [scope, turn] of [
      [one, 'a'],
      [one, 'a'],
      [one, 'b'],
      [two, 'a'],
      [one, 'a'],
    ] as const)
      epochs.push((await store.begin(scope.run_id, turn)).epoch);
    expect(epochs).toEqual([1, 2, 1, 1, 3]);
  });

  it('are unique, however many attempts start at once', async () => {
    const { run_id } = newScope();
    const attempts = await Promise.all(Array.from({ length: 50 }, () => store.begin(run_id, 'a')));
    expect(attempts.map(({ epoch }) => epoch).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 50 }, (_, i) => i + 1),
    );
    expect(new Set(attempts.map(({ generation }) => generation)).size).toBe(1);
  });

  it('fence: an attempt that a newer one has replaced is rejected and adds nothing', async () => {
    const scope = newScope();
    const old = await beginTurn(store, scope, 'a');
    await old.say('Kept.');
    const late = [...old.deltas(' Late.'), old.tell({ type: 'turn.failed', code: 'STREAM_CUT', message: '' })];
    const fresh = await beginTurn(store, scope, 'a');
    expect(await readVerdict(old.append(late))).toBe('fenced');
    expect(await store.texts(scope.run_id, ['a'])).toEqual(['Kept.']);
    expect(await listEvents(reader, scope.run_id)).toHaveLength(1);
    await fresh.say(' New.');
    expect(await readVerdict(old.append(late))).toBe('fenced');
    expect(await store.texts(scope.run_id, ['a'])).toEqual(['Kept. New.']);
  });

  it('fence each turn separately: another turn of the run continues', async () => {
    const scope = newScope();
    const [a, b] = [await beginTurn(store, scope, 'a'), await beginTurn(store, scope, 'b')];
    await beginTurn(store, scope, 'a');
    expect(await readVerdict(a.say('x'))).toBe('fenced');
    expect(await readVerdict(b.say('y'))).toBe('taken');
  });
});

describe('a repeated append', () => {
  let voice: Voice;
  const scope = newScope();
  beforeAll(async () => {
    voice = await beginTurn(store, scope, 'a');
  });

  it('adds its events once', async () => {
    const entries = voice.deltas('one ', 'two ');
    await voice.append(entries);
    await voice.append(entries);
    expect(await listEvents(reader, scope.run_id)).toHaveLength(2);
    expect(await store.texts(scope.run_id, ['a'])).toEqual(['one two ']);
  });

  it('adds only the rest if a part of it is already written', async () => {
    const [third, fourth, fifth] = voice.deltas('three ', 'four ', 'five ');
    await voice.append([third!, fourth!]);
    await voice.append([fourth!, fifth!]);
    const events = await listEvents(reader, scope.run_id);
    expect(events.map(({ event }) => ('index' in event ? event.index : -1))).toEqual([0, 1, 2, 3, 4]);
    expect(foldedText(events, 'a')).toBe('one two three four five ');
    expect(await store.texts(scope.run_id, ['a'])).toEqual(['one two three four five ']);
  });

  it('continues its indexes in the next attempt', async () => {
    const next = await beginTurn(store, scope, 'a');
    expect(next.attempt).toMatchObject({ epoch: 2, nextIndex: 5, text: 'one two three four five ' });
  });
});

describe('records that Redis lost', () => {
  it('reject an append that leaves a gap as lost, and add nothing', async () => {
    const scope = newScope();
    const voice = await beginTurn(store, scope, 'a');
    const [, second] = voice.deltas('one ', 'two ');
    expect(await readVerdict(voice.append([second!]))).toBe('lost');
    expect(await listEvents(reader, scope.run_id)).toEqual([]);
    expect(await store.texts(scope.run_id, ['a'])).toEqual([null]);
  });

  it('reject a writer from before the loss', async () => {
    const scope = newScope();
    const voice = await beginTurn(store, scope, 'a');
    await voice.say('before ');
    await lose(scope.run_id, 'a');
    expect(await readVerdict(voice.say('after'))).toBe('lost');
  });

  it('reject it also if the stream was recreated since, even with a newer epoch there', async () => {
    const scope = newScope();
    await store.begin(scope.run_id, 'a');
    const before = await beginTurn(store, scope, 'a');
    await lose(scope.run_id, 'a');
    const after = await beginTurn(store, scope, 'a');
    expect(after.attempt.epoch).toBe(1);
    expect(after.attempt.generation).not.toBe(before.attempt.generation);
    expect(await readVerdict(before.say('old'))).toBe('fenced');
    await after.say('new');
    const events = await listEvents(reader, scope.run_id);
    expect(events.map(({ cursor }) => cursor)).toEqual([`${after.attempt.generation}-1`]);
    expect(foldedText(events, 'a')).toBe('new');
  });
});

describe('a closed run', () => {
  it('accepts nothing: neither a new attempt, nor an append, nor a run event', async () => {
    const scope = newScope();
    const voice = await beginTurn(store, scope, 'a');
    await voice.say('said');
    await store.close(scope, ENDINGS.completed, ['a']);
    expect(await readVerdict(store.begin(scope.run_id, 'a'))).toBe('closed');
    expect(await readVerdict(store.begin(scope.run_id, 'b'))).toBe('closed');
    expect(await readVerdict(voice.say(' too late'))).toBe('closed');
    await store.publish(scope, OPENING);
    const events = await listEvents(reader, scope.run_id);
    expect(events.map(({ event }) => event.type)).toEqual(['turn.delta', 'run.completed']);
    expect(await store.texts(scope.run_id, ['a'])).toEqual(['said']);
  });
});

it('ids have no gaps across turns that append concurrently', async () => {
  const scope = newScope();
  await store.publish(scope, OPENING);
  const voices = await Promise.all(['a', 'b', 'c', 'd'].map((turn) => beginTurn(store, scope, turn)));
  const rounds = voices.map(async (voice, n) => {
    for (let round = 0; round < 25; round++)
      await voice.say(...Array.from({ length: 1 + n }, (_, i) => `${round}.${i} `));
  });
  await Promise.all(rounds);
  const events = await listEvents(reader, scope.run_id);
  const generation = voices[0]!.attempt.generation;
  expect(generation).toMatch(/^\d{16}$/);
  expect(events.map(({ cursor }) => cursor)).toEqual(cursors(generation, 1, 1 + 25 * (1 + 2 + 3 + 4)));
  expect(await reader.head(scope.run_id)).toEqual({ generation, seq: 251, compacted: undefined });
  for (const [n, turn] of ['a', 'b', 'c', 'd'].entries()) expect(foldedText(events, turn)).toBe(voices[n]!.text);
});

it('a stored result is returned to the next attempt', async () => {
  const scope = newScope();
  const voice = await beginTurn(store, scope, 'a');
  expect(voice.attempt.result).toBeUndefined();
  const result = readResult('a', 'Ein Vogelschwarm: "🐦\n"');
  const { turn: _turn, role: _role, label: _label, text, ...payload } = result;
  await voice.append([
    ...voice.deltas(text),
    voice.tell({ type: 'turn.completed', ...payload, length: text.length }, { result }),
  ]);
  expect((await store.begin(scope.run_id, 'a')).result).toEqual(result);
});

it('the last stored route is returned to the next attempt', async () => {
  const scope = newScope();
  const voice = await beginTurn(store, scope, 'a');
  expect(voice.attempt.route).toBeUndefined();
  const waiting = { type: 'turn.waiting', reason: 'RATE_LIMITED', message: '', until: 1 } as const;
  await voice.append([
    voice.tell(waiting, { route: { position: 0, tries: 1 } }),
    voice.tell(waiting, { route: { position: 1, tries: 2 } }),
  ]);
  expect((await store.begin(scope.run_id, 'a')).route).toEqual({ position: 1, tries: 2 });
});
