/** Messages larger than a Temporal payload: they are sent in parts, passed to turns by reference, and survive the loss of Redis. */
import { Client, Connection } from '@temporalio/client';
import { get, post, Watcher } from '../support/readers';
import { createStack, type Stack } from '../support/stack';

let stack: Stack;
beforeAll(async () => (stack = await createStack()), 60_000);
beforeEach(() => stack.gateway.reset());
afterAll(() => stack.stop());

/** Five million characters without repetition, two of which are three bytes long. */
const LONG = `Begin. ${Array.from({ length: 720_000 }, (_, i) => i.toString(36).padStart(6, '0')).join(' ')} — Ende…`;

async function readHistory(runId: string): Promise<{ bytes: number; turnBytes: number }> {
  const connection = await Connection.connect({
    address: process.env.TEMPORAL_TEST_ADDRESS!,
    channelArgs: { 'grpc.max_receive_message_length': 64 * 1024 * 1024 },
  });
  try {
    const { events } = await new Client({ connection }).workflow.getHandle(runId).fetchHistory();
    const readSize = (value: unknown) => JSON.stringify(value ?? null).length;
    const turns = (events ?? []).map(({ activityTaskScheduledEventAttributes: turn }) => (turn ? readSize(turn) : 0));
    return { bytes: readSize(events), turnBytes: Math.max(...turns) };
  } finally {
    await connection.close();
  }
}

test('a message of five million characters reaches every turn whole, and no turn contains it in the history', async () => {
  stack.gateway.always('strategic-model', { tokens: { count: 5 } });
  const { status, body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'strategic-swarm', message: LONG });
  expect([status, body.status]).toEqual([200, 'complete']);
  const calls = stack.gateway.calls();
  expect(calls.length).toBeGreaterThanOrEqual(3);
  for (const call of calls) expect(JSON.stringify(call.body)).toContain(LONG.slice(-200_000));
  expect((await readHistory(body.run_id as string)).turnBytes).toBeLessThan(20_000);
}, 120_000);

test('the same over WebSocket, and its events contain only its start', async () => {
  stack.gateway.always('balanced-model', { tokens: { count: 3 } });
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'one-voice', message: LONG });
  const done = await watcher.done(undefined, 60_000);
  expect(done.event).toBe('run.completed');
  expect((watcher.frames[0] as { message?: string }).message).toHaveLength(10_001);
  expect(JSON.stringify(stack.gateway.calls()[0]?.body)).toContain(LONG.slice(0, 200_000));
  watcher.close();
  expect((await get(`${stack.url}/runs/${done.run_id}`)).body.status).toBe('completed');
});

test('the same Idempotency-Key starts such a run once', async () => {
  stack.gateway.always('balanced-model', { tokens: { count: 3 } });
  const order = { swarm_id: 'one-voice', message: LONG, wait: false };
  const key = { 'Idempotency-Key': `long-${Date.now()}` };
  const replies = await Promise.all([1, 2, 3].map(() => post(`${stack.url}/swarm/execute`, order, key)));
  expect(replies.map(({ status }) => status)).toEqual([202, 202, 202]);
  expect(new Set(replies.map(({ body }) => body.run_id as string)).size).toBe(1);
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ run_id: replies[0]!.body.run_id });
  await watcher.done(undefined, 60_000);
  expect(stack.gateway.calls()).toHaveLength(1);
  watcher.close();
});
