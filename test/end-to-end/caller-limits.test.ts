/** Limits of a caller: open runs, requests, sockets, bytes in flight and stored, and calls per run. Each refusal names its setting. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import WebSocket from 'ws';
import { get, post, Watcher, type JsonReply } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

const KEYS = { alice: 'alice-has-a-key', bob: 'bob-has-another', carol: 'carol-has-a-third' };
type Name = keyof typeof KEYS;
const as = (name: Name, more: object = {}) => ({ authorization: `Bearer ${KEYS[name]}`, ...more });

let stack: Stack;
let connection: Connection;
let temporal: Client;
beforeAll(async () => {
  stack = await createStack({
    API_KEYS: Object.entries(KEYS)
      .map(([name, key]) => `${name}:${key}`)
      .join(','),
    MAX_OPEN_RUNS_PER_KEY: '2',
    MAX_OPEN_MESSAGES_MB_PER_KEY: '1',
    MAX_REQUESTS_PER_MINUTE_PER_KEY: '1000000',
    MAX_SOCKETS_PER_KEY: '3',
    MAX_OPEN_REQUESTS_PER_KEY: '30',
    MAX_BODIES_MB_PER_KEY: '6',
    MAX_BODIES_MB: '10',
    MAX_SESSION_MB: '0.02',
    MAX_SESSIONS_MB_PER_KEY: '0.05',
    BUDGET_RUN_CALLS: '3',
  });
  connection = await Connection.connect({ address: process.env.TEMPORAL_TEST_ADDRESS ?? '' });
  temporal = new Client({ connection });
});
afterAll(async () => {
  await connection.close();
  await stack.stop();
});
beforeEach(() => stack.gateway.reset());

const SLOW = { tokens: { count: 2000 }, intervalMs: 100 };
const start = (name: Name, more: object = {}, headers: object = {}) =>
  post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Go', wait: false, ...more }, as(name, headers));
const cancel = (name: Name, id: string) => post(`${stack.url}/runs/${id}/cancel`, {}, as(name));
const readStatus = async (name: Name, id: string) => (await get(`${stack.url}/runs/${id}`, as(name))).body.status;

async function endAll(name: Name, ids: string[]): Promise<void> {
  await Promise.all(ids.map((id) => cancel(name, id)));
  await Promise.all(ids.map((id) => until(async () => (await readStatus(name, id)) === 'cancelled')));
}

function expectRefusal({ status, headers, body }: JsonReply, setting: string): void {
  expect([status, body.error.code, body.limit?.setting]).toEqual([429, 'CALLER_LIMIT', setting]);
  expect(body.error.message).toContain(`${setting} is `);
  expect(headers.get('retry-after')).toMatch(/^\d+$/);
}

describe('open runs of a key', () => {
  const open: string[] = [];
  beforeEach(async () => {
    stack.gateway.always('balanced-model', SLOW);
    for (const _ of [1, 2]) open.push((await start('alice')).body.run_id as string);
  });
  afterEach(() => endAll('alice', open.splice(0)));

  const calls = async () => stack.gateway.calls().length;

  test.each<[string, string, object]>([
    ['/swarm/execute', '/swarm/execute', { swarm_id: 'one-voice', message: 'Go' }],
    ['/swarm/execute, streamed', '/swarm/execute', { swarm_id: 'one-voice', message: 'Go', stream: true }],
    ['/swarm/coordinate', '/swarm/coordinate', { message: 'Go', wait: false }],
    ['/swarms/multi', '/swarms/multi', { message: 'Go', teams: ['one-voice'], strategy: 'parallel', wait: false }],
    ['/teams/run', '/teams/run', { team_id: 'one-voice', message: 'Go' }],
  ])('one more by POST %s is refused with 429, and nothing is started', async (_, path, body) => {
    await until(async () => (await calls()) === 2);
    expectRefusal(await post(`${stack.url}${path}`, body, as('alice')), 'MAX_OPEN_RUNS_PER_KEY');
    await sleep(300);
    expect(await calls()).toBe(2);
  });

  test("one more in OpenAI's format, and as a tool, is refused in the format of each", async () => {
    const chat = { model: 'one-voice', messages: [{ role: 'user', content: 'Go' }], stream: true };
    const refused = await post(`${stack.url}/v1/chat/completions`, chat, as('alice'));
    expect([refused.status, refused.body.error]).toEqual([
      429,
      expect.objectContaining({ type: 'requests', code: 'CALLER_LIMIT' }),
    ]);
    const tool = {
      ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
      params: { name: 'one-voice', arguments: { message: 'Go' } },
    };
    const response = await fetch(`${stack.url}/mcp`, {
      method: 'POST',
      headers: as('alice', { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }),
      body: JSON.stringify(tool),
    });
    expect(await response.text()).toContain('CALLER_LIMIT: You have 2 open runs');
  });

  test('one more on a WebSocket gets an error frame; another key starts its own', async () => {
    const watcher = await Watcher.connect(stack.url, `/ws/swarm?api_key=${KEYS.alice}`);
    watcher.send({ swarm_id: 'one-voice', message: 'Go' });
    expect((await watcher.done()).error).toMatchObject({ code: 'CALLER_LIMIT' });
    watcher.close();
    const other = await start('bob');
    expect(other.status).toBe(202);
    await endAll('bob', [other.body.run_id]);
  });

  test('a fork counts, and a run that ends frees a slot', async () => {
    const source = open.pop()!;
    await endAll('alice', [source]);
    open.push((await start('alice')).body.run_id as string);
    const fork = () =>
      post(`${stack.url}/runs/${source}/fork`, { from: 'answer', edit: { temperature: 0.5 } }, as('alice'));
    expectRefusal(await fork(), 'MAX_OPEN_RUNS_PER_KEY');
    await endAll('alice', [open.shift()!]);
    const forked = await fork();
    expect(forked.status).toBe(202);
    open.push(forked.body.run_id as string);
  });

  test('a repeated request does not count as another run', async () => {
    const key = { 'idempotency-key': randomUUID() };
    await endAll('alice', [open.pop()!]);
    const first = await start('alice', {}, key);
    open.push(first.body.run_id as string);
    const again = await start('alice', {}, key);
    expect([again.status, again.body.run_id]).toEqual([202, first.body.run_id]);
    await endAll('alice', [open.pop()!]);
    open.push((await start('alice')).body.run_id as string);
    const ended = await start('alice', {}, key);
    expect([ended.status, ended.headers.get('idempotency-replayed')]).toEqual([202, 'true']);
  });

  test('a run that was terminated by hand, or never started, no longer counts once the limit is reached', async () => {
    await temporal.workflow.getHandle(open.pop()!).terminate('By hand.');
    const next = await start('alice');
    expect(next.status).toBe(202);
    open.push(next.body.run_id as string);
    expectRefusal(await start('alice'), 'MAX_OPEN_RUNS_PER_KEY');
  });
});

test('the total length of messages of open runs is bounded', async () => {
  stack.gateway.always('balanced-model', SLOW);
  const first = await start('bob', { message: 'x'.repeat(700_000) });
  expectRefusal(await start('bob', { message: 'x'.repeat(700_000) }), 'MAX_OPEN_MESSAGES_MB_PER_KEY');
  await endAll('bob', [first.body.run_id]);
  const second = await start('bob', { message: 'x'.repeat(700_000) });
  expect(second.status).toBe(202);
  await endAll('bob', [second.body.run_id]);
});

test('sockets of a key are bounded; one that closes frees a slot', async () => {
  const connect = () => Watcher.connect(stack.url, `/ws/swarm?api_key=${KEYS.bob}`);
  const watchers = [await connect(), await connect(), await connect()];
  const refused = new WebSocket(`${stack.url.replace('http', 'ws')}/ws/swarm?api_key=${KEYS.bob}`);
  const [, response] = (await once(refused, 'unexpected-response')) as [unknown, IncomingMessage];
  expect(response.statusCode).toBe(429);
  expect(response.headers['retry-after']).toMatch(/^\d+$/);
  const chunks = (await response.toArray()) as Buffer[];
  expect(JSON.parse(Buffer.concat(chunks).toString()).limit.setting).toBe('MAX_SOCKETS_PER_KEY');
  watchers.pop()!.close();
  await until(async () =>
    connect().then(
      (one) => watchers.push(one),
      () => false,
    ),
  );
  watchers.forEach((one) => one.close());
});

test('concurrent requests are bounded, including streams and waiting calls', async () => {
  stack.gateway.always('balanced-model', SLOW);
  const { body } = await start('bob');
  const leaving = new AbortController();
  const stream = () => fetch(`${stack.url}/runs/${body.run_id}/events`, { headers: as('bob'), signal: leaving.signal });
  const streams = await Promise.all(Array.from({ length: 30 }, stream));
  expect(streams.every(({ status }) => status === 200)).toBe(true);
  expectRefusal(await get(`${stack.url}/runs/${body.run_id}`, as('bob')), 'MAX_OPEN_REQUESTS_PER_KEY');
  expect((await get(`${stack.url}/readyz`, as('bob'))).status).toBe(200);
  expect((await get(`${stack.url}/runs/${body.run_id}`, as('carol'))).status).toBe(200);
  leaving.abort();
  await until(async () => (await get(`${stack.url}/runs/${body.run_id}`, as('bob'))).status === 200);
  await endAll('bob', [body.run_id]);
});

describe('bodies during upload', () => {
  const MB = 1024 * 1024;
  const mostMb = () =>
    Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${stack.api.pid}/status`, 'utf8'))?.[1]) / 1024;

  /** Sends the headers and first bytes of a body, and withholds the rest. */
  function begin(name: Name, headers: object, first: Buffer) {
    const sent = request(`${stack.url}/swarm/execute`, {
      method: 'POST',
      headers: as(name, { 'content-type': 'application/json', ...headers }),
    });
    sent.on('error', () => undefined);
    sent.write(first);
    const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
    const status = answered.then(
      ([response]) => response.resume().statusCode,
      () => 'left',
    );
    return { status, leave: () => void sent.destroy() };
  }

  test('are bounded by their declared length: a key does not block others, and disconnecting frees the bytes', async () => {
    const held = [4, 1.5].map((size) => begin('alice', { 'content-length': size * MB }, Buffer.from('{')));
    await sleep(200);
    expectRefusal(await start('alice', { message: 'x'.repeat(MB) }), 'MAX_BODIES_MB_PER_KEY');
    const other = begin('bob', { 'content-length': 4 * MB }, Buffer.from('{'));
    await sleep(200);
    expectRefusal(await start('carol', { message: 'x'.repeat(MB) }), 'MAX_BODIES_MB');
    [...held, other].forEach(({ leave }) => leave());
    await until(async () => (await start('carol', { swarm_id: 'none', message: 'x'.repeat(MB) })).status === 404);
  });

  test('count as they arrive if they declare no length, including those of frames', async () => {
    const chunked = begin('alice', { 'transfer-encoding': 'chunked' }, Buffer.alloc(7 * MB, ' '));
    expect(await chunked.status).toBe(429);
    chunked.leave();
    const small = begin('alice', { 'transfer-encoding': 'chunked' }, Buffer.from('{"swarm_id":"none"'));
    await sleep(50);
    small.leave();
    const watcher = await Watcher.connect(stack.url, `/ws/swarm?api_key=${KEYS.alice}`);
    watcher.socket.send('x'.repeat(8 * MB));
    const [code, reason] = (await once(watcher.socket, 'close')) as [number, Buffer];
    expect([code, String(reason)]).toEqual([1013, expect.stringContaining('MAX_BODIES_MB_PER_KEY')]);
  });

  test('a body without a length is read like any other', async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"swarm_id":"none",'));
        setTimeout(() => {
          controller.enqueue(new TextEncoder().encode('"message":"Go"}'));
          controller.close();
        }, 50);
      },
    });
    const init = { method: 'POST', headers: as('alice', { 'content-type': 'application/json' }), body, duplex: 'half' };
    const response = await fetch(`${stack.url}/swarm/execute`, init as RequestInit);
    expect([response.status, ((await response.json()) as { error: { code: string } }).error.code]).toEqual([
      404,
      'UNKNOWN_SWARM',
    ]);
  });

  test('fifty concurrent bodies of 20 MB do not stop the API', async () => {
    const before = mostMb();
    const message = Buffer.from(JSON.stringify({ swarm_id: 'one-voice', message: 'x'.repeat(19.9 * MB) }));
    const statuses = await Promise.all(
      Array.from({ length: 50 }, () => {
        const one = begin('alice', { 'content-length': message.length }, message);
        return Promise.race([one.status, sleep(20_000)]).finally(one.leave);
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([429]));
    expect(mostMb() - before).toBeLessThan(150);
    expect((await get(`${stack.url}/readyz`)).status).toBe(200);
  });
});

describe('the storage of sessions', () => {
  const session = `limits-${randomUUID()}`;
  const say = async (name: Name, id: string, length: number) => {
    const { status, body } = await post(
      `${stack.url}/swarm/execute`,
      { swarm_id: 'one-voice', message: 'x'.repeat(length), session_id: id },
      as(name),
    );
    return { status, body };
  };

  test('is bounded per session: the oldest messages are dropped, and counted', async () => {
    for (const length of [9000, 8000, 7000]) expect((await say('bob', session, length)).status).toBe(200);
    const { body } = await get(`${stack.url}/sessions/${session}`, as('bob'));
    const lengths = (body.messages as { role: string; content: string }[])
      .filter(({ role }) => role === 'user')
      .map(({ content }) => content.length);
    expect([lengths, body.dropped]).toEqual([[8000, 7000], 1]);
  });

  test('is bounded per key: the next run is refused until a session is deleted, by any caller', async () => {
    const ids = ['a', 'b', 'c'].map((id) => `${session}-${id}`);
    for (const id of ids) await say('carol', id, 19_000);
    const { status, body } = await say('carol', `${session}-d`, 10);
    expect([status, body.limit.setting]).toEqual([429, 'MAX_SESSIONS_MB_PER_KEY']);
    expect((await say('bob', `${session}-e`, 10)).status).toBe(200);
    await fetch(`${stack.url}/sessions/${ids[0]}`, { method: 'DELETE', headers: as('bob') });
    expect((await say('carol', `${session}-d`, 10)).status).toBe(200);
  });
});

describe('calls of one run', () => {
  test('end with the budget that the operator set, and finished turns stay', async () => {
    const { status, body } = await post(
      `${stack.url}/swarm/execute`,
      { swarm_id: 'debate-swarm', message: 'Shall we?' },
      as('alice'),
    );
    expect([status, body.error.code]).toEqual([402, 'BUDGET_EXHAUSTED']);
    expect(body.error.message).toContain('BUDGET_RUN_CALLS');
    expect(stack.gateway.calls()).toHaveLength(3);
    expect(body.turns).toHaveLength(3);
  });

  test('end with the budget of the request if that is lower, and never above that of the operator', async () => {
    const ask = (budget_calls: number) =>
      post(`${stack.url}/swarm/execute`, { swarm_id: 'debate-swarm', message: 'Why?', budget_calls }, as('alice'));
    const less = await ask(2);
    expect(less.body.error.message).toContain('budget_calls of the request');
    expect(stack.gateway.calls()).toHaveLength(2);
    stack.gateway.reset();
    const more = await ask(100);
    expect(more.body.error.message).toContain('BUDGET_RUN_CALLS');
    expect(stack.gateway.calls()).toHaveLength(3);
    expect((await get(`${stack.url}/runs/${more.body.run_id}`, as('alice'))).body.budget.calls).toBe(3);
  });

  test('count if they are paid: an interrupted call counts, one that the gateway refused does not', async () => {
    const cut = { tokens: { count: 5 }, fault: { kind: 'cut', at: 3 } } as const;
    const refused = { status: 429, wait: { ms: 50, as: 'retry-after' } } as const;
    stack.gateway.script('balanced-model', [refused, cut, { tokens: { count: 5 } }]);
    const ended = await post(
      `${stack.url}/swarm/execute`,
      { swarm_id: 'one-voice', message: 'Go', budget_calls: 1 },
      as('alice'),
    );
    expect([ended.status, ended.body.error.code]).toEqual([402, 'BUDGET_EXHAUSTED']);
    expect(stack.gateway.calls()).toHaveLength(2);
  });
});
