/** Redis at its maxmemory: callers get an error at once, open runs continue once there is memory, and readiness warns in advance. */
import { setTimeout as sleep } from 'node:timers/promises';
import { get, post, listTexts, foldFrames, collectSse, Watcher } from '../support/readers';
import { startRedisServer, type RedisServer } from '../support/redis';
import type { RedisConnection } from '../../src/redis/connect';
import { createStack, until, type Stack } from '../support/stack';

const AT_ONCE_MS = 2000;

let redis: RedisServer;
let admin: RedisConnection;
let stack: Stack;
beforeAll(async () => {
  redis = await startRedisServer();
  admin = redis.connect();
  stack = await createStack({ REDIS_URL: redis.url });
});
afterAll(async () => {
  await stack.stop();
  await redis.stop();
});
beforeEach(() => stack.gateway.reset());
afterEach(() => free());

/** Makes Redis refuse writes from now on; its data stays. */
async function fill(): Promise<void> {
  await admin.config('SET', 'maxmemory', '1');
  await until(async () => (await ready()).status === 503);
}

async function free(): Promise<void> {
  await admin.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
  await until(async () => (await ready()).status === 200);
}

const ready = () => get(`${stack.url}/readyz`);

async function timed<T>(work: Promise<T>): Promise<T & { ms: number }> {
  const begun = Date.now();
  return Object.assign((await work) as object, { ms: Date.now() - begun }) as T & { ms: number };
}

test('each way to start is refused at once with 503 REDIS_FULL, and nothing is started', async () => {
  await fill();
  const starts: [string, object][] = [
    ['/swarm/execute', { swarm_id: 'one-voice', message: 'Go' }],
    ['/swarm/execute', { swarm_id: 'one-voice', message: 'Go', stream: true }],
    ['/swarm/coordinate', { message: 'Go', wait: false }],
    ['/teams/run', { team_id: 'one-voice', message: 'Go' }],
  ];
  for (const [path, body] of starts) {
    const refused = await timed(post(`${stack.url}${path}`, body));
    expect([refused.status, refused.body.error.code]).toEqual([503, 'REDIS_FULL']);
    expect(refused.body.error.message).toContain('maxmemory');
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(refused.ms).toBeLessThan(AT_ONCE_MS);
  }
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'one-voice', message: 'Go' });
  expect((await watcher.done(undefined, AT_ONCE_MS)).error?.code).toBe('REDIS_FULL');
  watcher.close();
  expect(stack.gateway.calls()).toHaveLength(0);
  const { status, body } = await ready();
  expect([status, body.ready, body.systems.redis]).toEqual([503, false, false]);
  expect(body.warnings.join()).toContain('maxmemory');
});

test('read requests still work, and a run can be cancelled', async () => {
  await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Go', session_id: 'read-me' });
  stack.gateway.always('balanced-model', { tokens: { count: 2000 }, intervalMs: 50 });
  const { body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Go', wait: false });
  await stack.gateway.waitFor(() => stack.gateway.calls().some(({ tokensSent }) => tokensSent > 5));
  await fill();
  for (const path of [
    '/runs',
    `/runs/${body.run_id}`,
    '/swarms',
    '/teams',
    '/healthz',
    '/sessions/read-me',
    `/runs/${body.run_id}/events?wait=0`,
  ]) {
    const reply = await timed(get(`${stack.url}${path}`));
    expect([path, reply.status]).toEqual([path, path === '/healthz' ? 503 : 200]);
    expect(reply.ms).toBeLessThan(AT_ONCE_MS);
  }
  const cancelled = await timed(post(`${stack.url}/runs/${body.run_id}/cancel`, {}));
  expect([cancelled.status, cancelled.ms < AT_ONCE_MS]).toEqual([202, true]);
  await stack.gateway.waitFor(() => stack.gateway.calls().every(({ endedBy }) => endedBy), 5000);
  await free();
  await until(async () => (await get(`${stack.url}/runs/${body.run_id}`)).body.status === 'cancelled', 30_000);
});

test('a streaming run continues once there is memory: one call, each token once', async () => {
  stack.gateway.always('balanced-model', { tokens: { count: 150 }, intervalMs: 20 });
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'one-voice', message: 'Count' });
  await watcher.frame(({ content }) => content?.includes('#30 ') ?? false);
  await fill();
  // the model finishes its answer meanwhile
  await stack.gateway.waitFor(() => stack.gateway.calls().every(({ endedBy }) => endedBy), 20_000);
  await sleep(2000);
  const framesWhenFull = watcher.frames.length;
  await free();
  const { run_id, event } = await watcher.done(undefined, 30_000);
  expect([event, watcher.frames.length > framesWhenFull]).toEqual(['run.completed', true]);
  expect(stack.gateway.calls()).toHaveLength(1);
  expect(listTexts(foldFrames(watcher.frames)).answer).toBe(stack.gateway.calls()[0]?.textSent);
  const { body } = await get(`${stack.url}/runs/${run_id}`);
  expect(body.responses).toEqual([stack.gateway.calls()[0]?.textSent]);
  expect(foldFrames(await collectSse(`${stack.url}/runs/${run_id}/events`)).turns).toHaveLength(1);
  watcher.close();
});

test('readiness warns before memory is exhausted, and about a policy that evicts parts of runs', async () => {
  const used = Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1]);
  expect((await ready()).body.warnings).toBeUndefined();
  await admin.config('SET', 'maxmemory', String(Math.round(used * 1.1)));
  const near = await ready();
  expect([near.status, near.body.warnings]).toEqual([
    200,
    [expect.stringMatching(/^Redis uses \d\d % of its maxmemory/)],
  ]);
  await admin.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'allkeys-lru');
  const evicting = await ready();
  expect([evicting.status, evicting.body.warnings]).toEqual([200, [expect.stringContaining('allkeys-lru')]]);
});
