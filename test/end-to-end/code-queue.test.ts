/**
 * Executions of generated code delay only each other. `OPEN_CODING_RUNS=400` measures the requirement: with 400 open coding runs, the first
 * token of another swarm takes at most three times as long as on an idle system.
 */
import { connectRedis } from '../../src/redis/connect';
import { createLeases } from '../../src/redis/leases';
import type { Running } from '../support/processes';
import { createStack, until, type Stack } from '../support/stack';
import { medianOfShots } from '../support/shots';
import { get, post, Watcher } from '../support/readers';

const OPEN_RUNS = Number(process.env.OPEN_CODING_RUNS ?? 16);
/** Fewer slots than coding runs, in the ratio of 20 to 40. */
const SLOTS = Math.max(4, Math.floor(OPEN_RUNS / 2));
/** Number of runs that are started concurrently. */
const BATCH = 8;
/** Minimum limit, because three times a very short time is less than the pauses of a busy machine. */
const LEAST_BAR_MS = 1500;
const LIMIT_MS = 120_000 + OPEN_RUNS * 1000;

const ENDLESS = '```python\ndef double(x):\n    while True:\n        pass\n```';
const WORKS = '```python\ndef double(x):\n    for _ in range(2_000_000):\n        pass\n    return 2 * x\n```';
const DOUBLE = 'Write double(x), which doubles a number.\ndouble(2) -> 4';

const HEARTBEAT_TIMEOUT_MS = 15_000;

let stack: Stack;
afterEach(() => stack.stop());

async function firstTokenMs(): Promise<number> {
  const watcher = await Watcher.connect(stack.url);
  const startedAt = performance.now();
  watcher.send({ swarm_id: 'one-voice', message: 'Hello' });
  await watcher.frame(({ event }) => event === 'turn.delta', LIMIT_MS);
  const took = performance.now() - startedAt;
  watcher.close();
  return took;
}

const startCoding = () =>
  post(`${stack.url}/swarm/execute`, { swarm_id: 'coding-swarm', message: DOUBLE, wait: false });

test(
  `${OPEN_RUNS} coding runs that wait for the sandbox do not delay the first token of another swarm`,
  async () => {
    stack = await createStack({ WORKER_TURNS: String(SLOTS), MAX_OPEN_RUNS_PER_KEY: String(OPEN_RUNS + 10) });
    stack.gateway.always('coding-model', { tokens: [ENDLESS] });
    await firstTokenMs();
    const quiet = await medianOfShots(firstTokenMs);
    const runs: Awaited<ReturnType<typeof startCoding>>[] = [];
    while (runs.length < OPEN_RUNS) runs.push(...(await Promise.all(Array.from({ length: BATCH }, startCoding))));
    expect(runs.filter(({ status }) => status !== 202)).toEqual([]);
    // all runs have written a program and wait for its execution
    await until(() => stack.gateway.calls('coding-model').length >= OPEN_RUNS && stack.gateway.open() === 0, LIMIT_MS);
    const loaded = await medianOfShots(firstTokenMs);
    process.stdout.write(`first token: ${Math.round(quiet)} ms quiet, ${Math.round(loaded)} ms loaded\n`);
    expect(loaded).toBeLessThan(Math.max(3 * quiet, LEAST_BAR_MS));
    await Promise.all(runs.map(({ body }) => post(`${stack.url}/runs/${body.run_id}/cancel`, {})));
  },
  2 * LIMIT_MS,
);

/** The process that holds the lease on this run's execution. */
async function readExecutor(runId: string, workers: Running[]): Promise<Running | undefined> {
  const redis = connectRedis({ url: process.env.REDIS_TEST_URL!, patient: false });
  try {
    const leases = createLeases(redis, 'nobody');
    for (const [id, { pid }] of await leases.others()) {
      const held = await leases.heldBy(id);
      if (held.some(({ workflowId }) => workflowId === runId)) return workers.find((worker) => worker.pid === pid);
    }
    return undefined;
  } finally {
    redis.disconnect();
  }
}

test('an execution whose worker is killed is taken over at once by another worker on the host', async () => {
  stack = await createStack();
  stack.gateway.always('coding-model', { tokens: [`${WORKS}\nVERDICT: PASS`] });
  const workers = [stack.worker, await stack.startWorker()];
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'coding-swarm', message: DOUBLE });
  const { run_id: id = '' } = await watcher.frame(({ event }) => event === 'check.started', LIMIT_MS);
  const executor = await until(() => readExecutor(id, workers));
  await executor.kill('SIGKILL');
  const killedAt = performance.now();
  const others = workers.filter((worker) => worker !== executor);
  const passed = watcher.frame(({ event }) => event === 'check.passed', LIMIT_MS);
  await Promise.race([passed, until(() => readExecutor(id, others), LIMIT_MS)]);
  expect(performance.now() - killedAt).toBeLessThan(HEARTBEAT_TIMEOUT_MS);
  await passed;
  await watcher.done(id, LIMIT_MS);
  const { body } = await get(`${stack.url}/runs/${id}`);
  expect(body).toMatchObject({ status: 'completed', verification: { executed: true, passed: true } });
  watcher.close();
}, 180_000);
