/** Other workflows of the namespace are not runs: no interface can read or change them by their ids. */
import { randomUUID } from 'node:crypto';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { Client as McpClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { Redis } from 'ioredis';
import { get, post, Watcher, type AnyFrame } from '../support/readers';
import { createStack, type Stack } from '../support/stack';

let stack: Stack;
let connection: Connection;
let client: Client;
const started: WorkflowHandle[] = [];
beforeAll(async () => {
  stack = await createStack();
  connection = await Connection.connect({ address: process.env.TEMPORAL_TEST_ADDRESS ?? '' });
  client = new Client({ connection });
});
afterAll(async () => {
  await Promise.all(started.map((handle) => handle.terminate().catch(() => undefined)));
  await connection.close();
  await stack.stop();
});

async function start(workflowType: string, taskQueue: string, workflowId: string): Promise<string> {
  const memo = { swarm_id: 'one-voice', session_id: 's', message: 'Of others' };
  // open and never started, so that our worker does not process it
  const startDelay = '1 hour';
  started.push(await client.workflow.start(workflowType, { taskQueue, workflowId, memo, startDelay, args: [] }));
  return workflowId;
}

const queue = () => String(stack.env.TASK_QUEUE);
const FOREIGN: [string, () => Promise<string>][] = [
  ['another type of workflow', () => start('billing', 'billing', `billing-${randomUUID()}`)],
  ['another type on our task queue', () => start('billing', queue(), `billing-${randomUUID()}`)],
  ['a run of another deployment', () => start('runSwarm', 'another-deployment', `one-voice-${randomUUID()}`)],
  ['a summary', () => start('summarise', queue(), `memory:${randomUUID()}`)],
  ['a workflow with an odd id', () => start('billing', 'billing', `orders/${randomUUID()} *`)],
];

describe.each(FOREIGN)('%s', (_what, create) => {
  let id: string;
  let address: string;
  beforeAll(async () => {
    id = await create();
    address = `${stack.url}/runs/${encodeURIComponent(id)}`;
  });
  afterEach(async () => expect((await client.workflow.getHandle(id).describe()).status.name).toBe('RUNNING'));

  test('is unknown to each route', async () => {
    const key = { 'idempotency-key': 'k' };
    const replies = [
      ...(await Promise.all(['', '/events', '/events?wait=1', '/prompts'].map((path) => get(address + path)))),
      ...(await Promise.all(
        ['cancel', 'pause', 'resume', 'approve'].map((action) => post(`${address}/${action}`, {}, key)),
      )),
      await post(`${address}/reject`, { reason: 'no' }),
      await post(`${address}/message`, { content: 'go' }),
      await post(`${address}/fork`, { from: 'answer', edit: { temperature: 1 } }),
    ];
    for (const { status, body } of replies) expect([status, body.error.code]).toEqual([404, 'UNKNOWN_RUN']);
  });

  test('is unknown over WebSocket', async () => {
    const watcher = await Watcher.connect(stack.url);
    watcher.send({ run_id: id });
    const answer: AnyFrame = await watcher.frame(({ error }) => error !== undefined);
    watcher.send({ cancel: id });
    const next = await watcher.frame((frame) => frame.error !== undefined && frame !== answer);
    for (const { error } of [answer, next]) expect(error?.code).toMatch(/^(?:UNKNOWN_RUN|INVALID_FIELD)$/);
    watcher.close();
  });

  test('is not listed', async () => {
    const { body } = await get(`${stack.url}/runs?limit=100`);
    expect(body.runs.map(({ run_id }: { run_id: string }) => run_id)).not.toContain(id);
    expect((await get(`${stack.url}/runs?forked_from=${encodeURIComponent(id)}`)).status).toBeGreaterThanOrEqual(400);
  });
});

test('our own runs are found, listed page by page, and steered', async () => {
  const ids = [];
  for (let i = 0; i < 3; i++)
    ids.push((await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Hi' })).body.run_id);
  const pages: string[] = [];
  let page: string | null = '';
  while (page !== null) {
    const { body } = await get(`${stack.url}/runs?limit=1${page && `&page=${page}`}`);
    pages.push(...body.runs.map(({ run_id }: { run_id: string }) => run_id));
    page = body.next_page as string | null;
  }
  expect(pages.sort()).toEqual([...ids].sort());
  expect((await post(`${stack.url}/runs/${ids[0]}/cancel`, {})).status).toBe(200);
});

test('a page token that is not ours, or belongs to another list, is refused at once', async () => {
  const { body } = await get(`${stack.url}/runs?limit=1`);
  const token = body.next_page as string;
  expect(token).toBeTruthy();
  const changed = Buffer.from(token, 'base64url');
  changed[changed.length - 1]! ^= 1;
  const wrong = [
    'AAAA',
    'x',
    token.slice(0, 20),
    changed.toString('base64url'),
    `${token}AAAA`,
    '%00',
    'A'.repeat(4000),
  ];
  for (const page of [...wrong, `${token}&status=failed`]) {
    const startedAt = performance.now();
    const reply = await get(`${stack.url}/runs?limit=1&page=${page}`);
    expect([reply.status, reply.body.error.code]).toEqual([400, 'INVALID_FIELD']);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  }
  expect((await get(`${stack.url}/runs?limit=2&page=${token}`)).status).toBe(200);
});

test.each(['session:x', '*', '../x', 'a}:{b', 'a\nb', '\u0000', 'x'.repeat(201), `memory-${randomUUID()}-0-4`])(
  '%j is not the id of a run, whatever is in Redis',
  async (id) => {
    const redis = new Redis(process.env.REDIS_TEST_URL ?? '');
    const event = { type: 'run.started', run_id: id, text: 'The secret' };
    await redis.xadd(`murmuration:{${id}}:events`, '1-1', 'event', JSON.stringify(event));
    const reply = await get(`${stack.url}/runs/${encodeURIComponent(id)}/events?wait=0`);
    expect([reply.status, reply.body.error.code]).toEqual([404, 'UNKNOWN_RUN']);
    const watcher = await Watcher.connect(stack.url);
    watcher.send({ run_id: id });
    const answer = await watcher.frame(() => true);
    expect(answer.error?.code).toMatch(/^(?:UNKNOWN_RUN|INVALID_FIELD)$/);
    watcher.close();
    await redis.del(`murmuration:{${id}}:events`);
    redis.disconnect();
  },
);

test('the MCP tools accept the session ids that the routes accept', async () => {
  const mcp = new McpClient({ name: 'test', version: '1' });
  await mcp.connect(new StreamableHTTPClientTransport(new URL(`${stack.url}/mcp`)) as Transport);
  const call = (session_id: string) =>
    mcp
      .callTool({ name: 'one-voice', arguments: { message: 'Hi', session_id } })
      .catch(({ message }) => ({ isError: true, message }));
  const before = stack.gateway.calls().length;
  for (const id of ['a b', 'x'.repeat(129), 'a\u0000', '{x}', 'a/b', 'é'])
    expect(await call(id)).toMatchObject({ isError: true });
  expect(stack.gateway.calls()).toHaveLength(before);
  expect((await call('team.a:b@c-d_e')).isError).toBeFalsy();
  await mcp.close();
});

test.each(['a b', 'x'.repeat(129), 'a\u0000', '{x}', 'a}:x'])('%j is not a session id', async (id) => {
  for (const method of ['GET', 'DELETE']) {
    const reply = await fetch(`${stack.url}/sessions/${encodeURIComponent(id)}`, { method });
    expect(reply.status).toBe(404);
  }
});
