/** The Temporal namespace: a missing one prevents the start, and its retention is set or warned about. */
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { freePort, logLine, start } from '../support/processes';
import { get, post } from '../support/readers';
import { createStack, until } from '../support/stack';
import { startTemporalServer, type TemporalServer } from '../support/temporal';

let server: TemporalServer;
let connection: Connection;
beforeAll(async () => {
  server = await startTemporalServer();
  connection = await Connection.connect({ address: server.address });
});
afterAll(async () => {
  await connection.close();
  await server.stop();
});

const DAY = 24 * 3600;

async function createNamespace(days: number): Promise<string> {
  const namespace = `kept-${randomUUID()}`;
  const seconds = (days * DAY) as never;
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: { seconds } });
  await until(() => readRetention(namespace).catch(() => undefined), 20_000);
  return namespace;
}

async function readRetention(namespace: string): Promise<number> {
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  return Number(config?.workflowExecutionRetentionTtl?.seconds) / DAY;
}

async function launch(file: string, env: NodeJS.ProcessEnv) {
  return start(process.execPath, [path.join(__dirname, '../../dist', file)], {
    REDIS_URL: process.env.REDIS_TEST_URL,
    TEMPORAL_ADDRESS: server.address,
    TASK_QUEUE: `test-${randomUUID()}`,
    PORT: String(await freePort()),
    ...env,
  });
}

test.each(['api/main.js', 'worker.js'])('%s does not start in a missing namespace, and names it', async (file) => {
  const one = await launch(file, { TEMPORAL_NAMESPACE: 'nowhere' });
  expect(await new Promise((resolve) => one.child.once('exit', resolve))).toBe(1);
  expect(one.output()).toMatch(/Temporal has no namespace "nowhere"\. Create it/);
});

test.each([
  ['set', 1, 30, false],
  ['set', 60, 60, false],
  ['check', 1, 1, true],
  ['check', 30, 30, false],
])('with RETENTION_MODE=%s a namespace of %i days has %i', async (mode, before, after, warns) => {
  const namespace = await createNamespace(before);
  const api = await launch('api/main.js', { TEMPORAL_NAMESPACE: namespace, RETENTION_MODE: mode });
  try {
    await logLine(api, 'api ready');
    expect(await readRetention(namespace)).toBe(after);
    expect(/RETENTION_DAYS says 30 days/.test(api.output())).toBe(warns);
  } finally {
    await api.stop();
  }
});

test('a namespace that is deleted later is named in a 503 reply', async () => {
  const namespace = await createNamespace(1);
  const stack = await createStack({ TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: namespace });
  try {
    await connection.operatorService.deleteNamespace({ namespace });
    await until(async () => (await get(`${stack.url}/healthz`)).body.systems.temporal === false, 40_000);
    const { status, body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'x' });
    expect([status, body.error.code]).toEqual([503, 'TEMPORAL_UNAVAILABLE']);
    expect(body.error.message).toContain('TEMPORAL_NAMESPACE');
  } finally {
    await stack.stop();
  }
});
