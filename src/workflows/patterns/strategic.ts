/** draft -> critique -> final plan -> (the plan again, if a part is missing or weak) -> (the critique as structured data, if requested) */
import { PLAN_HEADINGS, readPlan } from '../../answers/plan';
import type { PlanPart } from '../../contract/names';
import { PLAN_CRITIC_REQUEST, PLAN_GAPS } from '../../contract/prompts';
import type { Plan, TurnResult } from '../../contract';
import { toTextReference } from '../message';
import { askForFindings } from '../structures';
import { definePattern, type Opener } from '../pattern';
import { assistant, user, type Team } from '../team';
import type { Invitation } from '../turn-request';

export const strategic = definePattern({
  name: 'strategic',
  roles: { needed: ['strategist', 'critic'] },
  listSteps: () => [
    { step: 'draft', roles: ['strategist'] },
    { step: 'critique', roles: ['critic'] },
    { step: 'plan', roles: ['strategist'] },
    { step: 'plan-mended', roles: ['strategist'], rounds: { least: 0, most: 1 } },
  ],
  open,
  lead,
});

function open(team: Opener): [Invitation] {
  const messages = [user(...team.task)];
  return [{ role: 'strategist', ask: { step: 'draft', part: 'draft', messages, withContext: true } }];
}

/** A strategist drafts a plan, a critic names its weaknesses, and the strategist writes the final plan from both. */
async function lead(team: Team): Promise<string[]> {
  const task = user(...team.task);
  const [{ role, ask }] = open(team);
  const draft = await team.speak(role, ask);
  const critique = await team.speak('critic', {
    step: 'critique',
    messages: [user('# Task\n', ...team.task, '\n\n# Plan\n', toTextReference(draft))],
  });
  const plan = await team.speak('strategist', {
    step: 'plan',
    part: 'final plan',
    messages: [
      task,
      assistant(toTextReference(draft)),
      user(
        'A critic found these weaknesses in your plan:\n\n',
        toTextReference(critique),
        '\n\nWrite the final plan: mend what the critic is right about, keep what is good, and keep the four headings. ',
        'Answer with the whole plan and nothing else. ',
        team.closing,
      ),
    ],
    withContext: true,
  });
  const whole = await withAllParts(team, plan);
  await askForFindings(team, critique, PLAN_CRITIC_REQUEST);
  return [whole.turn];
}

/** Asks once for the missing and weak parts. Keeps the plan with fewer gaps, and reports its remaining gaps. */
async function withAllParts(team: Team, plan: TurnResult): Promise<TurnResult> {
  const parts = readPlan(plan.text);
  const mended = countGaps(parts) > 0 ? await mend(team, plan, parts) : undefined;
  const mendedParts = readPlan(mended?.text ?? '');
  const isBetter = mended !== undefined && countGaps(mendedParts) < countGaps(parts);
  team.conclude({ plan: isBetter ? mendedParts : parts });
  return isBetter ? mended : plan;
}

async function mend(team: Team, plan: TurnResult, parts: Plan): Promise<TurnResult | undefined> {
  return team.speakAfterwards('strategist', {
    step: 'plan-mended',
    part: 'final plan, gaps mended',
    messages: [user(...team.task), assistant(toTextReference(plan)), user(writeRequest(parts))],
    withContext: true,
  });
}

function countGaps({ missing, weak }: Plan): number {
  return missing.length + weak.length;
}

function writeRequest({ missing, weak }: Plan): string {
  const line = (part: PlanPart, gap: keyof typeof PLAN_GAPS) => `- "${PLAN_HEADINGS[part]}" ${PLAN_GAPS[gap]}`;
  const gaps = [...missing.map((part) => line(part, 'missing')), ...weak.map((part) => line(part, 'weak'))];
  return `Your plan has gaps:\n${gaps.join('\n')}\n\nAnswer with the whole plan under its four headings and nothing else; leave what is good as it is.`;
}
