/** Messages that no Temporal payload holds: they travel in parts, are told to turns by reference, and outlive a lost Redis. */
import { Client, Connection } from '@temporalio/client';
import { get, post, Watcher } from '../support/readers';
import { createStack, type Stack } from '../support/stack';

let stack: Stack;
beforeAll(async () => (stack = await createStack()), 60_000);
beforeEach(() => stack.gateway.reset());
afterAll(() => stack.stop());

/** Five million characters that do not repeat themselves, two of them three bytes long. */
const LONG = `Begin. ${Array.from({ length: 720_000 }, (_, i) => i.toString(36).padStart(6, '0')).join(' ')} — Ende…`;

async function historyOf(runId: string): Promise<{ bytes: number; turnBytes: number }> {
  const connection = await Connection.connect({
    address: process.env.TEMPORAL_TEST_ADDRESS!,
    channelArgs: { 'grpc.max_receive_message_length': 64 * 1024 * 1024 },
  });
  try {
    const { events } = await new Client({ connection }).workflow.getHandle(runId).fetchHistory();
    const sizeOf = (value: unknown) => JSON.stringify(value ?? null).length;
    const turns = (events ?? []).map(({ activityTaskScheduledEventAttributes: turn }) => (turn ? sizeOf(turn) : 0));
    return { bytes: sizeOf(events), turnBytes: Math.max(...turns) };
  } finally {
    await connection.close();
  }
}

test('a message of five million characters reaches every turn whole, and no turn carries it in the history', async () => {
  stack.gateway.always('strategic-model', { tokens: { count: 5 } });
  const { status, body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'strategic-swarm', message: LONG });
  expect([status, body.status]).toEqual([200, 'complete']);
  const calls = stack.gateway.calls();
  expect(calls.length).toBeGreaterThanOrEqual(3);
  for (const call of calls) expect(JSON.stringify(call.body)).toContain(LONG.slice(-200_000));
  expect((await historyOf(body.run_id as string)).turnBytes).toBeLessThan(20_000);
}, 120_000);

test('over WebSocket too, and its events tell only its beginning', async () => {
  stack.gateway.always('balanced-model', { tokens: { count: 3 } });
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'one-voice', message: LONG });
  const done = await watcher.done(undefined, 60_000);
  expect(done.event).toBe('run.completed');
  expect((watcher.frames[0] as { message?: string }).message).toHaveLength(10_001);
  expect(JSON.stringify(stack.gateway.calls()[0]?.body)).toContain(LONG.slice(0, 200_000));
  watcher.close();
  expect((await get(`${stack.url}/runs/${done.run_id}`)).body.status).toBe('completed');
}, 90_000);

test('the same key starts such a run once', async () => {
  stack.gateway.always('balanced-model', { tokens: { count: 3 } });
  const order = { swarm_id: 'one-voice', message: LONG, wait: false };
  const key = { 'Idempotency-Key': `long-${Date.now()}` };
  const replies = await Promise.all([1, 2, 3].map(() => post(`${stack.url}/swarm/execute`, order, key)));
  expect(new Set(replies.map(({ body }) => body.run_id as string)).size).toBe(1);
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ run_id: replies[0]!.body.run_id });
  await watcher.done(undefined, 60_000);
  expect(stack.gateway.calls()).toHaveLength(1);
  watcher.close();
}, 90_000);
