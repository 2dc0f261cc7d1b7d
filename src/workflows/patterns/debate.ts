/** voices at once -> (the same, each seeing the others without names, while they disagree and rounds are left) -> judge -> structures */
import { patched } from '@temporalio/workflow';
import { AGREED, agreementOf, readExactPosition, readPosition, type ReadPosition } from '../../contract/agreement';
import { JUDGE_QUESTION, POSITION_LINE, REBUTTAL } from '../../contract/prompts';
import { shuffle } from '../../contract/shuffle';
import type { DebateRecord, PromptMessage, TurnResult } from '../../contract';
import { recordOf, reportOf, type Round } from '../debate-record';
import { gather, hearingOf, type Hearing } from '../gather';
import { textOf } from '../message';
import { noneLeft } from '../none-left';
import { askForStructure } from '../structures';
import { assistant, user, type Team } from '../team';
import { debateOneRound } from './debate-one-round';

/** The role that judges; all others are voices. */
const JUDGE = 'moderator';
/** The words that are asked for, twice over: languages differ in how many tokens a word takes. */
const REBUTTAL_TOKENS = 400;

/**
 * Voices answer in parallel on their own models, and then each other, until they agree or the rounds end. A voice that fails or is late
 * is named, and the debate goes on with the others. The judge writes what came of it.
 */
export async function debate(team: Team, roles: string[]): Promise<string[]> {
  if (!patched('debate-rounds')) return debateOneRound(team);
  const voices = roles.filter((role) => role !== JUDGE);
  const options = optionsOf(team, voices);
  const rounds = [await openings(team, voices, options)];
  const agreement = [agreementAfter(rounds, options)];
  while (agreement.at(-1)! < options.agree_at && rounds.length < options.rounds && lastWords(rounds).size > 1) {
    rounds.push(await rebuttals(team, rounds, options));
    agreement.push(agreementAfter(rounds, options));
  }
  const record = recordOf(team, voices, rounds, agreement, options);
  team.conclude({ debate: record });
  const summary = await judge(team, rounds, record);
  return [...[...lastWords(rounds).values()].map(({ turn }) => turn), summary.turn];
}

interface Options extends Hearing {
  rounds: number;
  agree_at: number;
  read: ReadPosition;
}

function optionsOf({ definition: { debate: given = {} } }: Team, voices: string[]): Options {
  return {
    ...hearingOf(voices.length, given),
    rounds: given.rounds ?? 2,
    agree_at: given.agree_at ?? AGREED,
    read: patched('positions-in-other-words') ? readPosition : readExactPosition,
  };
}

async function openings(team: Team, voices: string[], options: Options): Promise<Round> {
  const asks = voices.map((role) => ({
    role,
    ask: { turn: role, messages: [questionTo(team, role)], withContext: true },
  }));
  const round = await gather(team, asks, options);
  if (round.heard.size === 0) throw noneLeft(round.missing, 'No voice could be heard.');
  return round;
}

/** Somebody's own voices may know nothing of the line that they are measured by. */
function questionTo({ definition, task }: Team, role: string): PromptMessage {
  const { system = '', reminder = '' } = definition.roles[role] ?? {};
  const isAsked = `${system}${reminder}`.includes('POSITION');
  return user(...task, ...(isAsked ? [] : [`\n\n${POSITION_LINE}`]));
}

/** Each voice sees its own last words as its own, and those of the others under letters, in an order that tells nothing. */
async function rebuttals(team: Team, rounds: Round[], options: Options): Promise<Round> {
  const number = rounds.length + 1;
  const spoken = lastWords(rounds);
  const asks = [...spoken].map(([role, own]) => {
    const others = [...spoken.values()].filter((turn) => turn !== own);
    const answer = rebuttalOf(shuffle(others, `${own.text}${number}`));
    const messages = [questionTo(team, role), assistant(textOf(own)), answer];
    const part = `round ${number}`;
    return { role, ask: { turn: `${role}-${number}`, part, messages, withContext: true, maxTokens: REBUTTAL_TOKENS } };
  });
  return gather(team, asks, options);
}

function rebuttalOf(others: TurnResult[]): PromptMessage {
  const letters = others.flatMap((turn, i) => [`\n\n# Voice ${String.fromCharCode(65 + i)}\n`, textOf(turn)]);
  return user('Others have answered the same question:', ...letters, `\n\n${REBUTTAL}`);
}

async function judge(team: Team, rounds: Round[], record: DebateRecord): Promise<TurnResult> {
  const spoken = [...lastWords(rounds).values()];
  const summary = await team.speak(JUDGE, {
    turn: 'summary',
    messages: [
      user(
        '# Question\n',
        ...team.task,
        ...spoken.flatMap((voice) => [
          `\n\n# ${team.definition.roles[voice.role]?.label ?? voice.role}\n`,
          textOf(voice),
        ]),
        `\n\n# What was measured\n${reportOf(record)}`,
        team.closing ? `\n\n${team.closing}` : '',
      ),
    ],
  });
  const question = user(`${JUDGE_QUESTION}\n\n`, textOf(summary));
  if (team.closing) await askForStructure(team, { role: JUDGE, name: 'critic', question });
  await askForStructure(team, { role: JUDGE, name: 'judge', question });
  return summary;
}

/** The last words of every voice that was ever heard, in the order of the roles. */
function lastWords(rounds: Round[]): Map<string, TurnResult> {
  return new Map(rounds.flatMap(({ heard }) => [...heard]));
}

function agreementAfter(rounds: Round[], { read }: Options): number {
  return agreementOf(
    [...lastWords(rounds).values()].map(({ text }) => text),
    read,
  );
}
