/** draft -> review -> revision, if the review finds faults -> (the review as structured data, if requested) */
import { readVerdict } from '../../answers/verdict';
import type { TurnResult } from '../../contract';
import { toTextReference } from '../message';
import { askForFindings } from '../structures';
import { definePattern, type Opener } from '../pattern';
import { assistant, user, type Team } from '../team';
import type { Invitation } from '../turn-request';

export const coding = definePattern({
  name: 'coding',
  roles: { needed: ['coder', 'reviewer'] },
  listSteps: () => [
    { step: 'draft', roles: ['coder'] },
    { step: 'review', roles: ['reviewer'] },
    { step: 'revision', roles: ['coder'], rounds: { least: 0, most: 1 } },
  ],
  open,
  lead,
});

function open(team: Opener): [Invitation] {
  const messages = [user(...team.task)];
  return [{ role: 'coder', ask: { step: 'draft', part: 'draft', messages, withContext: true } }];
}

/** A coder writes code, a reviewer looks for faults, and the coder fixes them. */
async function lead(team: Team): Promise<string[]> {
  const [{ role, ask }] = open(team);
  const draft = await team.speak(role, ask);
  const review = await team.speak('reviewer', {
    step: 'review',
    messages: [user('# Task\n', ...team.task, '\n\n# Code\n', toTextReference(draft))],
  });
  const answer = readVerdict(review.text) === 'pass' ? draft : await revise(team, draft, review);
  await askForFindings(team, review);
  return [answer.turn];
}

function revise(team: Team, draft: TurnResult, review: TurnResult): Promise<TurnResult> {
  return team.speak('coder', {
    step: 'revision',
    part: 'revision',
    messages: [
      user(...team.task),
      assistant(toTextReference(draft)),
      user(
        'A reviewer says about your code:\n\n',
        toTextReference(review),
        '\n\nMend the faults that are real and leave the rest as it is. Answer with the whole program again, tests included, ',
        'in one code block, and a few sentences on how to use it. ',
        team.closing,
      ),
    ],
    withContext: true,
  });
}
