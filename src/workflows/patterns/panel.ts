/** all roles at once -> chair, where there is one */
import { CHAIR } from '../../contract/names';
import type { PromptMessage, PromptPart, TurnResult } from '../../contract';
import { gather, hearingOf, type Hearing, type Round } from '../gather';
import { textOf } from '../message';
import { noneLeft } from '../none-left';
import { questionOf } from '../question';
import { user, type Team } from '../team';

/** Every role answers the task at the same time. One that fails, or is late when the quorum was heard, is named, and the chair concludes from the others. */
export async function panel(team: Team, roles: string[]): Promise<string[]> {
  const members = roles.filter((role) => role !== CHAIR);
  const hearing = hearingOf(members.length, team.definition.panel);
  const round = await gather(
    team,
    members.map((role) => ({ role, ask: { turn: role, messages: [questionOf(team, role)], withContext: true } })),
    hearing,
  );
  if (round.heard.size === 0) throw noneLeft(round.missing, 'No role could answer.');
  const answers = [...round.heard.values()].map(({ turn }) => turn);
  if (!roles.includes(CHAIR)) return answers;
  const conclusion = await team.speak(CHAIR, {
    turn: CHAIR,
    messages: [closingQuestion(team, members, round, hearing)],
  });
  return [...answers, conclusion.turn];
}

function closingQuestion(team: Team, members: string[], round: Round, { quorum }: Hearing): PromptMessage {
  const answers = [...round.heard.values()].flatMap((answer, i) => [
    `${i > 0 ? '\n\n' : ''}# ${answer.label}\n`,
    textOf(answer),
  ]);
  const asked = team.definition.roles[CHAIR]?.prompt
    ? questionOf(team, CHAIR, { ...answersOf(members, round.heard), answers })
    : user('# Task\n', ...team.task, '\n\n', ...answers);
  return { ...asked, parts: [...asked.parts, ...absences(round, quorum), team.closing ? `\n\n${team.closing}` : ''] };
}

/** The value of each member's variable; one that was not heard is said to be so in its place. */
function answersOf(members: string[], heard: Map<string, TurnResult>): Record<string, PromptPart[]> {
  return Object.fromEntries(
    members.map((role) => {
      const answer = heard.get(role);
      return [role, [answer ? textOf(answer) : '(was not heard)']];
    }),
  );
}

function absences({ heard, missing }: Round, quorum: number): PromptPart[] {
  if (missing.length === 0) return [];
  const names = missing.map(({ label, message }) => `${label} (${message})`).join(', ');
  const short = heard.size < quorum ? ` Only ${heard.size} of the ${quorum} that were needed were heard.` : '';
  return [`\n\nNot heard: ${names}.${short} Say so.`];
}
