/** The express lane of the whole product: the first call is made while Temporal starts the run, and shown once it has. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { listLiveWorkers } from '../../src/redis/workers';
import { get, post, Watcher } from '../support/readers';
import { startRedisServer, type RedisServer } from '../support/redis';
import { createStack, until, type Stack } from '../support/stack';
import { startTemporalServer, type TemporalServer } from '../support/temporal';

const LIMIT_MS = 60_000;
const SUITE_MS = 180_000;
const TASK = { swarm_id: 'one-voice', message: 'Count' };
const ANSWER = Array.from({ length: 40 }, (_, i) => `#${i} `).join('');

let temporal: TemporalServer;
let redis: RedisServer;
let stack: Stack;

/** Temporal does not answer while `act` runs, so runs that are being started are not started yet. */
async function whileStarting<T>(act: () => Promise<T>): Promise<T> {
  process.kill(temporal.pid, 'SIGSTOP');
  try {
    return await act();
  } finally {
    process.kill(temporal.pid, 'SIGCONT');
  }
}

const calls = () => stack.gateway.calls('balanced-model');
const firstTokens = () => stack.gateway.waitFor(() => (calls()[0]?.tokensSent ?? 0) >= 3, LIMIT_MS);

async function readEnd(runId: string) {
  const done = await until(async () => {
    const run = await get(`${stack.url}/runs/${runId}`).catch(() => undefined);
    return run?.status === 200 && run.body.status !== 'running' ? run : undefined;
  }, LIMIT_MS);
  return done.body as { status: string; responses: string[]; turns: { attempts: number }[] };
}

/** The API learns from a worker's report that it takes starts. */
async function untilLaneIsOpen(): Promise<void> {
  const connection = redis.connect();
  await until(async () => (await listLiveWorkers(connection)).some(({ handoverQueue }) => handoverQueue), LIMIT_MS);
  await post(`${stack.url}/swarm/execute`, TASK);
  await sleep(2500);
  await post(`${stack.url}/swarm/execute`, TASK);
}

async function open(env: NodeJS.ProcessEnv): Promise<void> {
  [temporal, redis] = await Promise.all([startTemporalServer(), startRedisServer({ durable: true })]);
  stack = await createStack({ REDIS_URL: redis.url, TEMPORAL_ADDRESS: temporal.address, ...env });
}

async function close(): Promise<void> {
  await stack.stop();
  await Promise.all([temporal.stop(), redis.stop()]);
}

/** Starts a run whose answer takes a second. The request is answered once Temporal is. */
function startRun(key: string = randomUUID()) {
  stack.gateway.reset();
  stack.gateway.always('balanced-model', { tokens: { count: 40 }, intervalMs: 25 });
  return post(`${stack.url}/swarm/execute`, { ...TASK, wait: false }, { 'idempotency-key': key });
}

const idOf = async (starting: ReturnType<typeof post>) => String((await starting).body.run_id);

describe.each([
  ['API and worker as one process', { ROLE: 'all' }],
  ['API and worker apart', {}],
])('%s', (_mode, env) => {
  const isOne = 'ROLE' in env;
  beforeAll(async () => {
    await open({ EXPRESS_LANE: 'on', ...env });
    if (!isOne) await untilLaneIsOpen();
    else await post(`${stack.url}/swarm/execute`, TASK);
  }, SUITE_MS);
  afterAll(close, SUITE_MS);

  test('the first call is made before the run is started, and its text is shown after that', async () => {
    const watcher = await Watcher.connect(stack.url);
    await whileStarting(async () => {
      stack.gateway.reset();
      stack.gateway.always('balanced-model', { tokens: { count: 40 }, intervalMs: 25 });
      watcher.send(TASK);
      await firstTokens();
      expect(watcher.frames.filter(({ event }) => event !== undefined)).toEqual([]);
    });
    await watcher.done(undefined, LIMIT_MS);
    expect(watcher.frames.map(({ content }) => content ?? '').join('')).toBe(ANSWER);
    const { turns } = await readEnd(watcher.frames[0]?.run_id ?? '');
    expect(turns[0]?.attempts).toBe(1);
    expect(calls()).toHaveLength(1);
    watcher.close();
  }, 120_000);

  test('a second request under the same key makes no call', async () => {
    const key = randomUUID();
    const first = await idOf(startRun(key));
    const again = post(`${stack.url}/swarm/execute`, { ...TASK, wait: false }, { 'idempotency-key': key });
    expect(await idOf(again)).toBe(first);
    const other = await post(`${stack.url}/swarm/execute`, { ...TASK, message: 'Other' }, { 'idempotency-key': key });
    expect(other.status).toBe(409);
    const { responses } = await readEnd(first);
    expect(responses).toEqual([ANSWER]);
    expect(calls()).toHaveLength(1);
  }, 120_000);

  test('a run is answered once if Redis restarts before it is started', async () => {
    const starting = startRun();
    await whileStarting(async () => {
      await firstTokens();
      await redis.kill();
      await redis.revive();
    });
    const { status, responses } = await readEnd(await idOf(starting));
    expect({ status, responses }).toEqual({ status: 'completed', responses: [ANSWER] });
  }, 120_000);

  if (!isOne)
    test('a run is answered if its API is killed before it is started, and a retry finds it', async () => {
      const key = randomUUID();
      const starting = startRun(key).catch(() => undefined);
      await whileStarting(async () => {
        await firstTokens();
        await stack.api.kill('SIGKILL');
      });
      await starting;
      await stack.startApi();
      const again = post(`${stack.url}/swarm/execute`, { ...TASK, wait: false }, { 'idempotency-key': key });
      const { status, responses } = await readEnd(await idOf(again));
      expect({ status, responses }).toEqual({ status: 'completed', responses: [ANSWER] });
      await stack.gateway.waitFor(() => calls().every(({ endedBy }) => endedBy !== undefined), LIMIT_MS);
    }, 120_000);

  test('a run is answered if its worker is killed before it is started', async () => {
    if (!isOne) await untilLaneIsOpen();
    const key = randomUUID();
    const starting = startRun(key).catch(() => undefined);
    await whileStarting(async () => {
      await firstTokens();
      await (isOne ? stack.api : stack.worker).kill('SIGKILL');
    });
    await (isOne ? stack.startApi() : stack.startWorker());
    await starting;
    const again = post(`${stack.url}/swarm/execute`, { ...TASK, wait: false }, { 'idempotency-key': key });
    const { status, responses } = await readEnd(await idOf(again));
    expect({ status, responses }).toEqual({ status: 'completed', responses: [ANSWER] });
  }, 120_000);
});

describe('without the lane', () => {
  beforeAll(() => open({ EXPRESS_LANE: 'off', ROLE: 'all' }), SUITE_MS);
  afterAll(close, SUITE_MS);

  test('no call is made before the run is started', async () => {
    await post(`${stack.url}/swarm/execute`, TASK);
    const starting = whileStarting(async () => {
      const answered = startRun();
      await sleep(1000);
      expect(calls()).toHaveLength(0);
      return { answered };
    });
    const { responses } = await readEnd(await idOf((await starting).answered));
    expect(responses).toEqual([ANSWER]);
  }, 120_000);
});
