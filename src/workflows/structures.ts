/** Asks a role for a structure as JSON: one try, one repair that says what was wrong, and then an honest note that it could not be read. */
import { STRUCTURE_REQUESTS } from '../contract/prompts';
import type { AskedName, AskedValue, PromptMessage } from '../contract';
import { readStructure } from './activities';
import { textOf } from './message';
import { assistant, user, type Team } from './team';

/** Resolves to the structure, which the team's result then holds as well; undefined when the model could not write it. */
export async function askForStructure<Name extends AskedName>(
  team: Team,
  role: string,
  name: Name,
  question: PromptMessage,
): Promise<AskedValue<Name> | undefined> {
  const asked = { ...question, parts: [...question.parts, `\n\n${STRUCTURE_REQUESTS[name]}`] };
  const first = await team.trySpeak(role, { turn: name, part: `${name} as data`, messages: [asked] });
  if (!first) return undefined;
  const reading = await readStructure(name, first.text);
  if ('value' in reading) return keep(reading.value as AskedValue<Name>);
  const repair = user(`That cannot be read: ${reading.problem} Answer again, with the corrected JSON object alone.`);
  const second = await team.trySpeak(role, {
    turn: `${name}-repair`,
    part: `${name} as data, repaired`,
    messages: [asked, assistant(textOf(first)), repair],
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
