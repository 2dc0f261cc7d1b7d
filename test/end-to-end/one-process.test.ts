/** API and worker as one process (`ROLE=all`): runs start eagerly, and every guarantee of two processes holds. */
import { once } from 'node:events';
import { Client, Connection } from '@temporalio/client';
import { get, post, Watcher } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

let stack: Stack;
let connection: Connection;
beforeAll(async () => {
  connection = await Connection.connect({ address: process.env.TEMPORAL_TEST_ADDRESS! });
  stack = await createStack({ ROLE: 'all' });
});
beforeEach(() => stack.gateway.reset());
afterAll(async () => {
  await stack.stop();
  await connection.close();
});

const LIMIT_MS = 60_000;
const task = { swarm_id: 'one-voice', message: 'Count' };

const start = (body: object, headers?: Record<string, string>) =>
  post(`${stack.url}/swarm/execute`, { ...body, wait: false }, headers);

async function readStart(runId: string) {
  const { events } = await new Client({ connection }).workflow.getHandle(runId).fetchHistory();
  return events?.[0]?.workflowExecutionStartedEventAttributes;
}

test('Temporal returns the first workflow task in the reply to the start', async () => {
  const { body } = await post(`${stack.url}/swarm/execute`, task);
  expect(body.status).toBe('complete');
  expect(await readStart(body.run_id as string)).toMatchObject({ eagerExecutionAccepted: true });
});

test('an idempotency key names one run, and another request under it is refused', async () => {
  const key = { 'idempotency-key': 'one-process' };
  const [first, second] = [await start(task, key), await start(task, key)];
  expect([first.status, second.status]).toEqual([202, 202]);
  expect(second.body.run_id).toBe(first.body.run_id);
  const other = await start({ ...task, message: 'Another' }, key);
  expect(other.status).toBe(409);
});

test('a run continues without loss when the process is killed in mid-answer', async () => {
  stack.gateway.always('balanced-model', { tokens: { count: 100 }, intervalMs: 20 });
  const watcher = await Watcher.connect(stack.url);
  watcher.send(task);
  await watcher.frame(({ content }) => content?.includes('#30 ') ?? false);
  const seen = [...watcher.frames];
  const { run_id: runId = '', cursor = '' } = seen.at(-1) ?? {};
  await stack.api.kill('SIGKILL');
  watcher.close();
  await stack.startApi();
  const again = await Watcher.connect(stack.url);
  again.send({ run_id: runId, after: cursor });
  await again.done(undefined, LIMIT_MS);
  const { body } = await get(`${stack.url}/runs/${runId}`);
  expect(body.status).toBe('completed');
  const text = [...seen, ...again.frames].map(({ content }) => content ?? '').join('');
  expect(text).toBe(body.responses[0]);
  again.close();
}, 120_000);

test('a stop signal ends API and worker, and the run continues in the next process', async () => {
  stack.gateway.always('balanced-model', { tokens: { count: 100 }, intervalMs: 20 });
  const { body } = await start(task);
  const { child } = stack.api;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  await stack.startApi();
  const done = await until(async () => {
    const run = await get(`${stack.url}/runs/${body.run_id}`);
    return run.body.status === 'running' ? undefined : run;
  }, LIMIT_MS);
  expect(done.body.status).toBe('completed');
  expect(done.body.responses[0]).toContain('#99');
}, 120_000);
