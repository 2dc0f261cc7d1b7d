/** Tool calls that take longer than a client waits: progress, repeated calls, and cancellation. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { RequestOptions } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { CallToolResult, Progress } from '@modelcontextprotocol/sdk/types.js';
import { get } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

let stack: Stack;
let secondUrl: string;
beforeAll(async () => {
  stack = await createStack({ MCP_WAIT_SECONDS: '2' });
  secondUrl = await stack.addApi();
});
afterAll(() => stack.stop());
beforeEach(() => stack.gateway.reset());

const MODEL = 'balanced-model';
const slowly = { tokens: { count: 300 }, intervalMs: 100 };
const message = () => `Question ${Math.random()}`;

async function connect(url = stack.url): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)) as Transport);
  return client;
}

const call = (client: Client, text: string, options: RequestOptions = {}) =>
  client.callTool({ name: 'one-voice', arguments: { message: text } }, undefined, options) as Promise<CallToolResult>;
const readText = ({ content: [first] }: CallToolResult) => (first?.type === 'text' ? first.text : '');
const speaking = () => stack.gateway.waitFor(() => (stack.gateway.calls(MODEL)[0]?.tokensSent ?? 0) > 3, 15_000);
const runIn = (text: string) => /one-voice-[\w-]+/.exec(text)?.[0] ?? '';

/** Sends a protocol message like a client without the SDK. */
const send = (url: string, body: object, session?: string) =>
  fetch(`${url}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(session ? { 'mcp-session-id': session } : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', ...body }),
  });
const callRaw = (id: number | string, text: string, session?: string) =>
  send(
    stack.url,
    {
      id,
      method: 'tools/call',
      params: { name: 'one-voice', arguments: { message: text }, _meta: { progressToken: 1 } },
    },
    session,
  );
const cancelRaw = (requestId: number | string, session?: string, url = stack.url) =>
  send(url, { method: 'notifications/cancelled', params: { requestId } }, session);

async function expectStopped(since: number): Promise<void> {
  const [upstream] = stack.gateway.calls(MODEL);
  await until(() => upstream?.endedAt !== undefined, 5000);
  expect(upstream?.endedBy).toBe('client-closed');
  expect((upstream?.endedAt ?? Infinity) - since).toBeLessThan(1000);
}

test('while a model is silent for longer than the client waits, progress keeps the call alive', async () => {
  stack.gateway.script(MODEL, { tokens: ['Late'], firstTokenMs: 26_000 });
  const client = await connect();
  const reported: Progress[] = [];
  const at: number[] = [Date.now()];
  const onprogress = (progress: Progress) => void (reported.push(progress), at.push(Date.now()));
  const result = await call(client, message(), { onprogress, timeout: 15_000, resetTimeoutOnProgress: true });
  expect(readText(result)).toBe('Late');
  at.push(Date.now());
  for (const [i, time] of at.entries()) expect(time - (at[i - 1] ?? time)).toBeLessThan(15_000);
  expect(reported.map(({ progress }) => progress)).toEqual(reported.map((_, i) => i + 1));
  await client.close();
});

test('a caller without progress is told in time to repeat the call, and gets the answer of the same run', async () => {
  stack.gateway.script(MODEL, { tokens: { count: 3 }, firstTokenMs: 5000 });
  const client = await connect();
  const text = message();
  const first = await call(client, text);
  expect(first).toMatchObject({ isError: true });
  expect(readText(first)).toMatch(/^RUN_NOT_ENDED: The run one-voice-\S+ has not ended\. Call this tool again/);
  const results = [first];
  while (results.at(-1)?.isError) results.push(await call(client, text));
  expect(results.at(-1)?.structuredContent?.run_id).toBe(runIn(readText(first)));
  expect(readText(results.at(-1)!)).toBe(stack.gateway.calls(MODEL)[0]?.textSent);
  expect(stack.gateway.calls()).toHaveLength(1);
  await client.close();
});

test('a broken connection stops nothing: the same call to any process gets the answer of the same run', async () => {
  stack.gateway.script(MODEL, { tokens: { count: 40 }, intervalMs: 60 });
  const text = message();
  const [lost, next] = [await connect(), await connect(secondUrl)];
  call(lost, text, { onprogress: () => undefined }).catch(() => undefined);
  await speaking();
  await lost.close();
  await until(async () => (await get(`${stack.url}/runs?status=running&swarm=one-voice`)).body.runs.length > 0);
  const result = await call(next, text, { onprogress: () => undefined });
  expect(readText(result)).toBe(stack.gateway.calls(MODEL)[0]?.textSent);
  expect(stack.gateway.calls()).toHaveLength(1);
  // it was answered, so a repetition is a new call
  await call(next, text, { onprogress: () => undefined });
  expect(stack.gateway.calls()).toHaveLength(2);
  await next.close();
});

test('two equal calls with both callers waiting are two runs', async () => {
  stack.gateway.always(MODEL, { tokens: { count: 10 }, intervalMs: 50 });
  const client = await connect();
  const text = message();
  const results = await Promise.all([call(client, text), call(client, text)]);
  const runs = new Set(results.map(({ structuredContent }) => structuredContent?.run_id));
  expect([runs.size, stack.gateway.calls().length]).toEqual([2, 2]);
  await client.close();
});

test('a call that the client aborts stops its run within a second, and the same call later is a new run', async () => {
  stack.gateway.script(MODEL, [slowly, { tokens: ['Again'] }]);
  const client = await connect();
  const errors: Error[] = [];
  client.onerror = (error) => void errors.push(error);
  const text = message();
  const abort = new AbortController();
  const calling = call(client, text, { onprogress: () => undefined, signal: abort.signal });
  await speaking();
  const since = Date.now();
  abort.abort(new Error('no longer needed'));
  await expect(calling).rejects.toThrow();
  await expectStopped(since);
  await until(async () => (await get(`${stack.url}/runs?swarm=one-voice&status=running`)).body.runs.length === 0);
  expect(readText(await call(client, text))).toBe('Again');
  // a request that was cancelled gets no response
  expect(errors).toEqual([]);
  await client.close();
});

test.each([
  ['the same process', () => stack.url],
  ['another process', () => secondUrl],
])('a client that times out and repeats the call to %s gets the answer of the same run', async (_at, url) => {
  stack.gateway.script(MODEL, { tokens: { count: 50 }, intervalMs: 100 });
  const [client, second] = [await connect(), await connect(url())];
  const text = message();
  const options = { onprogress: () => undefined, timeout: 2000 };
  await expect(call(client, text, options)).rejects.toThrow(/-32001/);
  // without progress the client times out again
  const answer = () => call(second, text, options).catch(() => undefined);
  let result: CallToolResult | undefined;
  for (let calls = 0; !result && calls < 10; calls++) result = await answer();
  expect(stack.gateway.calls()).toHaveLength(1);
  expect(readText(result!)).toBe(stack.gateway.calls(MODEL)[0]?.textSent);
  await Promise.all([client.close(), second.close()]);
});

test.each([
  ['with the session that the server named', true],
  ['without a session', false],
])(
  'a cancellation that reaches another process stops the run and ends the request without a response, %s',
  async (_how, named) => {
    stack.gateway.script(MODEL, slowly);
    const hello = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } };
    const opened = await send(stack.url, { id: 0, method: 'initialize', params: hello });
    await opened.text();
    const session = (named && opened.headers.get('mcp-session-id')) || undefined;
    expect(session !== undefined).toBe(named);
    const id = named ? 7 : `call-${Math.random()}`;
    const calling = callRaw(id, message(), session).then((response) => response.text());
    await speaking();
    const since = Date.now();
    expect((await cancelRaw(id, session, secondUrl)).status).toBe(202);
    await expectStopped(since);
    expect(await calling).not.toMatch(/"(result|error)"/);
  },
);

test('a request id of another client does not refer to the run of this one', async () => {
  stack.gateway.script(MODEL, { tokens: { count: 30 }, intervalMs: 60 });
  const calling = callRaw(7, message(), 'one-session').then((response) => response.text());
  await speaking();
  for (const session of ['other-session', undefined]) expect((await cancelRaw(7, session)).status).toBe(202);
  expect((await cancelRaw('7', 'one-session')).status).toBe(202);
  expect(await calling).toContain('"result"');
});

test('a cancellation that arrives before its request still stops it', async () => {
  stack.gateway.always(MODEL, slowly);
  const id = `early-${Math.random()}`;
  const [, response] = await Promise.all([cancelRaw(id), callRaw(id, message())]);
  expect(await response.text()).not.toMatch(/"(result|error)"/);
  await until(() => stack.gateway.open() === 0, 5000);
});
