/** A turn's events reach the store in order, in few appends, and stop at the first refusal. */
import { setTimeout as sleep } from 'node:timers/promises';
import { TurnPublisher } from '../../src/model-call/publish';
import type { RunEvent, TurnPayload } from '../../src/contract';
import { runEvent } from '../../src/contract/events';
import { createEventReader } from '../../src/redis/events';
import { AppendRefused, createTurnStore, type Entry, type TurnStore } from '../../src/redis/turns';
import { listEvents, foldedText, newScope, readResult } from '../redis/fixtures';
import { PLACE } from '../support/events';
import { createTestRedis, type TestRedis } from '../support/redis';

let server: TestRedis;
let store: TurnStore;

beforeAll(async () => {
  server = await createTestRedis();
  store = createTurnStore(server.connect());
});
afterAll(() => server.stop());

const STARTED: TurnPayload = { type: 'turn.started', model: 'm', gateway: 'g' };

/** A publisher over the real store, whose appends are counted and can be delayed. */
async function harness() {
  const speaker = { ...newScope(), turn: 'a', role: 'critic', label: 'Plan critic', place: PLACE };
  const attempt = await store.begin(speaker.run_id, 'a');
  const appends: Entry[][] = [];
  const refusals: unknown[] = [];
  let gate = Promise.resolve();
  let under = 0;
  let most = 0;
  const watched: TurnStore = {
    ...store,
    async append(runId, turn, by, firstIndex, entries) {
      appends.push(entries);
      most = Math.max(most, ++under);
      await gate;
      await store.append(runId, turn, by, firstIndex, entries).finally(() => under--);
    },
  };
  const publisher = new TurnPublisher(watched, speaker, attempt, (why) => refusals.push(why));
  return {
    speaker,
    attempt,
    publisher,
    appends,
    refusals,
    mostAtOnce: () => most,
    /** Delays appends until the returned function is called. */
    hold() {
      let release = () => {};
      gate = new Promise((resolve) => (release = resolve));
      return () => release();
    },
    placed: () => listEvents(createEventReader(server.connect()), speaker.run_id),
    published: async () =>
      (await listEvents(createEventReader(server.connect()), speaker.run_id)).map(({ event }) => event),
    async stored() {
      return (await store.texts(speaker.run_id, ['a']))[0];
    },
  };
}

const short = (event: RunEvent) =>
  event.type === 'turn.delta' ? [event.index, event.offset, event.text] : [event.type];

describe('text', () => {
  it('of one event-loop turn is sent as one event', async () => {
    const { publisher, published, appends } = await harness();
    for (const piece of ['A ', 'flock ', '🐦']) publisher.delta(piece);
    await publisher.drain();
    expect((await published()).map(short)).toEqual([[0, 0, 'A flock 🐦']]);
    expect(appends).toHaveLength(1);
  });

  it('that arrives during an append is merged into the next one', async () => {
    const { publisher, published, stored, appends, hold, mostAtOnce } = await harness();
    const release = hold();
    publisher.delta('first ');
    while (appends.length === 0) await sleep(1);
    for (let i = 0; i < 20; i++) {
      publisher.delta(`${i} `);
      await sleep(0);
    }
    release();
    await publisher.drain();
    expect((await published()).map(short)).toEqual([
      [0, 0, 'first '],
      [1, 6, Array.from({ length: 20 }, (_, i) => `${i} `).join('')],
    ]);
    expect([appends.length, mostAtOnce()]).toEqual([2, 1]);
    expect(await stored()).toBe(publisher.text);
  });

  it('has the model that had been asked at that time', async () => {
    const { publisher, published } = await harness();
    publisher.asks('first');
    publisher.delta('Half');
    publisher.asks('second');
    publisher.tell({ type: 'turn.restarted', dropped: 4, model: 'second' }, { drop: true });
    publisher.delta('All');
    await publisher.drain();
    expect((await published()).map((event) => 'model' in event && event.model)).toEqual(['first', 'second', 'second']);
  });

  it('is not merged across another event, and offsets count UTF-16 units over all events', async () => {
    const { publisher, published } = await harness();
    publisher.tell(STARTED);
    publisher.delta('🐦');
    publisher.delta('a');
    await publisher.drain();
    publisher.tell({ type: 'turn.waiting', reason: 'RATE_LIMITED', message: '', until: 1 });
    publisher.delta('b');
    await publisher.drain();
    expect((await published()).map(short)).toEqual([['turn.started'], [1, 0, '🐦a'], ['turn.waiting'], [3, 3, 'b']]);
  });

  it('starts at offset 0 after a restart', async () => {
    const { publisher, published, stored, placed } = await harness();
    publisher.delta('wrong');
    publisher.tell({ type: 'turn.restarted', dropped: 5, model: 'm' }, { drop: true });
    expect(publisher.text).toBe('');
    publisher.delta('right');
    await publisher.drain();
    expect((await published()).map(short)).toEqual([[0, 0, 'wrong'], ['turn.restarted'], [2, 0, 'right']]);
    expect([await stored(), foldedText(await placed(), 'a'), publisher.text]).toEqual(['right', 'right', 'right']);
  });

  it('continues index and offset of an earlier attempt', async () => {
    const { publisher, speaker, published } = await harness();
    publisher.delta('before 🐦 ');
    await publisher.drain();
    const attempt = await store.begin(speaker.run_id, 'a');
    const next = new TurnPublisher(store, speaker, attempt, () => undefined);
    expect(next.text).toBe('before 🐦 ');
    next.delta('after');
    await next.drain();
    expect((await published()).map(short)).toEqual([
      [0, 0, 'before 🐦 '],
      [1, 10, 'after'],
    ]);
    expect((await published()).map((event) => ('epoch' in event ? event.epoch : 0))).toEqual([1, 2]);
  });

  it('is the same in Redis, in the events and here if a character arrives in two halves', async () => {
    const { publisher, stored, placed } = await harness();
    for (const piece of ['one \ud83d', '\udc26', ' two \ud83d\udc26\ud83d', '\udc26', '.', '\ud83d']) {
      publisher.delta(piece);
      await publisher.drain();
    }
    expect(publisher.text).toBe('one 🐦 two 🐦🐦.');
    expect([await stored(), foldedText(await placed(), 'a')]).toEqual([publisher.text, publisher.text]);
  });

  it('is the same everywhere even if half a character is missing', async () => {
    const { publisher, stored, placed } = await harness();
    publisher.delta('\udc26 low, \ud83d high, last \ud83d');
    publisher.tell({ type: 'turn.resumed', offset: publisher.text.length, model: 'm', how: 'prefill' });
    publisher.delta('\udc26');
    await publisher.drain();
    expect(publisher.text).toBe('\ufffd low, \ufffd high, last \ufffd');
    expect([await stored(), foldedText(await placed(), 'a')]).toEqual([publisher.text, publisher.text]);
  });
});

it('events contain the role and the attempt, and match the contract', async () => {
  const { publisher, published, speaker } = await harness();
  publisher.tell(STARTED);
  publisher.delta('text');
  publisher.tell({ type: 'turn.failed', code: 'CANCELLED', message: 'The run was cancelled.' });
  await publisher.drain();
  const events = await published();
  expect(events.map(({ type }) => type)).toEqual(['turn.started', 'turn.delta', 'turn.failed']);
  for (const [index, event] of events.entries()) {
    const { place, ...envelope } = speaker;
    expect(event).toMatchObject({ ...envelope, v: 1, epoch: 1, index });
    // readers take the place from the first event
    expect('place' in event && event.place).toEqual(index === 0 && place);
    expect(runEvent.parse(event)).toEqual(event);
  }
});

it('draining waits for everything queued before and meanwhile, and returns at once if there is nothing', async () => {
  const { publisher, stored, hold, speaker } = await harness();
  await publisher.drain();
  const release = hold();
  publisher.delta('one ');
  const draining = publisher.drain();
  await sleep(5);
  publisher.delta('two');
  publisher.tell({ type: 'turn.failed', code: 'CANCELLED', message: '' }, { result: readResult('a', 'one two') });
  release();
  await draining;
  expect(await stored()).toBe('one two');
  expect((await store.begin(speaker.run_id, 'a')).result?.text).toBe('one two');
});

describe('a refusal', () => {
  it('is reported once and thrown by every later drain, and nothing more is sent', async () => {
    const { publisher, refusals, appends, stored, speaker } = await harness();
    publisher.delta('mine ');
    await publisher.drain();
    await store.begin(speaker.run_id, 'a');
    publisher.delta('too late ');
    await expect(publisher.drain()).rejects.toMatchObject({ name: 'AppendRefused', reason: 'fenced' });
    publisher.delta('again');
    publisher.tell(STARTED);
    await expect(publisher.drain()).rejects.toBeInstanceOf(AppendRefused);
    await expect(publisher.drain()).rejects.toBe(refusals[0]);
    expect([refusals.length, appends.length, await stored()]).toEqual([1, 2, 'mine ']);
  });

  it('is reported without a drain, so that an idle writer learns of it', async () => {
    const { publisher, refusals, speaker } = await harness();
    await store.begin(speaker.run_id, 'a');
    publisher.delta('late');
    while (refusals.length === 0) await sleep(1);
    expect(refusals[0]).toMatchObject({ reason: 'fenced' });
  });
});
