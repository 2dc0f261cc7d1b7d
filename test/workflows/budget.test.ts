/** Runs whose budget is exhausted. */
import { ApplicationFailure } from '@temporalio/common';
import { createHarness, multiInput, swarmInput, type Harness } from '../support/workflows';

let harness: Harness;
beforeAll(async () => (harness = await createHarness()), 60_000);
afterAll(() => harness.stop());
beforeEach(() => void (harness.asked.length = 0));

const turns = () => harness.asked.map(({ turn }) => turn);

describe('an exhausted budget', () => {
  const exhausted = () => ApplicationFailure.nonRetryable('The budget is used up.', 'BUDGET_EXHAUSTED');

  test('ends a debate at the voice that exhausts it: no other voice is asked', async () => {
    harness.script = ({ turn }) => {
      if (turn.includes('optimistic')) throw exhausted();
      return 'POSITION: for, CONFIDENCE: 80\nYes.';
    };
    await expect(harness.run(swarmInput('debate-swarm'))).rejects.toMatchObject({
      cause: { type: 'BUDGET_EXHAUSTED' },
    });
    expect(turns().filter((turn) => /summary|judge|moderator/.test(turn))).toEqual([]);
  });

  test.each([
    ['coding-swarm', 'review', ['draft']],
    ['debate-swarm', 'judge', ['optimistic', 'cautious', 'balanced', 'summary']],
    ['strategic-swarm', 'plan-mended', ['plan']],
  ])('keeps the answer of the %s: the failure of %s is recorded', async (swarm, last, standing) => {
    harness.script = ({ turn }) => {
      if (turn === last) throw exhausted();
      return turn === 'plan' ? '## 1. High-level architecture\nOne server.' : 'POSITION: for, CONFIDENCE: 80\nYes.';
    };
    const { answers, failures } = await harness.run(swarmInput(swarm));
    expect(answers).toEqual(standing);
    expect(failures).toMatchObject([{ turn: last, code: 'BUDGET_EXHAUSTED' }]);
    expect(turns().at(-1)).toBe(last);
  });

  test('ends a run of several swarms: the next swarm does not start', async () => {
    harness.script = () => {
      throw exhausted();
    };
    const input = multiInput(['strategic-swarm', 'coding-swarm'], 'sequential');
    await expect(harness.run(input)).rejects.toMatchObject({ cause: { type: 'BUDGET_EXHAUSTED' } });
    expect(turns()).toEqual(['strategic-swarm/draft']);
  });
});
