/** draft -> review -> revision, where the review finds faults */
import { readVerdict } from '../../contract/verdict';
import { textOf } from '../message';
import { assistant, user, type Team } from '../team';

/** A coder writes, a reviewer looks for faults, and the coder mends them. */
export async function coding(team: Team): Promise<string[]> {
  const task = user(...team.task);
  const draft = await team.speak('coder', { turn: 'draft', part: 'draft', messages: [task], withContext: true });
  const review = await team.speak('reviewer', {
    turn: 'review',
    messages: [user('# Task\n', ...team.task, '\n\n# Code\n', textOf(draft))],
  });
  if (readVerdict(review.text) === 'pass') return [draft.turn];
  const revision = await team.speak('coder', {
    turn: 'revision',
    part: 'revision',
    messages: [
      task,
      assistant(textOf(draft)),
      user(
        'A reviewer says about your code:\n\n',
        textOf(review),
        '\n\nMend the faults that are real and leave the rest as it is. Answer with the whole program again, tests included, ',
        'in one code block, and a few sentences on how to use it. ',
        team.closing,
      ),
    ],
    withContext: true,
  });
  return [revision.turn];
}
