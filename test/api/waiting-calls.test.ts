/** Tool calls that are withdrawn by their client: what happens to their runs. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { cancelCall, findAbandonedRun, holdCall, isTimeout } from '../../src/api/protocols/mcp/waiting-calls';
import { createToolCalls, RENEWAL_MS } from '../../src/redis/tool-calls';
import type { Order } from '../../src/api/start-requests';
import { createTestRedis, type TestRedis } from '../support/redis';
import { until } from '../support/stack';

const TIMEOUT = 'McpError: MCP error -32001: Request timed out';
const FOREVER_MS = 600_000;

let server: TestRedis;
let services: Parameters<typeof cancelCall>[0];
const cancelled: string[] = [];
const ended = new Set<string>();

beforeAll(async () => {
  server = await createTestRedis();
  const describe = (run_id: string) =>
    Promise.resolve({ run_id, status: ended.has(run_id) ? 'cancelled' : 'running', ended_at: null });
  const cancelRun = (run_id: string) => (cancelled.push(run_id), ended.add(run_id), describe(run_id));
  services = { toolCalls: createToolCalls(server.connect()), runs: { describe }, cancelRun } as never;
});
afterAll(() => server.stop());

async function callOnce() {
  const client = { tenant: undefined, session: randomUUID() };
  const order: Order = { swarm_id: 'one-voice', message: randomUUID(), session_id: undefined, max_rounds: 1 };
  const runId = `one-voice-${randomUUID()}`;
  return { client, order, runId, held: await holdCall(services, client, 1, order, runId) };
}

it('lets the next equal call take over the run of a client that timed out, and no longer answers the first one', async () => {
  const { client, order, runId, held } = await callOnce();
  void cancelCall(services, client, 1, { reason: TIMEOUT, givenUpMs: FOREVER_MS });
  // repeated immediately, perhaps before the cancellation has been processed
  expect(await findAbandonedRun(services, order)).toBe(runId);
  const next = await holdCall(services, client, 2, order, runId);
  expect(await held.isCancelled()).toBe(false);
  await until(() => held.withdrawn.aborted, 2 * RENEWAL_MS + 1000);
  expect(await held.abandon()).toBe(false);
  // when the first call leaves, the run that the second one waits for is not abandoned
  expect(await findAbandonedRun(services, order)).toBeUndefined();
  expect([await next.close(), cancelled]).toEqual([true, []]);
});

it('stops the run of a client that timed out when nobody asks again in time', async () => {
  const { client, order, runId } = await callOnce();
  await cancelCall(services, client, 1, { reason: TIMEOUT, givenUpMs: 50 });
  expect(cancelled.splice(0)).toEqual([runId]);
  expect(await findAbandonedRun(services, order)).toBeUndefined();
});

it('does not stop a run that was taken over', async () => {
  const { client, order, runId } = await callOnce();
  const gaveUp = cancelCall(services, client, 1, { reason: TIMEOUT, givenUpMs: 1000 });
  expect(await findAbandonedRun(services, order)).toBe(runId);
  await gaveUp;
  expect(cancelled).toEqual([]);
});

it.each([undefined, 'AbortError: This operation was aborted', 'no longer needed'])(
  'immediately stops the run of a client that cancels with the reason %j',
  async (reason) => {
    const { client, order, runId, held } = await callOnce();
    await cancelCall(services, client, 1, { reason, givenUpMs: FOREVER_MS });
    expect(cancelled.splice(0)).toEqual([runId]);
    expect(await held.isCancelled()).toBe(true);
    expect(await held.close()).toBe(false);
    expect(await findAbandonedRun(services, order)).toBeUndefined();
  },
);

it('finds no abandoned run while all callers wait', async () => {
  const { order, held } = await callOnce();
  expect(await findAbandonedRun(services, order)).toBeUndefined();
  await sleep(10);
  expect([await held.isCancelled(), await held.close()]).toEqual([false, true]);
});

it.each([TIMEOUT, 'TimeoutError: The operation was aborted due to timeout', 'timed out', 'Time-out'])(
  'recognises %j as a timeout',
  (reason) => expect(isTimeout(reason)).toBe(true),
);

it.each([undefined, '', 'user', 'AbortError: This operation was aborted', 'sometimes outdated'])(
  'does not recognise %j as a timeout',
  (reason) => expect(isTimeout(reason)).toBe(false),
);
