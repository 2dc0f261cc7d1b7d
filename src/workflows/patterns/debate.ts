/** voices in parallel -> (again, each seeing the other answers without names, until they agree or rounds run out) -> judge -> structures */
import type { z } from 'zod';
import { AGREED, measureAgreement } from '../../answers/agreement';
import { JUDGE_QUESTION, POSITION_LINE, REBUTTAL } from '../../contract/prompts';
import { findRoundFault } from '../../contract/turn-names';
import { shuffle } from '../../answers/shuffle';
import type { DebateRecord, PromptMessage, TurnResult } from '../../contract';
import { makeDebateRecord, writeDebateReport, type Round } from '../debate-record';
import { gather, answerPolicyOptions, resolveAnswerPolicy, type AnswerPolicy } from '../gather';
import { toTextReference } from '../message';
import { noneLeft } from '../none-left';
import { definePattern, type Opener, type Zod } from '../pattern';
import { askForStructure } from '../structures';
import { assistant, user, type Team } from '../team';
import type { Invitation } from '../turn-request';

/** The judge's role; all other roles are voices. */
const JUDGE = 'moderator';
/** Twice the number of words that the prompt asks for, because tokens per word differ between languages. */
const REBUTTAL_TOKENS = 400;

/** Options of a debate. Defaults: the answer policy of a panel, two rounds, and full agreement of the stances. */
const options = (z: Zod) =>
  z.object({
    ...answerPolicyOptions(z),
    /** Maximum number of rounds: one of opening answers, the others of replies to one another. */
    rounds: z.number().int().min(1).max(10).optional(),
    /** The agreement, 0 to 1, at which the debate ends early. */
    agree_at: z.number().min(0).max(1).optional(),
  });
export type DebateOptions = z.infer<ReturnType<typeof options>>;

/** Names of the moderator's own turns. */
const MODERATOR_TURNS = ['summary', 'judge', 'critic', 'judge-repair', 'critic-repair'];
const ROUNDS = 2;

const listVoices = (roles: readonly string[]) => roles.filter((role) => role !== JUDGE);

export const debate = definePattern({
  name: 'debate',
  roles: {
    needed: [JUDGE],
    atLeast: 3,
    description: '`moderator` judges; all others are voices.',
    findNameFault(name) {
      if (MODERATOR_TURNS.includes(name)) return `"${name}" is the name of a turn of the moderator`;
      return findRoundFault(name);
    },
  },
  options,
  listSteps: (roles, { rounds = ROUNDS }) => [
    { step: 'respond', roles: listVoices(roles), rounds: { least: 1, most: rounds } },
    { step: 'summary', roles: [JUDGE] },
  ],
  open,
  lead,
});

function open(team: Opener, roles: readonly string[]): Invitation[] {
  return listVoices(roles).map((role) => ({
    role,
    ask: { step: 'respond', turn: role, round: 1, messages: [questionTo(team, role)], withContext: true },
  }));
}

/**
 * Voices answer in parallel on their own models, then reply to one another until they agree or the rounds run out. A voice that fails or
 * is late is recorded as missing, and the debate continues with the others. The judge writes the summary.
 */
async function lead(team: Team, roles: string[], given: DebateOptions): Promise<string[]> {
  const voices = listVoices(roles);
  const options = resolveOptions(given, voices);
  const rounds = [await takeOpenings(team, roles, options)];
  const agreement = [agreementAfter(rounds)];
  while (needsAnotherRound(rounds, agreement.at(-1)!, options)) {
    rounds.push(await rebuttals(team, rounds, options));
    agreement.push(agreementAfter(rounds));
  }
  const record = makeDebateRecord(team, voices, rounds, agreement, options);
  team.conclude({ debate: record });
  const summary = await judge(team, rounds, record);
  return [...[...lastWords(rounds).values()].map(({ turn }) => turn), summary.turn];
}

interface Options extends AnswerPolicy {
  rounds: number;
  agree_at: number;
}

function resolveOptions(given: DebateOptions, voices: string[]): Options {
  return {
    ...resolveAnswerPolicy(voices.length, given),
    rounds: given.rounds ?? ROUNDS,
    agree_at: given.agree_at ?? AGREED,
  };
}

/** Whether the voices answer each other once more: they disagree, rounds are left, and so is more than one voice. */
function needsAnotherRound(rounds: Round[], agreement: number, options: Options): boolean {
  return agreement < options.agree_at && rounds.length < options.rounds && lastWords(rounds).size > 1;
}

async function takeOpenings(team: Team, roles: readonly string[], options: Options): Promise<Round> {
  const round = await gather(team, open(team, roles), options);
  if (round.answers.size === 0) throw noneLeft(round.missing, 'No voice could be heard.');
  return round;
}

/** Prompts of user-defined voices may not ask for the POSITION line, from which agreement is measured. */
function questionTo({ definition, task }: Opener, role: string): PromptMessage {
  const { system = '', reminder = '' } = definition.roles[role] ?? {};
  const isAsked = `${system}${reminder}`.includes('POSITION');
  return user(...task, ...(isAsked ? [] : [`\n\n${POSITION_LINE}`]));
}

/** Each voice sees its own last answer as its own message, and the others' under letters, in an order that does not reveal the role. */
async function rebuttals(team: Team, rounds: Round[], options: Options): Promise<Round> {
  const number = rounds.length + 1;
  const spoken = lastWords(rounds);
  const asks = [...spoken].map(([role, own]) => {
    const others = [...spoken.values()].filter((turn) => turn !== own);
    const answer = writeRebuttal(shuffle(others, `${own.text}${number}`));
    const messages = [questionTo(team, role), assistant(toTextReference(own)), answer];
    const part = `round ${number}`;
    const turn = { step: 'respond', turn: `${role}-${number}`, round: number };
    return { role, ask: { ...turn, part, messages, withContext: true, maxTokens: REBUTTAL_TOKENS } };
  });
  return gather(team, asks, options);
}

function writeRebuttal(others: TurnResult[]): PromptMessage {
  const letters = others.flatMap((turn, i) => [`\n\n# Voice ${String.fromCharCode(65 + i)}\n`, toTextReference(turn)]);
  return user('Others have answered the same question:', ...letters, `\n\n${REBUTTAL}`);
}

async function judge(team: Team, rounds: Round[], record: DebateRecord): Promise<TurnResult> {
  const spoken = [...lastWords(rounds).values()];
  const summary = await team.speak(JUDGE, {
    step: 'summary',
    messages: [
      user(
        '# Question\n',
        ...team.task,
        ...spoken.flatMap((voice) => [
          `\n\n# ${team.definition.roles[voice.role]?.label ?? voice.role}\n`,
          toTextReference(voice),
        ]),
        `\n\n# What was measured\n${writeDebateReport(record)}`,
        team.closing ? `\n\n${team.closing}` : '',
      ),
    ],
  });
  const question = user(`${JUDGE_QUESTION}\n\n`, toTextReference(summary));
  if (team.closing) await askForStructure(team, { role: JUDGE, name: 'critic', question });
  await askForStructure(team, { role: JUDGE, name: 'judge', question });
  return summary;
}

/** The last answer of every voice that has answered in any round, in the order of the roles. */
function lastWords(rounds: Round[]): Map<string, TurnResult> {
  return new Map(rounds.flatMap(({ answers }) => [...answers]));
}

function agreementAfter(rounds: Round[]): number {
  return measureAgreement([...lastWords(rounds).values()].map(({ text }) => text));
}
