/** draft -> critique -> final plan -> (the plan once more, where a part is missing or thin) -> (the critique as data, where it is read so) */
import { patched } from '@temporalio/workflow';
import { PLAN_HEADINGS, readPlan, type Plan, type PlanPart } from '../../contract/plan';
import { PLAN_CRITIC_REQUEST, PLAN_GAPS } from '../../contract/prompts';
import type { TurnResult } from '../../contract';
import { textOf } from '../message';
import { askForFindings } from '../structures';
import { assistant, user, type Team } from '../team';

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
  if (!patched('plan-parts')) return [plan.turn];
  const whole = await withAllParts(team, plan);
  await askForFindings(team, critique, PLAN_CRITIC_REQUEST);
  return [whole.turn];
}

/** Asks once for what a plan lacks. The plan with fewer gaps holds; what it still lacks is said, not filled. */
async function withAllParts(team: Team, plan: TurnResult): Promise<TurnResult> {
  const parts = readPlan(plan.text);
  const mended = gapsOf(parts) > 0 ? await mend(team, plan, parts) : undefined;
  const mendedParts = readPlan(mended?.text ?? '');
  const isBetter = mended !== undefined && gapsOf(mendedParts) < gapsOf(parts);
  team.conclude({ plan: isBetter ? mendedParts : parts });
  return isBetter ? mended : plan;
}

async function mend(team: Team, plan: TurnResult, parts: Plan): Promise<TurnResult | undefined> {
  return team.speakAfterwards('strategist', {
    turn: 'plan-mended',
    part: 'final plan, gaps mended',
    messages: [user(...team.task), assistant(textOf(plan)), user(requestOf(parts))],
    withContext: true,
  });
}

function gapsOf({ missing, weak }: Plan): number {
  return missing.length + weak.length;
}

function requestOf({ missing, weak }: Plan): string {
  const line = (part: PlanPart, gap: keyof typeof PLAN_GAPS) => `- "${PLAN_HEADINGS[part]}" ${PLAN_GAPS[gap]}`;
  const gaps = [...missing.map((part) => line(part, 'missing')), ...weak.map((part) => line(part, 'weak'))];
  return `Your plan has gaps:\n${gaps.join('\n')}\n\nAnswer with the whole plan under its four headings and nothing else; leave what is good as it is.`;
}
