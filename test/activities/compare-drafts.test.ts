/** Comparing the programs of several turns with the same calls, by the real activity in the real sandbox. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { createCompareDrafts, type CompareRequest } from '../../src/activities/compare-drafts';
import type { Agreement } from '../../src/contract';
import { createTurnStore, type TurnStore } from '../../src/redis/turns';
import { beginTurn, newScope } from '../redis/fixtures';
import { createHarness, type Harness } from '../sandbox/fixtures';
import { ALONE } from './executor';
import { createTestRedis, type TestRedis } from '../support/redis';

let server: TestRedis;
let turns: TurnStore;
let harness: Harness;
let compareDrafts: ReturnType<typeof createCompareDrafts>;

beforeAll(async () => {
  server = await createTestRedis();
  turns = createTurnStore(server.connect());
  harness = createHarness();
  compareDrafts = createCompareDrafts({ turns, sandbox: harness.sandbox, executor: ALONE });
  await harness.sandbox.layers();
}, 120_000);
afterAll(async () => {
  await harness.stop();
  await server.stop();
});

const REQUEST = 'Write sign:\n>>> sign(-3)\n-1\n>>> sign(3)\n1\n';
const python = (body: string) => `\`\`\`python\ndef sign(x):\n    ${body}\n\`\`\``;

async function published(...texts: string[]): Promise<CompareRequest> {
  const scope = newScope();
  const drafts = texts.map((text, i) => ({ turn: `draft-${i + 1}`, length: text.length }));
  for (const [i, { turn }] of drafts.entries()) await (await beginTurn(turns, scope, turn)).say(texts[i]!);
  return { ...scope, drafts, request: REQUEST };
}
const run = (request: CompareRequest) =>
  new MockActivityEnvironment().run<[CompareRequest], Agreement, typeof compareDrafts>(compareDrafts, request);

test('programs that all satisfy the examples differ in calls that no example covers', async () => {
  const request = await published(
    python('return 1 if x > 0 else -1'),
    python('return (x > 0) - (x < 0)'),
    python('return 0 if x == 0 else x // abs(x)'),
  );
  const { calls, agreeing, support } = await run(request);
  expect(agreeing).toEqual([1, 2, 2]);
  expect(calls).toBeGreaterThan(4);
  expect(support[1]).toBeGreaterThan(support[0]!);
});

test('a call that never ends loses only the result of that call', async () => {
  const loops = python('while x == 0: pass\n    return 1 if x > 0 else -1');
  const request = await published(loops, python('return 1 if x >= 0 else -1'));
  const { calls, agreeing, support } = await run(request);
  expect(agreeing).toEqual([2, 2]);
  expect(support[0]).toBe(calls - 1);
});

test('programs that are not Python cannot be compared', async () => {
  const request = await published(
    '```js\nfunction sign(x) { return 1; }\n```',
    '```js\nfunction sign(x) { return 2; }\n```',
  );
  expect(await run(request)).toEqual({ calls: 0, support: [0, 0], agreeing: [1, 1] });
});

test('a text that Redis has lost is reported by its turn', async () => {
  const request = await published(python('return 1'), python('return 1'));
  const [first, second] = request.drafts as [CompareRequest['drafts'][0], CompareRequest['drafts'][0]];
  const longer = { ...second, length: second.length + 1 };
  await expect(run({ ...request, drafts: [first, longer] })).rejects.toMatchObject({
    type: 'TEXT_LOST',
    message: expect.stringContaining('draft-2'),
  });
});
