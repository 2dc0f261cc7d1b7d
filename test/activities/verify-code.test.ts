/** Code of a turn, executed by the real activity in the real sandbox, and its events in the run's stream. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ActivityCancellationDetails, type ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Executor } from '../../src/activities/execution-attempts';
import { createVerifyCode, type VerifyRequest } from '../../src/activities/verify-code';
import type { CheckReport } from '../../src/contract';
import { runEvent } from '../../src/contract/events';
import type { RedisConnection } from '../../src/redis/connect';
import { createEventReader } from '../../src/redis/events';
import { createTurnStore, type TurnStore } from '../../src/redis/turns';
import { SandboxUnavailable } from '../../src/sandbox/host/isolation';
import type { Sandbox } from '../../src/sandbox/host/sandbox';
import { beginTurn, listEvents, fold, newScope } from '../redis/fixtures';
import { createHarness, type Harness } from '../sandbox/fixtures';
import { createTestRedis, type TestRedis } from '../support/redis';
import { ALONE } from './executor';

let server: TestRedis;
let redis: RedisConnection;
let turns: TurnStore;
let harness: Harness;
let verifyCode: ReturnType<typeof createVerifyCode>;

beforeAll(async () => {
  server = await createTestRedis();
  redis = server.connect();
  turns = createTurnStore(redis);
  harness = createHarness();
  verifyCode = createVerifyCode({ turns, sandbox: harness.sandbox, executor: ALONE });
  await harness.sandbox.layers();
}, 120_000);
afterAll(async () => {
  await harness.stop();
  await server.stop();
});

const REQUEST = 'def double(x):\n  """\n  >>> double(2)\n  4\n  """';
const answer = (code: string) => `Here it is:\n\`\`\`python\n${code}\n\`\`\``;

async function published(text: string): Promise<VerifyRequest> {
  const scope = newScope();
  await (await beginTurn(turns, scope, 'draft')).say(text);
  return { ...scope, turn: 'draft', length: text.length, request: REQUEST };
}
const run = (request: VerifyRequest) =>
  new MockActivityEnvironment().run<[VerifyRequest], CheckReport, typeof verifyCode>(verifyCode, request);
const checksIn = async ({ run_id }: VerifyRequest) =>
  (await listEvents(createEventReader(redis), run_id))
    .map(({ event }) => event)
    .filter(({ type }) => type.startsWith('check.'));

test('a program that satisfies the examples of the request passes', async () => {
  const request = await published(answer('def double(x): return 2 * x\nprint("loaded")'));
  expect(await run(request)).toMatchObject({ executed: true, passed: true, output: 'loaded\n' });
  expect(await checksIn(request)).toMatchObject([
    { type: 'check.started', about: 'draft', language: 'python' },
    { type: 'check.passed', about: 'draft', executed: true, passed: 2, failed: 0, errors: [], output: 'loaded\n' },
  ]);
});

test('checks that the swarm requires of all its code are executed too, in any language', async () => {
  const demands = { checks: [{ name: 'two and two', code: 'double(2)', expected: '4' }] };
  const request = await published('```js\nfunction double(x) { return x; }\n```');
  const { checks } = await run({ ...request, ...demands });
  expect(checks).toMatchObject([{ origin: 'load' }, { name: 'two and two', origin: 'request', passed: false }]);
  const mended = await published(answer('def double(x): return 2 * x'));
  expect((await run({ ...mended, ...demands })).checks.map(({ passed }) => passed)).toEqual([true, true, true]);
});

test.each([
  ['javascript', 'function add(a, b) { return a + b; }', []],
  ['ts', 'export const add = async (a: number, b: number) => a + b;', []],
  ['js', 'const add = (a, b) => a - b;', ['add(2, 3) returned -1, expected 5']],
])('examples of the request are checked in %s too: %s', async (language, code, errors) => {
  const request = { ...(await published(`\`\`\`${language}\n${code}\n\`\`\``)), request: 'add(2, 3) should return 5' };
  const { passed, checks } = await run(request);
  expect(passed).toBe(errors.length === 0);
  expect(checks.map(({ origin }) => origin)).toEqual(['load', 'request']);
  expect(checks.flatMap(({ error }) => error ?? [])).toEqual(errors);
});

test('the report of a failing program contains its actual values', async () => {
  const request = await published(answer('def double(x): return x\ndef test_double(): assert double(2) == 2'));
  const { checks } = await run(request);
  expect(checks.map(({ origin, passed }) => [origin, passed])).toEqual([
    ['load', true],
    ['request', false],
    ['own', true],
  ]);
  const [, failed] = await checksIn(request);
  expect(failed).toMatchObject({ type: 'check.failed', passed: 2, failed: 1 });
  expect(JSON.stringify(failed)).toContain('double(2) returned 2, expected 4');
  expect(fold(await listEvents(createEventReader(redis), request.run_id)).checks).toMatchObject([
    { about: 'draft', status: 'failed' },
  ]);
});

test('a retry publishes nothing twice, and each event matches the contract', async () => {
  const request = await published(answer('def double(x): return 2 * x'));
  for (let i = 0; i < 2; i++) await run(request);
  const events = await checksIn(request);
  expect(events.map(({ type }) => type)).toEqual(['check.started', 'check.passed']);
  expect(events.map((event) => runEvent.parse(event))).toEqual(events);
});

describe('stopped before its end', () => {
  const logger = new DefaultLogger('ERROR', () => undefined);
  const slow = answer('import time\ntime.sleep(1)\ndef double(x): return 2 * x');

  async function stopWhileItRuns(request: VerifyRequest, ...why: Parameters<MockActivityEnvironment['cancel']>) {
    const env = new MockActivityEnvironment({}, { logger });
    const result = env.run<[VerifyRequest], CheckReport, typeof verifyCode>(verifyCode, request);
    result.catch(() => undefined);
    while ((await checksIn(request)).length === 0) await sleep(5);
    env.cancel(...why);
    await expect(result).rejects.toThrow();
  }

  it('by the shutdown of its worker, it leaves the report of its end to the next attempt', async () => {
    const request = await published(slow);
    await stopWhileItRuns(request, 'WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    expect((await checksIn(request)).map(({ type }) => type)).toEqual(['check.started']);
    await run(request);
    expect((await checksIn(request)).map(({ type }) => type)).toEqual(['check.started', 'check.passed']);
  });

  it('by a cancellation, it reports that', async () => {
    const request = await published(slow);
    await stopWhileItRuns(request);
    expect(await checksIn(request)).toMatchObject([
      { type: 'check.started' },
      { type: 'check.failed', executed: false, reason: 'It was stopped before its end.' },
    ]);
  });
});

test.each([
  ['no code', 'I can not do that.', 'no code'],
  ['a language that is not executed here', '```rust\nfn main() {}\n```', 'rust'],
])('%s is reported as not executed', async (_what, text, reason) => {
  const request = await published(text);
  const report = await run(request);
  expect(report).toMatchObject({ executed: false, passed: false });
  expect(report.reason?.toLowerCase()).toContain(reason);
  expect((await checksIn(request))[1]).toMatchObject({ type: 'check.failed', executed: false, passed: 0, failed: 0 });
});

test.each([
  ['Write a web shop', 'from flask import Flask', true],
  ['Write a web shop with Flask', 'from flask import Flask\nimport flask_sqlalchemy', undefined],
  ['Use Flask-SQLAlchemy', 'import flask_sqlalchemy', undefined],
  ['Scrape it with BeautifulSoup', 'import bs4', undefined],
  ['Scrape it', 'import bs4', true],
  ['Add two numbers', 'import json', undefined],
  ['Add the numbers on standard input', 'n = int(input())', undefined],
  ['Add two numbers', 'n = int(input())', true],
  ['Print the rows of data.csv', 'rows = open("data.csv").read()', undefined],
  ['Print the rows', 'rows = open("data.csv").read()', true],
  ['Write a command-line tool', 'import sys; path = sys.argv[1]', undefined],
])('request "%s", program that begins with "%s": avoidable is %s', async (request, code, avoidable) => {
  expect((await run({ ...(await published(answer(code))), request })).avoidable).toBe(avoidable);
});

describe('an execution that fails on our side', () => {
  const logged: string[] = [];
  const logger = new DefaultLogger(
    'WARN',
    ({ message, meta }) => void (meta?.sdkComponent === 'activity' && logged.push(`${message} ${String(meta.error)}`)),
  );
  const workers = (...ids: string[]) => ({ workers: ids, deferrals: 0 });

  /** One attempt on a worker, with the heartbeat details that it leaves for the next one. */
  async function attempt(
    request: VerifyRequest,
    executor: Executor,
    { before, check }: { before?: unknown; check: Sandbox['check'] },
  ) {
    const activity = createVerifyCode({ turns, sandbox: { ...harness.sandbox, check }, executor });
    const env = new MockActivityEnvironment({ heartbeatDetails: before }, { logger });
    let left: unknown;
    env.on('heartbeat', (details: unknown) => (left = details));
    const outcome = await env.run<[VerifyRequest], CheckReport, typeof activity>(activity, request).then(
      (report) => ({ report }),
      (error: Error) => ({ error }),
    );
    return { left, ...outcome };
  }
  const fails = () =>
    Promise.reject(new SandboxUnavailable('The sandbox does not start.', { cause: new Error('EACCES') }));

  it('is tried twice, each time logged with its reason, and then the run continues without it', async () => {
    const request = await published(answer('def double(x): return 2 * x'));
    logged.length = 0;
    const first = await attempt(request, ALONE, { check: fails });
    expect(first).toMatchObject({ error: { name: 'SandboxUnavailable' }, left: workers('here') });
    const second = await attempt(request, ALONE, { before: first.left, check: fails });
    const reason = 'The sandbox does not start.';
    expect(second).toMatchObject({ report: { executed: false, passed: false, reason } });
    expect(logged).toEqual(Array(2).fill(`a program could not be executed SandboxUnavailable: ${reason}`));
    expect(await checksIn(request)).toMatchObject([{ type: 'check.started' }, { type: 'check.failed', reason }]);
  });

  it('is deferred to another worker if there is one, but not forever', async () => {
    const request = await published(answer('def double(x): return 2 * x'));
    let executions = 0;
    const check = () => (executions++, fails());
    const executor = { ...ALONE, othersExecute: () => Promise.resolve(true) };
    let before: unknown = workers('here');
    for (let deferrals = 1; deferrals <= 5; deferrals++) {
      const { error, left } = (await attempt(request, executor, { before, check })) as {
        error: ApplicationFailure;
        left: unknown;
      };
      expect(error).toMatchObject({ type: 'EXECUTED_ELSEWHERE', nonRetryable: false });
      expect(left).toEqual({ workers: ['here'], deferrals });
      before = left;
    }
    expect(executions).toBe(0);
    expect(await attempt(request, executor, { before, check })).toMatchObject({ report: { executed: false } });
    expect(executions).toBe(1);
  });

  it('is executed at once by a worker that has not tried it before', async () => {
    const request = await published(answer('def double(x): return 2 * x'));
    const { check } = harness.sandbox;
    const executor = { ...ALONE, othersExecute: () => Promise.resolve(true) };
    const { report } = (await attempt(request, executor, { before: workers('there'), check })) as {
      report: CheckReport;
    };
    expect(report).toMatchObject({ executed: true, passed: true });
  });

  it('is deferred by a worker whose sandbox does not work, without counting as a try', async () => {
    const request = await published(answer('def double(x): return 2 * x'));
    const executor = { ...ALONE, isWorking: () => false, othersExecute: () => Promise.resolve(true) };
    expect(await attempt(request, executor, { check: fails })).toMatchObject({ left: { workers: [], deferrals: 1 } });
  });

  it('is not executed a third time after two workers died of it', async () => {
    const request = await published(answer('def double(x): return 2 * x'));
    const check = () => Promise.reject(new Error('It must not come to this.'));
    const { report } = (await attempt(request, ALONE, { before: workers('a', 'b'), check })) as { report: CheckReport };
    expect(report).toMatchObject({ executed: false, reason: 'Two workers stopped while they executed it.' });
  });

  it('does not count if its worker shuts down', async () => {
    const request = await published(answer('def double(x): return 2 * x'));
    const activity = createVerifyCode({
      turns,
      sandbox: {
        ...harness.sandbox,
        check: (_order, signal) =>
          new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason as Error))),
      },
      executor: ALONE,
    });
    const env = new MockActivityEnvironment({}, { logger });
    let left: unknown;
    env.on('heartbeat', (details: unknown) => (left = details));
    const result = env.run<[VerifyRequest], CheckReport, typeof activity>(activity, request);
    result.catch(() => undefined);
    while (!left) await sleep(5);
    env.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    await expect(result).rejects.toThrow();
    expect(left).toEqual({ workers: [], deferrals: 0 });
  });
});

test('endless output of a program is bounded in the stream', async () => {
  const request = await published(answer('while True: print("x" * 1000)'));
  expect(await run(request)).toMatchObject({ killed: 'output', passed: false });
  expect(JSON.stringify(await checksIn(request)).length).toBeLessThan(10_000);
});

test.each([
  ['a text that Redis has lost', 'gone'],
  ['a text of which Redis has only the beginning', 'draft'],
])('%s is reported as lost, and nothing is executed', async (_what, turn) => {
  const request = await published(answer('def double(x): return 2 * x'));
  const asked = { ...request, turn, length: request.length + 1 };
  await expect(run(asked)).rejects.toMatchObject({ type: 'TEXT_LOST', nonRetryable: true, details: [[turn]] });
  expect(await checksIn(request)).toEqual([]);
});

describe('a file of the answer is not a missing package', () => {
  test.each([
    [
      'a heading names it',
      '### `utils.py`\n\n```python\ndef double(x): return 2 * x\n```\n\n### `main.py`\n\n```python\nfrom utils import double\n```',
    ],
    [
      'nothing names it',
      '```python\ndef double(x): return 2 * x\n```\nTests:\n```python\nfrom doubling import double\ndef test(): assert double(1) == 2\n```',
    ],
    [
      'it stands in a folder',
      '```python src/doubling.py\ndef double(x): return 2 * x\n```\n```python tests/test_doubling.py\nfrom doubling import double\ndef test(): assert double(1) == 2\n```',
    ],
    [
      'its neighbour imports it by a dot',
      '```python app/doubling.py\ndef double(x): return 2 * x\n```\n```python app/main.py\nfrom .doubling import double\n```',
    ],
  ])('if %s', async (_where, text) => {
    expect(await run(await published(text))).toMatchObject({ executed: true, passed: true });
  });

  test.each([
    ["import { add } from '../src/add';", 'src/add.ts', 'tests/add.test.ts'],
    ["import { add } from './lib/add.js';", 'lib/add.ts', 'main.ts'],
    ["import { add } from '@/add';", 'add.ts', 'main.ts'],
    ["import { add } from './add';", 'src/math/add.ts', 'src/main.ts'],
  ])('if JavaScript contains %s', async (imports, file, main) => {
    const text = `\`\`\`ts ${file}\nexport const add = (a: number, b: number) => a + b;\n\`\`\`\n\`\`\`ts ${main}\n${imports}\nif (add(1, 2) !== 3) throw new Error();\n\`\`\``;
    expect(await run({ ...(await published(text)), request: 'Add' })).toMatchObject({ executed: true, passed: true });
  });
});

test.each(['```json\n{"title": "Sorting"}\n```', '{"tags": []}', '```sh\nls\n```'])(
  'an answer without a program, %j, is not expected to run',
  async (text) => {
    expect(await run(await published(text))).toMatchObject({ executed: false, no_program: true });
  },
);

test('the report of an answer in prose says that nothing was executed', async () => {
  const report = await run(await published('I can not do that.'));
  expect(report).toMatchObject({ executed: false, passed: false });
  expect(report).not.toHaveProperty('no_program');
});
