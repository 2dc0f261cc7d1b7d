/** Several swarms on one message, with swarms that fail. */
import { ApplicationFailure } from '@temporalio/common';
import { planText } from '../support/plan';
import { createHarness, multiInput, type Harness } from '../support/workflows';

let harness: Harness;
beforeAll(async () => (harness = await createHarness()), 60_000);
afterAll(() => harness.stop());
beforeEach(() => {
  harness.asked.length = harness.closed.length = 0;
  harness.script = ({ turn }) => planText(`VERDICT: PASS. Text of ${turn}`);
});

const TEAMS = ['strategic-swarm', 'coding-swarm'];
const turns = () => harness.asked.map(({ turn }) => turn);
const listStages = (result: Awaited<ReturnType<Harness['run']>>) =>
  result.stages?.map(({ stage, answer, failure }) => [stage, answer || failure?.code]);

function failing(stage: string): void {
  harness.script = ({ turn }) => {
    if (turn.startsWith(`${stage}/`)) throw ApplicationFailure.nonRetryable('is gone', 'MODEL_NOT_FOUND');
    return planText(`VERDICT: PASS. Text of ${turn}`);
  };
}

test('parallel: all swarms start before one finishes, and each answers', async () => {
  const result = await harness.run(multiInput(TEAMS, 'parallel'));
  expect(turns().slice(0, 2).sort()).toEqual(['coding-swarm/draft', 'strategic-swarm/draft']);
  expect(new Map(listStages(result) as [string, string][])).toEqual(
    new Map([
      ['coding-swarm', 'coding-swarm/draft'],
      ['strategic-swarm', 'strategic-swarm/plan'],
    ]),
  );
});

test('parallel: answers and stages are in the order of the swarms, whichever finishes first', async () => {
  for (const teams of [TEAMS, [...TEAMS].reverse()]) {
    const result = await harness.run(multiInput(teams, 'parallel'));
    expect(result.answers.map((turn) => turn.split('/')[0])).toEqual(teams);
    expect(listStages(result)?.map(([stage]) => stage)).toEqual(teams);
  }
});

test('sequential: the second sees what the first answered', async () => {
  const result = await harness.run(multiInput(TEAMS, 'sequential'));
  expect(listStages(result)?.map(([stage]) => stage)).toEqual(TEAMS);
  const draft = harness.asked.find(({ turn }) => turn === 'coding-swarm/draft');
  expect(draft?.messages[0]?.parts).toContainEqual({ turn: 'strategic-swarm/plan' });
});

test('consensus: a moderator concludes from all answers', async () => {
  const result = await harness.run(multiInput(TEAMS, 'consensus'));
  const last = harness.asked.at(-1);
  expect(last?.turn).toBe('consensus/answer');
  const parts = last?.messages.flatMap((message) => message.parts);
  expect(parts).toContainEqual({ turn: 'strategic-swarm/plan' });
  expect(parts).toContainEqual({ turn: 'coding-swarm/draft' });
  expect(result.answers.at(-1)).toBe('consensus/answer');
});

test.each(['parallel', 'sequential', 'consensus'] as const)(
  '%s: a swarm that fails is recorded with its code, and the others answer',
  async (strategy) => {
    failing('strategic-swarm');
    const result = await harness.run(multiInput(TEAMS, strategy));
    expect(listStages(result)).toContainEqual(['strategic-swarm', 'MODEL_NOT_FOUND']);
    expect(listStages(result)).toContainEqual(['coding-swarm', 'coding-swarm/draft']);
    if (strategy === 'consensus')
      expect(JSON.stringify(harness.asked.at(-1))).toContain('Not heard, because they failed: strategic-swarm');
  },
);

test('fails with the common cause if all swarms fail', async () => {
  harness.script = () => {
    throw ApplicationFailure.nonRetryable('set the key', 'GATEWAY_KEY_MISSING');
  };
  await expect(harness.run(multiInput(TEAMS, 'parallel'))).rejects.toMatchObject({
    cause: { type: 'GATEWAY_KEY_MISSING', message: 'set the key' },
  });
});
