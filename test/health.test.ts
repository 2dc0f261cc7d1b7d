/** What the health check reports about the sandboxes of all workers. */
import Koa from 'koa';
import type { AddressInfo, Server } from 'node:net';
import { healthRoutes } from '../src/api/routes/health';
import { createRouter } from '../src/api/routing/router';
import type { Services } from '../src/api/services';
import { createLoopHealth, type LoopProblem } from '../src/loop-health';
import type { RedisConnection } from '../src/redis/connect';
import { forgetWorker, reportWorker, type SandboxReport } from '../src/redis/workers';
import { startRedisServer, type TestRedis } from './support/redis';

let redisServer: TestRedis;
let redis: RedisConnection;
let server: Server;
const ids = ['worker-a', 'worker-b'];
let loopProblems: LoopProblem[] = [];
/** Set by authentication for the routes. */
let isAuthenticated = true;

beforeAll(async () => {
  // not the shared server, where workers of other suites report
  redisServer = await startRedisServer();
  redis = redisServer.connect();
  const router = createRouter(healthRoutes, {
    redis,
    temporalAnswers: () => Promise.resolve(true),
    swarms: { warning: () => undefined },
    stopping: new AbortController().signal,
    loops: { problems: () => loopProblems },
  } as unknown as Services);
  server = await new Promise<Server>((resolve) => {
    const app = new Koa();
    app.use((ctx, next) => {
      ctx.state.isAuthenticated = isAuthenticated;
      return next();
    });
    const listening = app.use(router.routes()).listen(0, '127.0.0.1', () => resolve(listening));
  });
});
afterAll(async () => {
  server.close();
  await redisServer.stop();
});
afterEach(() => Promise.all(ids.map((id) => forgetWorker(redis, id))));

const FULL: SandboxReport = { layers: ['bubblewrap', 'seccomp', 'node permissions'], unprotected: [] };
const BARE: SandboxReport = { layers: ['node permissions'], unprotected: ['network', 'files'] };
const BROKEN: SandboxReport = { ...FULL, problem: 'The sandbox does not start.' };

async function ask(path: string, ...sandboxes: (SandboxReport | undefined)[]) {
  const report = (sandbox: SandboxReport | undefined, i: number) =>
    reportWorker(redis, {
      id: ids[i]!,
      gateways: [{ gateway: 'local', ok: true }],
      models: {},
      at: Date.now(),
      ...(sandbox ? { sandbox } : {}),
    });
  await Promise.all(sandboxes.map(report));
  const reply = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
}

test('if code is executed with all layers, no problem is reported', async () => {
  const { status, body } = await ask('/healthz', FULL, FULL);
  expect({ status, body }).toMatchObject({
    status: 200,
    body: { status: 'ok', systems: { sandbox: true }, isolation: FULL },
  });
  expect(body).not.toHaveProperty('problems');
  expect((await ask('/readyz', FULL, FULL)).body).not.toHaveProperty('warnings');
});

test('if no worker executes code, health is degraded with the reason, and the API stays in service', async () => {
  expect(await ask('/healthz', BROKEN, BROKEN)).toMatchObject({
    status: 200,
    body: {
      status: 'degraded',
      systems: { sandbox: false, worker: true },
      problems: ['Generated code is not executed on 2 of 2 workers: The sandbox does not start.'],
    },
  });
});

test('if one of two workers does not, runs use the other, and the problem is reported', async () => {
  const { body } = await ask('/healthz', BROKEN, FULL);
  expect(body).toMatchObject({ status: 'ok', systems: { sandbox: true } });
  expect(body.problems).toEqual(['Generated code is not executed on 1 of 2 workers: The sandbox does not start.']);
});

test('readiness warns of what no second layer protects on any worker', async () => {
  const { status, body } = await ask('/readyz', FULL, BARE);
  expect({ status, ready: body.ready }).toEqual({ status: 200, ready: true });
  expect(body.warnings).toEqual([
    'Should the language sandbox fail, no second layer protects network, files. Active layers: node permissions.',
  ]);
});

test('workers of earlier versions report nothing about it', async () => {
  expect((await ask('/healthz', undefined)).body).toMatchObject({ systems: { sandbox: true } });
});

test('a caller without the key receives states, but no layers and no reasons', async () => {
  isAuthenticated = false;
  try {
    const { body } = await ask('/healthz', BROKEN, BARE);
    expect(Object.keys(body).sort()).toEqual(['status', 'systems', 'timestamp']);
    expect(Object.keys((await ask('/readyz', BROKEN, BARE)).body).sort()).toEqual(['ready', 'systems']);
  } finally {
    isAuthenticated = true;
  }
});

test.each([
  [true, 503],
  [false, 200],
])(
  'a loop that keeps failing is reported, and if it is essential (%p), the API is out of service',
  async (isEssential, expected) => {
    loopProblems = [{ problem: 'reading has failed: NOPERM', isEssential }];
    const { status, body } = await ask('/healthz', FULL);
    loopProblems = [];
    expect(status).toBe(expected);
    expect(body).toMatchObject({
      status: 'degraded',
      systems: { background: false, redis: !isEssential },
      problems: ['reading has failed: NOPERM'],
    });
  },
);

test('loops of workers are reported as well', async () => {
  const problem = { problem: 'compaction has failed: OOM', isEssential: false };
  await ask('/healthz', FULL);
  await reportWorker(redis, { id: ids[0]!, gateways: [], models: {}, loops: [problem], at: Date.now() });
  expect((await ask('/healthz')).body).toMatchObject({ systems: { background: false }, problems: [problem.problem] });
});

test('a failing loop is logged once a minute, and is a problem after some seconds, until it succeeds', () => {
  jest.useFakeTimers({ now: 1_000_000 });
  const lines: [object, string][] = [];
  const note = (about: object, message: string) => void lines.push([about, message]);
  const health = createLoopHealth({ warn: note, info: note } as never);
  const loop = health.loop('reading', { isEssential: true });
  for (let second = 0; second < 61; second++) {
    loop.failed(new Error('NOPERM'));
    jest.advanceTimersByTime(1000);
    expect(health.problems().length).toBe(second < 9 ? 0 : 1);
  }
  expect(lines.map(([about, message]) => [message, (about as { failures: number }).failures])).toEqual([
    ['background loop failed', 1],
    ['background loop failed', 61],
  ]);
  expect(health.problems()[0]).toMatchObject({
    isEssential: true,
    problem: expect.stringContaining('NOPERM') as string,
  });
  loop.succeeded();
  expect(health.problems()).toEqual([]);
  expect(lines.at(-1)?.[1]).toBe('background loop works again');
  jest.useRealTimers();
});
