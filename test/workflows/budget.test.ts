/** What a run does when its money is gone. */
import { ApplicationFailure } from '@temporalio/common';
import { createTheatre, multiInput, swarmInput, type Theatre } from '../support/workflows';

let theatre: Theatre;
beforeAll(async () => (theatre = await createTheatre()), 60_000);
afterAll(() => theatre.stop());
beforeEach(() => void (theatre.asked.length = 0));

const turns = () => theatre.asked.map(({ turn }) => turn);

describe('an exhausted budget', () => {
  const exhausted = () => ApplicationFailure.nonRetryable('The budget is used up.', 'BUDGET_EXHAUSTED');

  test('ends a debate at the voice that meets it: nobody else is asked', async () => {
    theatre.script = ({ turn }) => {
      if (turn.includes('optimistic')) throw exhausted();
      return 'POSITION: for, CONFIDENCE: 80\nYes.';
    };
    await expect(theatre.run(swarmInput('debate-swarm'))).rejects.toMatchObject({
      cause: { type: 'BUDGET_EXHAUSTED' },
    });
    expect(turns().filter((turn) => /summary|judge|moderator/.test(turn))).toEqual([]);
  });

  test.each([
    ['coding-swarm', 'review', ['draft']],
    ['debate-swarm', 'judge', ['optimistic', 'cautious', 'balanced', 'summary']],
    ['strategic-swarm', 'plan-mended', ['plan']],
  ])('leaves an answer of the %s that stands: %s is not asked for, and named', async (swarm, last, standing) => {
    theatre.script = ({ turn }) => {
      if (turn === last) throw exhausted();
      return turn === 'plan' ? '## 1. High-level architecture\nOne server.' : 'POSITION: for, CONFIDENCE: 80\nYes.';
    };
    const { answers, failures } = await theatre.run(swarmInput(swarm));
    expect(answers).toEqual(standing);
    expect(failures).toMatchObject([{ turn: last, code: 'BUDGET_EXHAUSTED' }]);
    expect(turns().at(-1)).toBe(last);
  });

  test('ends a run of several swarms: the next one is not begun', async () => {
    theatre.script = () => {
      throw exhausted();
    };
    const input = multiInput(['strategic-swarm', 'coding-swarm'], 'sequential');
    await expect(theatre.run(input)).rejects.toMatchObject({ cause: { type: 'BUDGET_EXHAUSTED' } });
    expect(turns()).toEqual(['strategic-swarm/draft']);
  });
});
