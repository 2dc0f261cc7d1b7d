/** Connections that a load balancer keeps and reuses, and calls with a bounded wait. */
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { get, post } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

let stack: Stack;
beforeAll(async () => (stack = await createStack()), 60_000);
beforeEach(() => stack.gateway.reset());
afterAll(() => stack.stop());

function ask(agent: http.Agent): Promise<{ status: number; reused: boolean }> {
  return new Promise((resolve, reject) => {
    const request = http.get(`${stack.url}/swarms/schema.json`, { agent }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 0, reused: request.reusedSocket }));
    });
    request.on('error', reject);
  });
}

test('400 connections reused after six seconds lose no request', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 400, maxFreeSockets: 400 });
  const all = () => Promise.all(Array.from({ length: 400 }, () => ask(agent)));
  await all();
  await sleep(6200);
  const again = await all();
  agent.destroy();
  expect(again.every(({ status }) => status === 200)).toBe(true);
  expect(again.filter(({ reused }) => reused).length).toBeGreaterThan(390);
});

test('the setting is applied', async () => {
  const response = await fetch(`${stack.url}/readyz`);
  expect(response.headers.get('keep-alive')).toBe('timeout=65');
});

const SLOW = { tokens: { count: 20 }, intervalMs: 150 };
const chat = { model: 'one-voice', messages: [{ role: 'user', content: 'Count' }] };

test.each([
  ['/v1/chat/completions', { ...chat, wait: 0.5 }, {}],
  ['/v1/chat/completions', chat, { Prefer: 'wait=1' }],
  ['/swarm/execute', { swarm_id: 'one-voice', message: 'Count', wait: 0.5 }, {}],
  ['/swarm/execute', { swarm_id: 'one-voice', message: 'Count' }, { Prefer: 'wait=1' }],
])('POST %s %j %j returns in time with the run, which continues', async (path, body, headers) => {
  stack.gateway.always('balanced-model', SLOW);
  const begun = Date.now();
  const reply = await post(`${stack.url}${path}`, body, headers as Record<string, string>);
  expect(Date.now() - begun).toBeLessThan(2500);
  expect([reply.status, reply.body.status]).toEqual([202, 'running']);
  expect(reply.headers.get('location')).toBe(`/runs/${reply.body.run_id}`);
  const run = await until(async () => {
    const { body: found } = await get(`${stack.url}/runs/${reply.body.run_id}`);
    return found.status === 'running' ? undefined : found;
  });
  expect([run.status, run.responses.length]).toEqual(['completed', 1]);
});

test('a sufficiently long wait returns the result', async () => {
  stack.gateway.always('balanced-model', { tokens: { count: 2 } });
  const { status, body } = await post(`${stack.url}/v1/chat/completions`, { ...chat, wait: 30 });
  expect([status, body.object]).toEqual([200, 'chat.completion']);
});

test.each(['soon', -1, 1e9])('wait %p is refused', async (wait) => {
  const { status, body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'x', wait });
  expect([status, body.error.code]).toEqual([400, 'INVALID_FIELD']);
});
