/** all roles in parallel -> chair, if the swarm has one */
import type { PromptMessage, PromptPart, TurnResult } from '../../contract';
import { findVariableFault } from '../../contract/templates';
import {
  gather,
  answerPolicyOptions,
  resolveAnswerPolicy,
  type AnswerPolicy,
  type AnswerPolicyOptions,
  type Round,
} from '../gather';
import { toTextReference } from '../message';
import { noneLeft } from '../none-left';
import { definePattern, type Opener, type Zod } from '../pattern';
import { writeQuestion } from '../question';
import { user, type Team } from '../team';
import type { Invitation } from '../turn-request';

/** The role that writes a conclusion from the other roles' answers. */
const CHAIR = 'chair';

const listMembers = (roles: readonly string[]) => roles.filter((role) => role !== CHAIR);

const options = (z: Zod) => z.object(answerPolicyOptions(z));

export const panel = definePattern({
  name: 'panel',
  roles: {
    atLeast: 2,
    mayHavePrompts: true,
    description: 'All answer at once; one that is called `chair` then concludes.',
    findNameFault: (name) => findVariableFault(name, ['task', 'answers']),
    listVariables: (name, names) => (name === CHAIR ? ['answers', ...names.filter((other) => other !== CHAIR)] : []),
  },
  options,
  findStageFault: ({ id, roles }) =>
    roles.includes(CHAIR) ? undefined : `a stage has one answer: the panel "${id}" needs a role "${CHAIR}" here`,
  listSteps: (roles) => [
    { step: 'answer', roles: listMembers(roles) },
    ...(roles.includes(CHAIR) ? [{ step: 'conclusion', roles: [CHAIR] }] : []),
  ],
  open,
  lead,
});

function open(team: Opener, roles: readonly string[]): Invitation[] {
  return listMembers(roles).map((role) => ({
    role,
    ask: { step: 'answer', turn: role, messages: [writeQuestion(team, role)], withContext: true },
  }));
}

/** All roles answer in parallel. A role that fails, or is late after the quorum, is listed as missing. The chair uses the other answers. */
async function lead(team: Team, roles: string[], given: AnswerPolicyOptions): Promise<string[]> {
  const members = listMembers(roles);
  const policy = resolveAnswerPolicy(members.length, given);
  const round = await gather(team, open(team, roles), policy);
  if (round.answers.size === 0) throw noneLeft(round.missing, 'No role could answer.');
  const answers = [...round.answers.values()].map(({ turn }) => turn);
  if (!roles.includes(CHAIR)) return answers;
  const conclusion = await team.speak(CHAIR, {
    step: 'conclusion',
    turn: CHAIR,
    messages: [closingQuestion(team, members, round, policy)],
  });
  return [...answers, conclusion.turn];
}

function closingQuestion(team: Team, members: string[], round: Round, { quorum }: AnswerPolicy): PromptMessage {
  const answers = [...round.answers.values()].flatMap((answer, i) => [
    `${i > 0 ? '\n\n' : ''}# ${answer.label}\n`,
    toTextReference(answer),
  ]);
  const asked = team.definition.roles[CHAIR]?.prompt
    ? writeQuestion(team, CHAIR, { ...collectAnswers(members, round.answers), answers })
    : user('# Task\n', ...team.task, '\n\n', ...answers);
  return { ...asked, parts: [...asked.parts, ...absences(round, quorum), team.closing ? `\n\n${team.closing}` : ''] };
}

/** The value of each member's template variable; a placeholder for a member without an answer. */
function collectAnswers(members: string[], heard: Map<string, TurnResult>): Record<string, PromptPart[]> {
  return Object.fromEntries(
    members.map((role) => {
      const answer = heard.get(role);
      return [role, [answer ? toTextReference(answer) : '(was not heard)']];
    }),
  );
}

function absences({ answers, missing }: Round, quorum: number): PromptPart[] {
  if (missing.length === 0) return [];
  const names = missing.map(({ label, message }) => `${label} (${message})`).join(', ');
  const short = answers.size < quorum ? ` Only ${answers.size} of the ${quorum} that were needed were heard.` : '';
  return [`\n\nNot heard: ${names}.${short} Say so.`];
}
