/** task -> answer */
import { questionOf } from '../question';
import { type Team } from '../team';

/** One role answers the task. The role is the swarm's only one, or its first. */
export async function single(team: Team, [role = '']: string[]): Promise<string[]> {
  const answer = await team.speak(role, {
    turn: 'answer',
    messages: [questionOf(team, role)],
    withContext: true,
  });
  return [answer.turn];
}
