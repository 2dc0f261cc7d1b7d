/** Limits over four worker processes, checked by the gateway's log; the window is `LIMIT_WINDOW_MS` (default 3000) instead of a minute. */
import { Client, Connection } from '@temporalio/client';
import { order } from '../support/played-run';
import { get, post } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

const WORKERS = 4;
const CALLS_EACH = 50;
/** Length of the window, milliseconds; and the requests that the gateway accepts in it. */
const WINDOW_MS = Number(process.env.LIMIT_WINDOW_MS ?? 3000);
const TAKES = 60;
/** Nine windows would suffice for twice as many calls. */
const PATIENCE_MS = 60_000 + 9 * WINDOW_MS;

let stack: Stack;
let connection: Connection;
let client: Client;
beforeAll(async () => {
  stack = await createStack({
    MODEL_FAST: 'limited',
    MODEL_CODING: 'cooled',
    LIMITS: JSON.stringify({ 'gateway/limited': { requests_per_minute: TAKES } }),
    LIMIT_WINDOW_SECONDS: String(WINDOW_MS / 1000),
    // a single worker has too few slots for all turns, if waiting turns occupied slots
    WORKER_TURNS: String(CALLS_EACH),
  });
  for (let i = 1; i < WORKERS; i++) await stack.startWorker();
  connection = await Connection.connect({ address: process.env.TEMPORAL_TEST_ADDRESS ?? '' });
  client = new Client({ connection });
});
afterAll(async () => {
  await connection.close();
  await stack.stop();
});
beforeEach(() => stack.gateway.reset());

/** The maximum number of calls in any window of the gateway's log. */
function mostWithin(windowMs: number, moments: number[]): number {
  const sorted = [...moments].sort((a, b) => a - b);
  let [most, oldest] = [0, 0];
  sorted.forEach((at, newest) => {
    while ((sorted[oldest] ?? at) <= at - windowMs) oldest++;
    most = Math.max(most, newest - oldest + 1);
  });
  return most;
}

/** The worker that finished a run's turn. */
async function readWorker(runId: string): Promise<string> {
  const { events } = await client.workflow.getHandle(runId).fetchHistory();
  const taken = events?.filter(({ activityTaskStartedEventAttributes: started }) => started) ?? [];
  return taken[taken.length - 1]?.activityTaskStartedEventAttributes?.identity ?? '';
}

test(
  'four workers with fifty calls each never exceed the limit of the gateway in any window, and all calls are answered',
  async () => {
    const runs = await Promise.all(
      Array.from({ length: WORKERS * CALLS_EACH }, (_, i) =>
        order(stack, { session_id: `limits-${Date.now()}-${i % 9}` }),
      ),
    );
    await stack.gateway.waitFor(() => stack.gateway.calls().length >= runs.length, PATIENCE_MS);
    const endings = await Promise.all(
      runs.map(({ runId }) =>
        until(async () => {
          const { body } = await get(`${stack.url}/runs/${runId}`);
          return body.status === 'running' ? undefined : (body.status as string);
        }, 20_000),
      ),
    );
    expect(endings).toEqual(Array(runs.length).fill('completed'));
    const calls = stack.gateway.calls();
    expect(calls).toHaveLength(runs.length);
    const moments = calls.map(({ at }) => at);
    const most = mostWithin(WINDOW_MS, moments);
    if (process.env.LIMIT_WINDOW_MS) {
      const seconds = ((Math.max(...moments) - Math.min(...moments)) / 1000).toFixed(1);
      process.stdout.write(`${calls.length} calls in ${seconds} s, at most ${most} in any ${WINDOW_MS} ms\n`);
    }
    expect(most).toBeLessThanOrEqual(TAKES);
    // if the limit were never reached, this would prove nothing
    expect(most).toBeGreaterThan(TAKES / 3);
    expect(new Set(await Promise.all(runs.map(({ runId }) => readWorker(runId)))).size).toBe(WORKERS);
    expect(calls.every(({ headers }) => headers['x-stainless-retry-count'] === '0')).toBe(true);
  },
  2 * PATIENCE_MS,
);

test('after Retry-After: 7 no worker calls that model for seven seconds, and other models are still called', async () => {
  stack.gateway.script('cooled', [{ status: 429, wait: { ms: 7000, as: 'retry-after' } }]);
  const message = { swarm_id: 'coding-swarm', message: 'Go' };
  const first = post(`${stack.url}/swarm/execute`, message);
  const refused = await stack.gateway.waitFor(
    () => stack.gateway.calls('cooled').find(({ endedAt }) => endedAt),
    15_000,
  );
  const others = await Promise.all(Array.from({ length: 2 * WORKERS }, () => order(stack, message)));
  const elsewhere = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Go' });
  expect([elsewhere.body.status, Date.now() - refused.at < 6000]).toEqual(['complete', true]);
  expect((await first).body.status).toBe('complete');
  await Promise.all(
    others.map(({ runId }) =>
      until(async () => (await get(`${stack.url}/runs/${runId}`)).body.status === 'completed', 30_000),
    ),
  );
  const [again] = stack.gateway.calls('cooled').filter(({ id }) => id !== refused.id);
  expect((again?.at ?? 0) - refused.at).toBeGreaterThanOrEqual(7000 - 20);
});

test('a waiting turn does not run out of attempts in Temporal, however often it waits', async () => {
  const refusal = { status: 429, wait: { ms: 200, as: 'retry-after' } } as const;
  stack.gateway.script('cooled', [refusal, refusal, { status: 429, wait: { ms: 4000, as: 'retry-after' } }]);
  const { runId } = await order(stack, { swarm_id: 'coding-swarm' });
  const pending = await until(async () => {
    const { raw } = await client.workflow.getHandle(runId).describe();
    return raw.pendingActivities?.find(({ attempt = 0 }) => attempt === 4);
  });
  const [details] = pending.heartbeatDetails?.payloads ?? [];
  expect(JSON.parse(Buffer.from(details?.data ?? []).toString())).toEqual({ waits: 3 });
  await post(`${stack.url}/runs/${runId}/cancel`, {});
});
