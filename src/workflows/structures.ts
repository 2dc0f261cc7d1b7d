/** Asks a role for a structure as JSON: one try, one repair that says what was wrong, and then an honest note that it could not be read. */
import { patched } from '@temporalio/workflow';
import { REVIEW_QUESTION, STRUCTURE_REQUESTS } from '../contract/prompts';
import type { AskedName, AskedValue, PromptMessage, TurnResult } from '../contract';
import { readStructure } from './activities';
import { textOf } from './message';
import { assistant, user, type Team } from './team';

/** Reviewers are given few words for what they write to people, too few for a structure. */
const STRUCTURE_TOKENS = 800;

interface Question<Name extends AskedName> {
  role: string;
  name: Name;
  question: PromptMessage;
  /** In place of the usual words. */
  request?: string;
}

/** Resolves to the structure, which the team's result then holds as well; undefined when the model could not write it. */
export async function askForStructure<Name extends AskedName>(
  team: Team,
  { role, name, question, request = STRUCTURE_REQUESTS[name] }: Question<Name>,
): Promise<AskedValue<Name> | undefined> {
  const asked = { ...question, parts: [...question.parts, `\n\n${request}`] };
  const limit = { minTokens: STRUCTURE_TOKENS };
  const first = await team.speakAfterwards(role, { turn: name, part: `${name} as data`, messages: [asked], ...limit });
  if (!first) return undefined;
  const reading = await readStructure(name, first.text);
  if ('value' in reading) return keep(reading.value as AskedValue<Name>);
  const repair = user(`That cannot be read: ${reading.problem} Answer again, with the corrected JSON object alone.`);
  const second = await team.speakAfterwards(role, {
    turn: `${name}-repair`,
    part: `${name} as data, repaired`,
    messages: [asked, assistant(textOf(first)), repair],
    ...limit,
  });
  if (!second) return undefined;
  const again = await readStructure(name, second.text);
  if ('value' in again) return keep(again.value as AskedValue<Name>);
  const { unread = [] } = team.result([]).structures ?? {};
  team.conclude({ unread: [...unread, { name, turn: second.turn, problem: again.problem }] });
  return undefined;

  function keep(value: AskedValue<Name>): AskedValue<Name> {
    team.conclude({ [name]: value });
    return value;
  }
}

/** Asks for what a reviewer found as data, where whoever started the run reads it so. `request` says it in words that fit the work. */
export async function askForFindings(team: Team, review: TurnResult | undefined, request?: string): Promise<void> {
  if (!review || !team.reviewsAsData || !patched('reviews-as-data')) return;
  const question = user(`${REVIEW_QUESTION}\n\n`, textOf(review));
  await askForStructure(team, { role: review.role, name: 'critic', question, ...(request ? { request } : {}) });
}
