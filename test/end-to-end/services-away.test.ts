/** Redis, Temporal or both are down during an answer: the run completes, watchers get all of it, and readiness reports the outage. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startRedisServer, type RedisServer } from '../support/redis';
import { collectSse, foldFrames, get, listTexts, Watcher, type AnyFrame } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';
import { startTemporalServer, type TemporalServer } from '../support/temporal';

let redis: RedisServer;
let temporal: TemporalServer;
let stack: Stack;
beforeAll(async () => {
  [redis, temporal] = await Promise.all([startRedisServer({ durable: true }), startTemporalServer()]);
  stack = await createStack({ REDIS_URL: redis.url, TEMPORAL_ADDRESS: temporal.address });
});
afterAll(async () => {
  await stack.stop();
  await Promise.all([redis.stop(), temporal.stop()]);
});
beforeEach(() => stack.gateway.reset());

const TOKENS = 150;
const LIMIT_MS = 60_000;

/** The text of a watcher; everything before a reset is sent again after it. */
function heldBy(frames: readonly AnyFrame[]): string | undefined {
  const reported = frames.slice(frames.findLastIndex(({ event }) => event === ('run.reset' as string)) + 1);
  return listTexts(foldFrames(reported)).answer;
}

const ready = async () => (await get(`${stack.url}/readyz`)).status;

test(
  'a failed start names its run, over WebSocket and Server-Sent Events',
  async () => {
    await temporal.kill();
    const order = { swarm_id: 'one-voice', message: 'Count', session_id: 'away' };
    const watcher = await Watcher.connect(stack.url);
    watcher.send(order);
    const body = JSON.stringify({ ...order, stream: true });
    const sse = await collectSse(`${stack.url}/swarm/execute`, { method: 'POST', body });
    for (const frame of [await watcher.done(), sse.at(-1)])
      expect(frame).toMatchObject({
        ...{ event: 'error', error: { code: 'TEMPORAL_UNAVAILABLE' }, done: true },
        content: expect.stringMatching(/^\n\n\[Failed: Temporal does not answer/),
        ...{ team_id: 'one-voice', session_id: 'away', run_id: expect.stringContaining('one-voice-') },
      });
    watcher.close();
    await temporal.revive();
    await until(async () => (await ready()) === 200, 15_000);
  },
  LIMIT_MS,
);

test.each([
  ['Redis', 10_000, () => [redis]],
  ['Temporal', 5000, () => [temporal]],
  ['Redis and Temporal', 5000, () => [redis, temporal]],
])(
  '%s down for %i ms during a stream',
  async (_what, awayMs, services) => {
    stack.gateway.always('balanced-model', { tokens: { count: TOKENS }, intervalMs: 20 });
    const watcher = await Watcher.connect(stack.url);
    watcher.send({ swarm_id: 'one-voice', message: 'Count' });
    await watcher.frame(({ content }) => content?.includes('#30 ') ?? false);
    await Promise.all(services().map((service) => service.kill()));
    const away = sleep(awayMs);
    await until(async () => (await ready()) === 503, awayMs);
    await away;
    await Promise.all(services().map((service) => service.revive()));
    const { run_id, event } = await watcher.done(undefined, LIMIT_MS);
    expect(event).toBe('run.completed');
    const { body } = await get(`${stack.url}/runs/${run_id}`);
    expect(body.status).toBe('completed');
    expect(body.responses).toEqual([stack.gateway.calls().at(-1)?.textSent]);
    expect(heldBy(watcher.frames)).toBe(body.responses[0]);
    await until(async () => (await ready()) === 200, 15_000);
    watcher.close();
  },
  LIMIT_MS * 2,
);
