/** draft -> review -> revision, where the review finds faults -> (the review as data, where it is read so) */
import { readVerdict } from '../../contract/verdict';
import type { TurnResult } from '../../contract';
import { textOf } from '../message';
import { askForFindings } from '../structures';
import { assistant, user, type Team } from '../team';

/** A coder writes, a reviewer looks for faults, and the coder mends them. */
export async function coding(team: Team): Promise<string[]> {
  const task = user(...team.task);
  const draft = await team.speak('coder', { turn: 'draft', part: 'draft', messages: [task], withContext: true });
  const review = await team.speak('reviewer', {
    turn: 'review',
    messages: [user('# Task\n', ...team.task, '\n\n# Code\n', textOf(draft))],
  });
  const answer = readVerdict(review.text) === 'pass' ? draft : await revise(team, draft, review);
  await askForFindings(team, review);
  return [answer.turn];
}

function revise(team: Team, draft: TurnResult, review: TurnResult): Promise<TurnResult> {
  return team.speak('coder', {
    turn: 'revision',
    part: 'revision',
    messages: [
      user(...team.task),
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
}
