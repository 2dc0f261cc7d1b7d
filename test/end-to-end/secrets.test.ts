/**
 * Keys must not leak. The gateway quotes planted keys in all kinds of failures. Then all stored and sent data is searched for the keys and
 * parts of them: Temporal's histories, Redis, events, replies, frames, and the logs of API and worker.
 */
import { Client, Connection } from '@temporalio/client';
import type { RedisConnection } from '../../src/redis/connect';
import { startRedisServer, type RedisServer } from '../support/redis';
import { play, type PlayedRun } from '../support/played-run';
import { CASE_TEXT, good, type Reply } from '../support/scripted-gateway';
import { createStack, type Stack } from '../support/stack';
import { post, Watcher } from '../support/readers';

/** A marker near the start of every planted key, so that a part of a key is found as well. */
const MARK = /plant|ed-key/;
const readKey = (name: string) => `sk-planted-key-of-${name}-0123456789abcdef`;
const KEYS = { gateway: readKey('gateway'), openrouter: readKey('openrouter'), portkey: readKey('portkey') };
const CALLER = readKey('alice');

let server: RedisServer;
let stack: Stack;
let connection: Connection;
let redis: RedisConnection;
const runs: PlayedRun[] = [];
/** The exact replies of the API. */
const reported: string[] = [];

beforeAll(async () => {
  server = await startRedisServer();
  stack = await createStack(
    {
      REDIS_URL: server.url,
      LOG_LEVEL: 'trace',
      GATEWAYS: 'gateway,openrouter,portkey',
      GATEWAY_API_KEY: KEYS.gateway,
      OPENROUTER_API_KEY: KEYS.openrouter,
      OPENROUTER_FALLBACK: 'off',
      PORTKEY_API_KEY: KEYS.portkey,
      API_KEYS: `alice:${CALLER}`,
      MODEL_FAST: 'quoting',
    },
    ({ url }) => ({ PORTKEY_BASE_URL: url }),
  );
  redis = server.connect();
  connection = await Connection.connect({ address: process.env.TEMPORAL_TEST_ADDRESS ?? '' });
});
afterAll(async () => {
  await connection.close();
  await stack.stop();
  await server.stop();
});

const quoting = (status: number, key: string, before = 'Incorrect API key provided: '): Reply => ({
  status,
  body: { error: { code: status, message: `${before}${key}.`, metadata: { reasons: [key], raw: key } } },
});
const streamQuoting: Reply = {
  ...good,
  fault: { kind: 'error', at: 3, error: { code: 502, message: `upstream refused ${KEYS.gateway}` } },
};
const everyKey = (status: number, before?: string) => Object.values(KEYS).map((key) => quoting(status, key, before));

async function run(replies: Reply[]): Promise<PlayedRun> {
  stack.gateway.script('quoting', replies);
  const played = await play(stack, { key: CALLER });
  stack.gateway.reset();
  runs.push(played);
  return played;
}

/** Everything that Temporal stores of a run as text, with payloads decoded. */
async function temporalKeeps(runId: string): Promise<string> {
  const handle = new Client({ connection }).workflow.getHandle(runId);
  const [history, { raw }] = await Promise.all([handle.fetchHistory(), handle.describe()]);
  return JSON.stringify([history, raw], (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString() : value,
  );
}

/** Every Redis key with its whole value. */
async function redisKeeps(): Promise<string> {
  const values = (await redis.keys('*')).map(async (key) => `${key} ${JSON.stringify(await valueOf(key))}`);
  return (await Promise.all(values)).join('\n');
}

async function valueOf(key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, '0', '-1', 'WITHSCORES');
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      throw new Error(`Nobody has looked into ${key}.`);
  }
}

async function ask(path: string, headers: Record<string, string>, init: RequestInit = {}): Promise<void> {
  const response = await fetch(`${stack.url}${path}`, { ...init, headers });
  reported.push(await response.text());
}

test.each<[string, Reply[], string]>([
  ['a call that succeeds', [good], 'run.completed'],
  ['a 401 by each of three gateways that quotes the key back', everyKey(401), 'run.failed'],
  ['a moderated prompt, with the key among its reasons', [quoting(403, KEYS.gateway)], 'run.failed'],
  ['a refused request', everyKey(400), 'run.failed'],
  ['a 500 with the key in its body, and then an answer', [quoting(500, KEYS.gateway), good], 'run.completed'],
  [
    'a 429, which is shared with every worker',
    [{ ...quoting(429, KEYS.gateway), wait: { ms: 300, as: 'retry-after' } }, good],
    'run.completed',
  ],
  ['a page that shows it', [{ status: 502, body: `<html><b>${KEYS.gateway}</b></html>` }, good], 'run.completed'],
  ['an error in mid-stream', [streamQuoting, good], 'run.completed'],
  ['a key at the place where the sentence is cut', everyKey(400, 'x'.repeat(290)), 'run.failed'],
])('%s ends as expected', async (_what, replies, ending) => {
  const { last, text } = await run(replies);
  expect(last.event).toBe(ending);
  if (ending === 'run.completed') expect(text).toBe(CASE_TEXT);
});

test('refused and faulty requests of all kinds', async () => {
  const wrong = { authorization: `Bearer ${CALLER}-not` };
  const right = { authorization: `Bearer ${CALLER}`, 'content-type': 'application/json' };
  await ask('/runs', wrong);
  await ask(`/runs?api_key=${CALLER}-not`, {});
  await ask('/swarm/execute', right, { method: 'POST', body: '{' });
  await ask('/swarm/execute', right, { method: 'POST', body: JSON.stringify({ swarm_id: 'none', message: 'Go' }) });
  for (const path of ['/runs', '/runs/none', '/readyz', '/healthz', '/metrics', '/nowhere', '/system/status'])
    await ask(path, right);
  for (const { runId } of runs) {
    await ask(`/runs/${runId}`, right);
    await ask(`/runs/${runId}/events`, right);
  }
  const watcher = await Watcher.connect(stack.url, `/ws/swarm?api_key=${CALLER}`);
  watcher.send('{');
  watcher.send({ run_id: 'none', after: '0' });
  await watcher.frame(({ error }) => error?.code === 'INVALID_JSON');
  await watcher.frame(({ error }) => error?.code === 'UNKNOWN_RUN');
  watcher.close();
  reported.push(JSON.stringify(watcher.frames));
  const { status } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Go' }, wrong);
  expect(status).toBe(401);
});

test('no key or part of one is found in any stored or sent data', async () => {
  const failures = runs.map(({ last }) => `${String(last.code)} ${String(last.message)}`).join('\n');
  const places: Record<string, string> = {
    temporal: (await Promise.all(runs.map(({ runId }) => temporalKeeps(runId)))).join('\n'),
    redis: await redisKeeps(),
    frames: JSON.stringify(runs.map(({ frames }) => frames)),
    replies: reported.join('\n'),
    'log of the worker': stack.worker.output(),
    'log of the API': stack.api.output(),
    failures,
  };
  // each place must contain data of these runs and redacted keys, or the search would prove nothing
  for (const place of ['temporal', 'redis', 'frames', 'replies', 'failures']) expect(places[place]).toContain('[key]');
  for (const place of ['log of the worker', 'log of the API']) expect(places[place]).toContain('ready');
  const found = Object.entries(places).flatMap(([place, text]) => {
    const at = text.search(MARK);
    return at < 0 ? [] : [`${place}: ${text.slice(Math.max(0, at - 150), at + 60)}`];
  });
  expect(found).toEqual([]);
});
