/** Limits over four workers that are processes of their own, by the log of the gateway that they call; `LIMIT_WINDOW_MS` (3000) is its minute. */
import { Client, Connection } from '@temporalio/client';
import { order } from '../support/played-run';
import { get, post } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

const WORKERS = 4;
const CALLS_EACH = 50;
/** What the limits call a minute, milliseconds; requests that the gateway takes within it. */
const WINDOW_MS = Number(process.env.LIMIT_WINDOW_MS ?? 3000);
const TAKES = 60;
/** Nine windows would be enough for twice as many calls. */
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
    // no worker could take all turns alone, should they not wait outside
    WORKER_TURNS: String(CALLS_EACH),
  });
  for (let i = 1; i < WORKERS; i++) await stack.startWorker();
  connection = await Connection.connect({ address: process.env.TEMPORAL_TEST_ADDRESS ?? '' });
  client = new Client({ connection });
}, 90_000);
afterAll(async () => {
  await connection.close();
  await stack.stop();
});
beforeEach(() => stack.gateway.reset());

/** The most calls that the gateway saw within a window, wherever that begins. */
function mostWithin(windowMs: number, moments: number[]): number {
  const sorted = [...moments].sort((a, b) => a - b);
  let [most, oldest] = [0, 0];
  sorted.forEach((at, newest) => {
    while ((sorted[oldest] ?? at) <= at - windowMs) oldest++;
    most = Math.max(most, newest - oldest + 1);
  });
  return most;
}

/** The worker that a run's turn was finished by. */
async function workerOf(runId: string): Promise<string> {
  const { events } = await client.workflow.getHandle(runId).fetchHistory();
  const taken = events?.filter(({ activityTaskStartedEventAttributes: started }) => started) ?? [];
  return taken[taken.length - 1]?.activityTaskStartedEventAttributes?.identity ?? '';
}

test(
  'four workers with fifty calls each never show the gateway more than it takes in any window, and all are answered',
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
    // a limit that is never reached would prove nothing
    expect(most).toBeGreaterThan(TAKES / 3);
    expect(new Set(await Promise.all(runs.map(({ runId }) => workerOf(runId)))).size).toBe(WORKERS);
    expect(calls.every(({ headers }) => headers['x-stainless-retry-count'] === '0')).toBe(true);
  },
  2 * PATIENCE_MS,
);

test('after Retry-After: 7 no worker calls that model for seven seconds, and others are called all the same', async () => {
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
}, 90_000);

test('a turn that waits is known to Temporal as one that waits: no number of waits ends it', async () => {
  const refusal = { status: 429, wait: { ms: 200, as: 'retry-after' } } as const;
  stack.gateway.script('cooled', [refusal, refusal, { status: 429, wait: { ms: 4000, as: 'retry-after' } }]);
  const { runId } = await order(stack, { swarm_id: 'coding-swarm' });
  const pending = await until(async () => {
    const { raw } = await client.workflow.getHandle(runId).describe();
    return raw.pendingActivities?.find(({ attempt = 0 }) => attempt === 4);
  }, 30_000);
  const [details] = pending.heartbeatDetails?.payloads ?? [];
  expect(JSON.parse(Buffer.from(details?.data ?? []).toString())).toEqual({ waits: 3 });
  await post(`${stack.url}/runs/${runId}/cancel`, {});
}, 40_000);
