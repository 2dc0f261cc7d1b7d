/** Swarms as MCP tools, with the protocol's own client. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { CallToolResult, Progress } from '@modelcontextprotocol/sdk/types.js';
import { get } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

const KEY = 'alice-has-a-key';
const BEARER = { authorization: `Bearer ${KEY}` };
let stack: Stack;
let client: Client;
beforeAll(async () => {
  stack = await createStack({ API_KEYS: `alice:${KEY}` });
  client = await connect();
});
afterAll(async () => {
  await client.close();
  await stack.stop();
});
beforeEach(() => stack.gateway.reset());

async function connect(headers: Record<string, string> = BEARER): Promise<Client> {
  const one = new Client({ name: 'test', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(`${stack.url}/mcp`), { requestInit: { headers } });
  await one.connect(transport as Transport);
  return one;
}

const call = (name: string, input: object, onprogress?: (progress: Progress) => void) =>
  client.callTool(
    { name, arguments: { ...input } },
    undefined,
    onprogress ? { onprogress } : {},
  ) as Promise<CallToolResult>;
const listTexts = ({ content }: CallToolResult) => content.map((one) => (one.type === 'text' ? one.text : one.type));
const readRun = async (id: unknown) => (await get(`${stack.url}/runs/${String(id)}`, BEARER)).body;

test('every swarm is a tool with its parameters', async () => {
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual([
    ...['strategic-swarm', 'coding-swarm', 'debate-swarm', 'one-voice', 'coordinate'],
  ]);
  const [coordinate] = tools.slice(-1);
  expect(coordinate?.inputSchema).toMatchObject({
    required: ['message'],
    properties: { max_rounds: expect.anything() },
  });
  expect(client.getServerVersion()).toMatchObject({ name: 'murmuration' });
});

test('a call returns the texts of its run and its usage', async () => {
  stack.gateway.script('balanced-model', { tokens: { count: 12 } });
  const result = await call('one-voice', { message: 'Count' });
  const { run_id, session_id, usage, cost_usd } = result.structuredContent ?? {};
  const run = await readRun(run_id);
  expect(listTexts(result)).toEqual(run.responses);
  expect({ session_id, usage, cost_usd }).toEqual({
    session_id: run.session_id,
    usage: run.usage,
    cost_usd: run.cost_usd,
  });
});

test('a caller that requests progress receives each step during the run, and the result last', async () => {
  for (const voice of ['optimistic-model', 'cautious-model', 'balanced-model'])
    stack.gateway.always(voice, { tokens: ['POSITION: for.'], firstTokenMs: 200 });
  const received: Progress[] = [];
  const result = await call('debate-swarm', { message: 'Should we?' }, (progress) => received.push(progress));
  expect(received.map(({ progress }) => progress)).toEqual(received.map((_, i) => i + 1));
  const published = received.map(({ message }) => message);
  expect(published[0]).toBe(`The run is ${String(result.structuredContent?.run_id)}.`);
  for (const { label } of (await readRun(result.structuredContent?.run_id)).turns)
    expect(published).toEqual(expect.arrayContaining([`${label}: speaks`, `${label}: has spoken`]));
});

test('a session is remembered from call to call', async () => {
  const session_id = `mcp-${Date.now()}`;
  stack.gateway.script('balanced-model', { tokens: ['Answer-1'] });
  await call('one-voice', { message: 'Question-1', session_id });
  await call('one-voice', { message: 'Question-2', session_id });
  const { messages } = stack.gateway.calls('balanced-model')[1]?.body as { messages: { content: string }[] };
  expect(messages.slice(1).map(({ content }) => content)).toEqual(['Question-1', 'Answer-1', 'Question-2']);
});

test('a failure is a tool result with its code; an invalid request is refused before anything starts', async () => {
  stack.gateway.always('balanced-model', { status: 401, body: { error: { code: 401, message: 'no' } } });
  const failed = await call('one-voice', { message: 'Fail' });
  expect(failed).toMatchObject({ isError: true });
  expect(listTexts(failed)[0]).toMatch(/^GATEWAY_KEY_REFUSED: /);
  stack.gateway.reset();
  for (const [name, input] of [
    ['one-voice', {}],
    ['one-voice', { message: ' ' }],
    ['one-voice', { message: 'Hi', temperature: 9 }],
    ['nobody', { message: 'Hi' }],
  ] as const) {
    const refused = await call(name, input).catch((error: Error) => ({ isError: true, error }));
    expect(refused.isError).toBe(true);
  }
  expect(stack.gateway.calls()).toEqual([]);
});

test('a closed connection cancels nothing, and the run is found by its reported id', async () => {
  stack.gateway.script('balanced-model', { tokens: { count: 40 }, intervalMs: 30 });
  const other = await connect();
  const published: string[] = [];
  const calling = other.callTool({ name: 'one-voice', arguments: { message: 'Slowly' } }, undefined, {
    onprogress: ({ message = '' }) => published.push(message),
  });
  calling.catch(() => undefined);
  await stack.gateway.waitFor(() => (stack.gateway.calls('balanced-model')[0]?.tokensSent ?? 0) > 5, 15_000);
  const id = /^The run is (\S+)\.$/.exec(published[0] ?? '')?.[1];
  await other.close();
  const run = await until(async () => {
    const body = await readRun(id);
    return body.status === 'running' ? undefined : body;
  });
  expect(run).toMatchObject({ status: 'completed', responses: [stack.gateway.calls('balanced-model')[0]?.textSent] });
});

test('without a key there are no tools, and other methods get the allowed ones', async () => {
  await expect(connect({})).rejects.toThrow();
  const response = await fetch(`${stack.url}/mcp`, { headers: BEARER });
  expect([response.status, response.headers.get('allow')]).toEqual([405, expect.stringContaining('POST')]);
});
