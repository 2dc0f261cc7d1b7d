/** draft -> critique -> final plan */
import { assistant, textOf, user, type Team } from '../team';

/** A strategist drafts a plan, a critic names its weaknesses, and the strategist writes the plan that follows from both. */
export async function strategic(team: Team): Promise<string[]> {
  const task = user(...team.task);
  const draft = await team.speak('strategist', { turn: 'draft', part: 'draft', messages: [task], withContext: true });
  const critique = await team.speak('critic', {
    turn: 'critique',
    messages: [user('# Task\n', ...team.task, '\n\n# Plan\n', textOf(draft))],
  });
  const plan = await team.speak('strategist', {
    turn: 'plan',
    part: 'final plan',
    messages: [
      task,
      assistant(textOf(draft)),
      user(
        'A critic found these weaknesses in your plan:\n\n',
        textOf(critique),
        '\n\nWrite the final plan: mend what the critic is right about, keep what is good, and keep the four headings. ',
        'Answer with the whole plan and nothing else. ',
        team.closing,
      ),
    ],
    withContext: true,
  });
  return [plan.turn];
}
