/** task -> answer */
import { writeQuestion } from '../question';
import { definePattern, type Opener } from '../pattern';
import type { Team } from '../team';
import type { Invitation } from '../turn-request';

export const single = definePattern({
  name: 'single',
  roles: { mayHavePrompts: true },
  listSteps: (roles) => [{ step: 'answer', roles: roles.slice(0, 1) }],
  open,
  lead,
});

function open(team: Opener, [role = '']: string[]): [Invitation] {
  return [{ role, ask: { step: 'answer', messages: [writeQuestion(team, role)], withContext: true } }];
}

/** One role answers the task: the first role of the swarm. */
async function lead(team: Team, roles: string[]): Promise<string[]> {
  const [{ role, ask }] = open(team, roles);
  return [(await team.speak(role, ask)).turn];
}
