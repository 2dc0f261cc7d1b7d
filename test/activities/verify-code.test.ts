/** Code that a turn has written, executed by the real activity in the real sandbox, and what the run's stream tells of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createVerifyCode, type VerifyRequest } from '../../src/activities/verify-code';
import type { CheckReport } from '../../src/contract';
import { runEvent } from '../../src/contract/events';
import type { RedisConnection } from '../../src/redis/connect';
import { createEventReader } from '../../src/redis/events';
import { createTurnStore, type TurnStore } from '../../src/redis/turns';
import { beginTurn, eventsOf, fold, newScope } from '../redis/fixtures';
import { createRig, type Rig } from '../sandbox/fixtures';
import { createTestRedis, type TestRedis } from '../support/redis';

let server: TestRedis;
let redis: RedisConnection;
let turns: TurnStore;
let rig: Rig;
let verifyCode: ReturnType<typeof createVerifyCode>;

beforeAll(async () => {
  server = await createTestRedis();
  redis = server.connect();
  turns = createTurnStore(redis);
  rig = createRig();
  verifyCode = createVerifyCode({ turns, sandbox: rig.sandbox });
  await rig.sandbox.layers();
}, 120_000);
afterAll(async () => {
  await rig.stop();
  await server.stop();
});

const REQUEST = 'def double(x):\n  """\n  >>> double(2)\n  4\n  """';
const answer = (code: string) => `Here it is:\n\`\`\`python\n${code}\n\`\`\``;

async function said(text: string): Promise<VerifyRequest> {
  const scope = newScope();
  await (await beginTurn(turns, scope, 'draft')).say(text);
  return { ...scope, turn: 'draft', length: text.length, request: REQUEST };
}
const run = (request: VerifyRequest) =>
  new MockActivityEnvironment().run<[VerifyRequest], CheckReport, typeof verifyCode>(verifyCode, request);
const checksIn = async ({ run_id }: VerifyRequest) =>
  (await eventsOf(createEventReader(redis), run_id))
    .map(({ event }) => event)
    .filter(({ type }) => type.startsWith('check.'));

test('a program that does what the request shows passes', async () => {
  const request = await said(answer('def double(x): return 2 * x\nprint("loaded")'));
  expect(await run(request)).toMatchObject({ executed: true, passed: true, output: 'loaded\n' });
  expect(await checksIn(request)).toMatchObject([
    { type: 'check.started', about: 'draft', language: 'python' },
    { type: 'check.passed', about: 'draft', executed: true, passed: 2, failed: 0, errors: [], output: 'loaded\n' },
  ]);
});

test('what the swarm demands of all its code is executed too, whatever the language', async () => {
  const demands = { checks: [{ name: 'two and two', code: 'double(2)', expected: '4' }] };
  const request = await said('```js\nfunction double(x) { return x; }\n```');
  const { checks } = await run({ ...request, ...demands });
  expect(checks).toMatchObject([{ origin: 'load' }, { name: 'two and two', origin: 'request', passed: false }]);
  const mended = await said(answer('def double(x): return 2 * x'));
  expect((await run({ ...mended, ...demands })).checks.map(({ passed }) => passed)).toEqual([true, true, true]);
});

test.each([
  ['javascript', 'function add(a, b) { return a + b; }', []],
  ['ts', 'export const add = async (a: number, b: number) => a + b;', []],
  ['js', 'const add = (a, b) => a - b;', ['add(2, 3) returned -1, expected 5']],
])('what the request shows is demanded of %s too: %s', async (language, code, errors) => {
  const request = { ...(await said(`\`\`\`${language}\n${code}\n\`\`\``)), request: 'add(2, 3) should return 5' };
  const { passed, checks } = await run(request);
  expect(passed).toBe(errors.length === 0);
  expect(checks.map(({ origin }) => origin)).toEqual(['load', 'request']);
  expect(checks.flatMap(({ error }) => error ?? [])).toEqual(errors);
});

test('a program that does not is told what it gave', async () => {
  const request = await said(answer('def double(x): return x\ndef test_double(): assert double(2) == 2'));
  const { checks } = await run(request);
  expect(checks.map(({ origin, passed }) => [origin, passed])).toEqual([
    ['load', true],
    ['request', false],
    ['own', true],
  ]);
  const [, failed] = await checksIn(request);
  expect(failed).toMatchObject({ type: 'check.failed', passed: 2, failed: 1 });
  expect(JSON.stringify(failed)).toContain('double(2) returned 2, expected 4');
  expect(fold(await eventsOf(createEventReader(redis), request.run_id)).checks).toMatchObject([
    { about: 'draft', status: 'failed' },
  ]);
});

test('tried again, it publishes nothing twice, and each event keeps to the contract', async () => {
  const request = await said(answer('def double(x): return 2 * x'));
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

  it('because its worker stops, it leaves it to the next attempt to tell how it ended', async () => {
    const request = await said(slow);
    await stopWhileItRuns(request, 'WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    expect((await checksIn(request)).map(({ type }) => type)).toEqual(['check.started']);
    await run(request);
    expect((await checksIn(request)).map(({ type }) => type)).toEqual(['check.started', 'check.passed']);
  }, 60_000);

  it('because nobody wants to know any more, it says so', async () => {
    const request = await said(slow);
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
  const request = await said(text);
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
])('asked to "%s", a program that begins with "%s" could do without: %s', async (request, code, avoidable) => {
  expect((await run({ ...(await said(answer(code))), request })).avoidable).toBe(avoidable);
});

test('a sandbox that does not work is tried again, and then the answer goes on without it', async () => {
  const request = await said(answer('def double(x): return 2 * x'));
  const check = () => Promise.reject(new Error('spawn EACCES'));
  const broken = createVerifyCode({ turns, sandbox: { ...rig.sandbox, check } });
  const attempt = (number: number) =>
    new MockActivityEnvironment({ attempt: number }).run<[VerifyRequest], CheckReport, typeof broken>(broken, request);
  await expect(attempt(1)).rejects.toThrow('EACCES');
  await expect(attempt(2)).rejects.toThrow('EACCES');
  const reason = expect.stringContaining('sandbox does not work') as string;
  expect(await attempt(3)).toMatchObject({ executed: false, passed: false, reason });
  expect(await checksIn(request)).toMatchObject([{ type: 'check.started' }, { type: 'check.failed', reason }]);
});

test('what a program writes without end reaches the stream in bounds', async () => {
  const request = await said(answer('while True: print("x" * 1000)'));
  expect(await run(request)).toMatchObject({ killed: 'output', passed: false });
  expect(JSON.stringify(await checksIn(request)).length).toBeLessThan(10_000);
});

test.each([
  ['a text that Redis has lost', 'gone'],
  ['a text of which Redis has only the beginning', 'draft'],
])('%s is asked for, and nothing is executed', async (_what, turn) => {
  const request = await said(answer('def double(x): return 2 * x'));
  const asked = { ...request, turn, length: request.length + 1 };
  await expect(run(asked)).rejects.toMatchObject({ type: 'TEXT_LOST', nonRetryable: true, details: [[turn]] });
  expect(await checksIn(request)).toEqual([]);
});
