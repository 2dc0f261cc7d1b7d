/** task -> answer */
import { user, type Team } from '../team';

/** One role answers the task. The role is the swarm's only one, or its first. */
export async function single(team: Team, roles: string[]): Promise<string[]> {
  const answer = await team.speak(roles[0] ?? '', {
    turn: 'answer',
    messages: [user(...team.task)],
    withContext: true,
  });
  return [answer.turn];
}
