/** Limits of attempts at a turn: waits are unlimited, deaths are limited. */
import { CASE_TEXT, cases } from '../support/scripted-gateway';
import type { Activities } from '../../src/activities';
import { newRequest } from './request';
import { attempt, createHarness, type Harness } from './harness';

let harness: Harness;
let worker: Activities;
beforeAll(async () => {
  harness = await createHarness();
  worker = await harness.worker([harness.model('first')]);
});
afterEach(() => harness.gateway.reset());
afterAll(() => harness.stop());

test('an attempt after thousands of waits is made normally', async () => {
  harness.gateway.script('first', cases.normalStream);
  const { result } = attempt(worker, newRequest(), { attempt: 5000, heartbeatDetails: { waits: 4950 } });
  expect(await result).toMatchObject({ text: CASE_TEXT });
});

test.each([
  ['all', 101, undefined],
  ['some, and the others waits', 5000, { waits: 4899 }],
])(
  'after a hundred dead attempts, of %s, the turn fails: no call is made, and no further attempt',
  async (_what, number, reported) => {
    const dying = attempt(worker, newRequest(), { attempt: number, heartbeatDetails: reported });
    expect(await dying.failure()).toMatchObject({ type: 'WORKER_LOST', nonRetryable: true });
    expect(harness.gateway.calls()).toEqual([]);
  },
);

test('one death fewer is below the limit', async () => {
  harness.gateway.script('first', cases.normalStream);
  const { result } = attempt(worker, newRequest(), { attempt: 5000, heartbeatDetails: { waits: 4900 } });
  expect(await result).toMatchObject({ text: CASE_TEXT });
});

test('an attempt that ends with a delay counts as a wait, and one that breaks off does not', async () => {
  const reported = { attempt: 8, heartbeatDetails: { waits: 6 } };
  harness.gateway.script('first', cases.retryAfterTwoSeconds);
  const waiting = attempt(worker, newRequest(), reported);
  const details: unknown[] = [];
  waiting.env.on('heartbeat', (one: unknown) => details.push(one));
  await waiting.failure();
  expect(details).toEqual([{ waits: 7 }]);

  harness.gateway.reset();
  harness.gateway.script('first', cases.invalidKey);
  const refused = attempt(worker, newRequest(), reported);
  refused.env.on('heartbeat', (one: unknown) => details.push(one));
  await refused.failure();
  expect(details).toEqual([{ waits: 7 }]);
});

test('a heartbeat contains the progress of the turn and the number of waits', async () => {
  harness.gateway.script('first', { tokens: { count: 45 }, intervalMs: 100 });
  const speaking = attempt(worker, newRequest(), { attempt: 3, heartbeatDetails: { waits: 2 } });
  const details: { waits: number; model: string; characters: number; tokens: number }[] = [];
  speaking.env.on('heartbeat', (one: (typeof details)[number]) => details.push(one));
  const { text } = await speaking.result;
  expect(details.length).toBeGreaterThan(1);
  for (const { waits, model } of details) expect([waits, model]).toEqual([2, 'first']);
  const counts = details.map(({ characters }) => characters);
  expect(counts[0]).toBeGreaterThan(0);
  expect(counts.at(-1)).toBeGreaterThan(counts[0]!);
  expect(counts.at(-1)).toBeLessThanOrEqual(text.length);
  expect(details.at(-1)!.tokens).toBeGreaterThan(0);
});
