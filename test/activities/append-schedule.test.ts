/** Schedule of a process's appends: sent at once at a low rate, and together after a short wait at a high rate. */
import type { Socket } from 'node:net';
import { AppendSchedule, LONGEST_APPEND_DELAY_MS } from '../../src/model-call/append-schedule';
import { TurnPublisher } from '../../src/model-call/publish';
import { createTurnStore } from '../../src/redis/turns';
import { newScope } from '../redis/fixtures';
import { PLACE } from '../support/events';
import { createTestRedis, type TestRedis } from '../support/redis';

describe('an append', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  /** Joins, and returns how long the wait was once time has passed. */
  async function measureWait(schedule: AppendSchedule, isUrgent = false): Promise<number> {
    const start = performance.now();
    let waitedMs = Infinity;
    void schedule.join(isUrgent).then(() => (waitedMs = performance.now() - start));
    await jest.advanceTimersByTimeAsync(50);
    return waitedMs;
  }

  /** Sends a number of appends in each of a number of milliseconds. */
  async function send(schedule: AppendSchedule, perMs: number, ms: number): Promise<void> {
    for (let i = 0; i < ms; i++) {
      for (let k = 0; k < perMs; k++) void schedule.join(true);
      await jest.advanceTimersByTimeAsync(1);
    }
  }

  it('does not wait at low load, nor while a single turn streams', async () => {
    const schedule = new AppendSchedule();
    expect(await measureWait(schedule)).toBe(0);
    for (let i = 0; i < 50; i++) expect(await measureWait(schedule)).toBe(0);
  });

  it.each([1, 2, 20])('waits for others at %i appends per millisecond, and never longer than the limit', async (n) => {
    const schedule = new AppendSchedule();
    await send(schedule, n, 200);
    const waitedMs = await measureWait(schedule);
    expect(waitedMs).toBeGreaterThanOrEqual(3);
    expect(waitedMs).toBeLessThanOrEqual(LONGEST_APPEND_DELAY_MS);
  });

  it('does not wait any more soon afterwards', async () => {
    const schedule = new AppendSchedule();
    await send(schedule, 20, 200);
    await jest.advanceTimersByTimeAsync(LONGEST_APPEND_DELAY_MS);
    expect(await measureWait(schedule)).toBe(0);
  });

  it('that is urgent is sent at once, together with those that wait', async () => {
    const schedule = new AppendSchedule();
    await send(schedule, 20, 200);
    const order: string[] = [];
    void schedule.join(false).then(() => order.push('waiting'));
    void schedule.join(true).then(() => order.push('urgent'));
    await jest.advanceTimersByTimeAsync(0);
    expect(order).toEqual(['waiting', 'urgent']);
  });
});

describe('appends of many turns', () => {
  let server: TestRedis;
  beforeAll(async () => void (server = await createTestRedis()));
  afterAll(() => server.stop());

  it('due in the same event-loop turn share one write', async () => {
    const redis = server.connect();
    const store = createTurnStore(redis);
    const publishers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const speaker = { ...newScope(), turn: 'a', role: 'critic', label: 'Critic', place: PLACE };
        const attempt = await store.begin(speaker.run_id, 'a');
        return new TurnPublisher(store, speaker, attempt, (why) => {
          throw why;
        });
      }),
    );
    const drainAll = () => Promise.all(publishers.map((publisher) => publisher.drain()));
    // afterwards the script is cached
    for (const publisher of publishers) publisher.delta('first ');
    await drainAll();
    const socket = redis.stream as Socket;
    const [one, several] = [jest.spyOn(socket, '_write'), jest.spyOn(socket, '_writev' as '_write')];
    for (const publisher of publishers) publisher.delta('second');
    await drainAll();
    expect(one.mock.calls.length + several.mock.calls.length).toBe(1);
  });
});
