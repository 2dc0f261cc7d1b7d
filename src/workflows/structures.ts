/** Asks a role for a JSON structure: one try, one repair turn that names the error, then a note that it could not be read. */
import { REVIEW_QUESTION, STRUCTURE_REQUESTS } from '../contract/prompts';
import type { AskedName, AskedValue, PromptMessage, TurnResult } from '../contract';
import { readStructure } from './activities';
import { toTextReference } from './message';
import { assistant, user, type Team } from './team';

/** Reviewers have a low token limit for prose, too low for a structure. */
const STRUCTURE_TOKENS = 800;

interface Question<Name extends AskedName> {
  role: string;
  name: Name;
  question: PromptMessage;
  /** Replaces the default request. */
  request?: string;
}

/** Resolves to the structure, and adds it to the team's result; undefined if the model could not write it. */
export async function askForStructure<Name extends AskedName>(
  team: Team,
  { role, name, question, request = STRUCTURE_REQUESTS[name] }: Question<Name>,
): Promise<AskedValue<Name> | undefined> {
  const asked = { ...question, parts: [...question.parts, `\n\n${request}`] };
  const limit = { minTokens: STRUCTURE_TOKENS, structure: name, step: name, yields: 'data' } as const;
  const first = await team.speakAfterwards(role, { ...limit, round: 1, part: `${name} as data`, messages: [asked] });
  if (!first) return undefined;
  const reading = await readStructure(name, first.text);
  if ('value' in reading) return keep(reading.value as AskedValue<Name>);
  const repair = user(`That cannot be read: ${reading.problem} Answer again, with the corrected JSON object alone.`);
  const second = await team.speakAfterwards(role, {
    ...limit,
    turn: `${name}-repair`,
    round: 2,
    part: `${name} as data, repaired`,
    messages: [asked, assistant(toTextReference(first)), repair],
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

/** Asks for a reviewer's findings as structured data, if the run's caller requested that. `request` replaces the default wording. */
export async function askForFindings(team: Team, review: TurnResult | undefined, request?: string): Promise<void> {
  if (!review || !team.reviewsAsData) return;
  const question = user(`${REVIEW_QUESTION}\n\n`, toTextReference(review));
  await askForStructure(team, { role: review.role, name: 'critic', question, ...(request ? { request } : {}) });
}
