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

  test('ends a run of several swarms: the next one is not begun', async () => {
    theatre.script = () => {
      throw exhausted();
    };
    const input = multiInput(['strategic-swarm', 'coding-swarm'], 'sequential');
    await expect(theatre.run(input)).rejects.toMatchObject({ cause: { type: 'BUDGET_EXHAUSTED' } });
    expect(turns()).toEqual(['strategic-swarm/draft']);
  });
});
