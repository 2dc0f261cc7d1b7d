/** Several swarms on one message, with swarms that fail. */
import { ApplicationFailure } from '@temporalio/common';
import { planText } from '../support/plan';
import { createTheatre, multiInput, type Theatre } from '../support/workflows';

let theatre: Theatre;
beforeAll(async () => (theatre = await createTheatre()), 60_000);
afterAll(() => theatre.stop());
beforeEach(() => {
  theatre.asked.length = theatre.closed.length = 0;
  theatre.script = ({ turn }) => planText(`VERDICT: PASS. Text of ${turn}`);
});

const TEAMS = ['strategic-swarm', 'coding-swarm'];
const turns = () => theatre.asked.map(({ turn }) => turn);
const stagesOf = (result: Awaited<ReturnType<Theatre['run']>>) =>
  result.stages?.map(({ stage, answer, failure }) => [stage, answer || failure?.code]);

function failing(stage: string): void {
  theatre.script = ({ turn }) => {
    if (turn.startsWith(`${stage}/`)) throw ApplicationFailure.nonRetryable('is gone', 'MODEL_NOT_FOUND');
    return planText(`VERDICT: PASS. Text of ${turn}`);
  };
}

test('parallel: all begin before one is finished, and each answers', async () => {
  const result = await theatre.run(multiInput(TEAMS, 'parallel'));
  expect(turns().slice(0, 2).sort()).toEqual(['coding-swarm/draft', 'strategic-swarm/draft']);
  expect(new Map(stagesOf(result) as [string, string][])).toEqual(
    new Map([
      ['coding-swarm', 'coding-swarm/draft'],
      ['strategic-swarm', 'strategic-swarm/plan'],
    ]),
  );
});

test('sequential: the second sees what the first answered', async () => {
  const result = await theatre.run(multiInput(TEAMS, 'sequential'));
  expect(stagesOf(result)?.map(([stage]) => stage)).toEqual(TEAMS);
  const draft = theatre.asked.find(({ turn }) => turn === 'coding-swarm/draft');
  expect(draft?.messages[0]?.parts).toContainEqual({ turn: 'strategic-swarm/plan' });
});

test('consensus: a moderator concludes from all answers', async () => {
  const result = await theatre.run(multiInput(TEAMS, 'consensus'));
  const last = theatre.asked.at(-1);
  expect(last?.turn).toBe('consensus/answer');
  const parts = last?.messages.flatMap((message) => message.parts);
  expect(parts).toContainEqual({ turn: 'strategic-swarm/plan' });
  expect(parts).toContainEqual({ turn: 'coding-swarm/draft' });
  expect(result.answers.at(-1)).toBe('consensus/answer');
});

test.each(['parallel', 'sequential', 'consensus'] as const)(
  '%s: a swarm that fails is named with its cause, and the others answer',
  async (strategy) => {
    failing('strategic-swarm');
    const result = await theatre.run(multiInput(TEAMS, strategy));
    expect(stagesOf(result)).toContainEqual(['strategic-swarm', 'MODEL_NOT_FOUND']);
    expect(stagesOf(result)).toContainEqual(['coding-swarm', 'coding-swarm/draft']);
    if (strategy === 'consensus')
      expect(JSON.stringify(theatre.asked.at(-1))).toContain('Not heard, because they failed: strategic-swarm');
  },
);

test('fails with the cause when all swarms fail of it', async () => {
  theatre.script = () => {
    throw ApplicationFailure.nonRetryable('set the key', 'GATEWAY_KEY_MISSING');
  };
  await expect(theatre.run(multiInput(TEAMS, 'parallel'))).rejects.toMatchObject({
    cause: { type: 'GATEWAY_KEY_MISSING', message: 'set the key' },
  });
});
