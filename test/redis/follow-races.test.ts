/** Races between history and live tail, each provoked deliberately. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEventReader, type EventReader } from '../../src/redis/events';
import { createEventFollower, type EventFollower } from '../../src/redis/follow';
import { createTurnStore } from '../../src/redis/turns';
import { createTestRedis, type TestRedis } from '../support/redis';
import { collect, type Collector } from './collector';
import { beginTurn, cursors, newScope, type Voice } from './fixtures';

let server: TestRedis;
let follower: EventFollower;
let voice: Voice;
let runId: string;
let reads: number;
let from1: (to: number) => string[];

/** Holds back everything that passes while it is shut. */
class Gate {
  private opened = Promise.resolve();
  open = () => {};
  shut(): void {
    this.opened = new Promise((resolve) => (this.open = resolve));
  }
  async pass<T>(value: T): Promise<T> {
    await this.opened;
    return value;
  }
}

const [asking, history, tail, doorbell] = [new Gate(), new Gate(), new Gate(), new Gate()];
const gates = [asking, history, tail, doorbell];
let failures = 0;

beforeAll(async () => {
  server = await createTestRedis();
});
beforeEach(async () => {
  const [blocking, commands] = [server.connect(), server.connect()];
  const [xread, xadd] = [blocking.xread.bind(blocking), commands.xadd.bind(commands)];
  const reader = createEventReader(commands);
  // replies of the blocking read, requests and replies of history, and the doorbell can be held back
  Object.assign(blocking, {
    async xread(...words: Parameters<typeof xread>) {
      const reply = await tail.pass(await xread(...words));
      if (failures-- > 0) throw new Error('BUSY Redis is busy running a script.');
      return reply;
    },
  });
  Object.assign(commands, { xadd: async (...words: Parameters<typeof xadd>) => xadd(...(await doorbell.pass(words))) });
  const held: EventReader = {
    ...reader,
    async read(...range) {
      reads++;
      return history.pass(await reader.read(...(await asking.pass(range))));
    },
  };
  follower = createEventFollower(blocking, commands, held, `test-${randomUUID()}`);
  [reads, failures] = [0, 0];
  const scope = newScope();
  runId = scope.run_id;
  voice = await beginTurn(createTurnStore(server.connect()), scope, 'a');
  from1 = (to) => cursors(voice.attempt.generation, 1, to);
});
afterEach(async () => {
  for (const gate of gates) gate.open();
  await follower.close();
});
afterAll(() => server.stop());

const settle = () => sleep(20);

it('a reader whose history was read before an event that the tail has since passed still receives it, even if it is the last', async () => {
  await voice.say('1', '2', '3');
  const early = collect(follower, runId);
  await early.until(3);
  history.shut();
  const late = collect(follower, runId);
  await settle();
  await voice.say('the last');
  await early.until(4);
  history.open();
  await late.until(4, 2000);
  expect(late.cursors).toEqual(from1(4));
});

it('a reader that is ahead of the tail receives nothing twice, and need not read again', async () => {
  await voice.say('1', '2', '3');
  const slow = collect(follower, runId);
  await slow.until(3);
  await settle();
  tail.shut();
  await voice.say('4', '5');
  const fast = collect(follower, runId);
  await fast.until(5);
  expect([slow.events.length, reads]).toEqual([3, 2]);
  tail.open();
  await slow.until(5);
  await voice.say('6');
  await Promise.all([slow.until(6), fast.until(6)]);
  expect([slow.cursors, fast.cursors]).toEqual([from1(6), from1(6)]);
  expect(reads).toBe(2);
});

/** A reader has read up to 3, and the tail that it joins has passed `upTo`: the next event reveals the gap. */
async function inheritTail(upTo: number): Promise<Collector> {
  await voice.say('1', '2', '3');
  const leaver = collect(follower, runId);
  await leaver.until(3);
  history.shut();
  const heir = collect(follower, runId);
  await settle();
  await voice.say(...Array.from({ length: upTo - 3 }, (_, i) => `${4 + i}`));
  await leaver.until(upTo);
  await settle();
  leaver.stop();
  // the pending read waits for later events; the heir joins before it returns
  doorbell.shut();
  history.open();
  await heir.until(3);
  await settle();
  return heir;
}

it('a reader that takes over the tail of a departed one misses none of the events that only that one received', async () => {
  const heir = await inheritTail(4);
  await voice.say('5');
  await heir.until(5, 2000);
  expect(heir.cursors).toEqual(from1(5));
});

it('a reader that fills a gap of a whole page receives live events that arrive meanwhile once', async () => {
  const heir = await inheritTail(502);
  const before = reads;
  history.shut();
  await voice.say('503');
  while (reads === before) await sleep(1);
  // the pending page contains the 500 missing events; the next page is requested only after 504 has arrived live
  await settle();
  asking.shut();
  history.open();
  await heir.until(503);
  await voice.say('504');
  await settle();
  asking.open();
  await voice.say('505');
  await heir.until(505, 2000);
  await settle();
  expect(heir.cursors).toEqual(from1(505));
});

it('an error of the blocking read costs no reader an event', async () => {
  await voice.say('1');
  const reader = collect(follower, runId);
  await reader.until(1);
  failures = 2;
  await voice.say('2');
  await voice.say('3');
  await reader.until(3, 2000);
  expect(reader.cursors).toEqual(from1(3));
});

it('a reader that stops while its history is being read is not followed afterwards', async () => {
  await voice.say('1');
  history.shut();
  const leaver = collect(follower, runId);
  await settle();
  leaver.stop();
  history.open();
  await settle();
  expect([leaver.events.length, follower.followed()]).toEqual([0, 0]);
});
