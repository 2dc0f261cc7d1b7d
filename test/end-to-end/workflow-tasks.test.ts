/** Workflow code that throws or does not end fails its own run, but affects neither the worker nor other runs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, NativeConnection, Worker } from '@temporalio/worker';
import { ApplicationFailure } from '@temporalio/common';
import { WORKFLOW_OPTIONS } from '../../src/worker/workflow-options';
import { WORKFLOW_BUNDLE } from '../support/workflows';
import { logLine, start, type Running } from '../support/processes';
import { collectSse, get, post, type AnyFrame } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

const SILENT = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
const folder = mkdtempSync(path.join(tmpdir(), 'murmuration-poisoned-'));
const bundle = path.join(folder, 'workflows.js');
const BUILD_ID = 'poisoned';

let stack: Stack;
let client: Client;
let worker: Running;
/** The API runs as in production; the worker has faulty workflows. */
beforeAll(async () => {
  // the product's worker makes this build current, and then the worker with faulty workflows replaces it
  stack = await createStack({ WORKER_BUILD_ID: BUILD_ID });
  await stack.worker.stop();
  client = new Client({ connection: await Connection.connect({ address: process.env.TEMPORAL_TEST_ADDRESS ?? '' }) });
  const workflowsPath = path.join(__dirname, '../support/poisoned-workflows/index.ts');
  writeFileSync(bundle, (await bundleWorkflowCode({ workflowsPath, logger: SILENT })).code);
  worker = await startWorker();
}, 120_000);
afterAll(async () => {
  await worker?.stop();
  await client?.connection.close();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function startWorker(env: NodeJS.ProcessEnv = {}): Promise<Running> {
  const program = path.join(__dirname, '../support/poisoned-worker.cjs');
  const queue = { TEMPORAL_ADDRESS: process.env.TEMPORAL_TEST_ADDRESS, TASK_QUEUE: stack.env.TASK_QUEUE };
  const started = start(process.execPath, [program], { ...queue, BUNDLE: bundle, BUILD_ID, ...env });
  await logLine(started, 'worker ready');
  return started;
}
const isAlive = ({ child }: Running) => child.exitCode === null && child.signalCode === null;

const begin = async (message: string): Promise<string> => {
  const { body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message, wait: false });
  return (body as { run_id: string }).run_id;
};
const lastFrame = async (runId: string): Promise<AnyFrame | undefined> =>
  (await collectSse(`${stack.url}/runs/${runId}/events`)).at(-1);

test.each([['slow expression'], ['promises without end']])(
  'a %s in workflow code ends its run within a minute, while other runs continue',
  async (message) => {
    const [poisoned, innocent] = await Promise.all([begin(message), begin('innocent')]);
    const before = Date.now();
    const end = await lastFrame(poisoned);
    expect(Date.now() - before).toBeLessThan(60_000);
    expect(end).toMatchObject({ event: 'run.failed', code: 'INTERNAL', done: true });
    expect(end?.message).toMatch(/^The workflow task of this run failed \d+ times \(.*timed out after 5000ms\)/);
    expect((await get(`${stack.url}/runs/${poisoned}`)).body).toMatchObject({ status: 'failed' });
    await client.workflow.getHandle(innocent).result();
    expect((await get(`${stack.url}/runs/${innocent}`)).body).toMatchObject({ status: 'completed' });
    expect(isAlive(worker)).toBe(true);
  },
);

test('an error that workflow code throws fails its run at once', async () => {
  const end = await lastFrame(await begin('mistake'));
  expect(end).toMatchObject({ event: 'run.failed', code: 'INTERNAL', done: true });
  expect(end?.message).toMatch(/undefined/);
});

test('our own workflows fail with such an error, and their task is not retried forever', async () => {
  const taskQueue = `${stack.env.TASK_QUEUE}-own`;
  const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_TEST_ADDRESS ?? '' });
  const own = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: { codePath: WORKFLOW_BUNDLE },
    ...WORKFLOW_OPTIONS,
  });
  const result = own.runUntil(
    client.workflow.execute('runSwarm', { taskQueue, workflowId: `no-input-${Date.now()}`, args: [null] }),
  );
  const failure = await result.catch((error: { cause?: unknown }) => error.cause);
  await connection.close();
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect((failure as ApplicationFailure).type).toBe('TypeError');
});

test('without protection of its threads a worker dies of such code, which shows that the tests above can fail', async () => {
  await worker.stop();
  const unprotected = await startWorker({ UNPROTECTED: '1' });
  const runId = await begin('promises without end');
  await until(() => !isAlive(unprotected), 30_000);
  expect(unprotected.output()).toMatch(/async hook stack|execution_async_id/);
  await client.workflow.getHandle(runId).terminate();
});
