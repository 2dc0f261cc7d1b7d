/** The turns that follow failing code: which role, prompt and temperature, and in which order. */
import type { TurnResult } from '../contract';
import type { CheckReport } from '../contract/checks';
import { countChecks, decisive, isDemanded } from '../contract/verification';
import { listFurtherCoders, type DraftCandidate } from './candidates';
import { toTextReference } from './message';
import { assistant, user, type Ask, type Team } from './team';
import type { Invitation } from './turn-request';

/**
 * How a candidate is written: `repair` corrects the best one, `restart` starts over knowing what failed, `apart` and `other` draft as if
 * for the first time, by the coder or by another coder.
 */
type Way = 'repair' | 'restart' | 'apart' | 'other';
/** The candidates of a round, tried in order until one passes, with the temperature of each; default: the role's temperature. */
type Round = readonly (readonly [Way, number?])[];

/** Maximum number of rounds. */
export const ROUNDS = 3;
/**
 * On HumanEval with a 1.5B model, 1 in 12 repairs passed the examples of their problem, 1 in 5 restarts, and 2 in 5 drafts of another
 * coder, whose prompt is shorter and who writes half as much.
 */
const WITH_OTHERS: readonly Round[] = [
  [['other'], ['repair', 0.3]],
  [
    ['other', 0.8],
    ['other', 0.85],
    ['repair', 0.5],
    ['apart', 0.8],
  ],
  [
    ['other', 0.75],
    ['other', 1],
    ['restart', 0.8],
    ['apart', 1],
  ],
];
const ALONE: readonly Round[] = [
  [
    ['repair', 0.3],
    ['restart', 0.6],
  ],
  [
    ['repair', 0.5],
    ['restart', 0.7],
    ['apart', 0.8],
  ],
  [
    ['repair', 0.5],
    ['restart', 0.8],
    ['restart', 0.9],
    ['apart', 1],
  ],
];
/** Temperature of another coder that has already drafted. */
const AGAIN = 0.9;
/** Temperature of a rewrite without unavailable dependencies. */
const REDUCED = 0.3;
const FAILURES_SHOWN = 3;

/** The tries of a round, in order. `othersDrafted`: whether other coders wrote some of the first drafts. */
export function listRepairTries(team: Team, from: DraftCandidate, round: number, othersDrafted: boolean): Invitation[] {
  if (!from.report.executed) return [{ role: 'coder', ask: without(team, from.report.missing ?? [], round) }];
  const others = listFurtherCoders(Object.keys(team.definition.roles));
  // other coders may write no tests, so only the request's examples can show whether their code is right
  const mayHelp = others.length > 0 && isDemanded(from.report);
  const ways = (mayHelp ? WITH_OTHERS : ALONE)[round] ?? [];
  const first = mayHelp && othersDrafted ? AGAIN : undefined;
  const before = WITH_OTHERS.slice(0, round).flatMap((tries) => tries.filter(([way]) => way === 'other')).length;
  const counts = { other: 0, own: 0 };
  return ways.map(([way, temperature = first]): Invitation => {
    const warmth = temperature === undefined ? {} : { temperature };
    if (way === 'other') {
      const at = counts.other++;
      return { role: others[(before + at) % others.length]!, ask: { ...otherDraft(team, round, at), ...warmth } };
    }
    const at = counts.own++;
    const messages = writeMessages(team, from, way);
    return { role: 'coder', ask: { ...nameRepair(round, at), messages, ...warmth } };
  });
}

function nameRepair(round: number, at: number): Omit<Ask, 'messages'> {
  const turn = `repair-${round + 1}${at === 0 ? '' : `-${at + 1}`}`;
  return { ...placeRepair(round), turn, part: at === 0 ? `repair ${round + 1}` : `fresh draft ${round + 1}.${at}` };
}

function placeRepair(round: number) {
  return { step: 'repair', round: round + 1, yields: 'draft' } as const;
}

function otherDraft(team: Team, round: number, at: number): Ask {
  const number = at === 0 ? `${round + 1}` : `${round + 1}-${at + 1}`;
  const part = `draft ${round + 1}${at === 0 ? '' : `.${at + 1}`}`;
  return { ...placeRepair(round), turn: `other-${number}`, part, messages: [user(...team.task)] };
}

function writeMessages(team: Team, { turn, report }: DraftCandidate, way: Exclude<Way, 'other'>) {
  if (way === 'apart') return [user(...team.task)];
  const failures = describe(report);
  // a program cut off at its limit was too long or looped; a model that sees it would write it again
  if (turn.truncated) return startAgain(team, `${failures}\nIt was cut off at its token limit: write less.`);
  return way === 'restart' ? startAgain(team, failures) : goOn(team, turn, failures);
}

/** Asks for the reasoning in a code comment: asked for a sentence before the code, a small model stops after that sentence. */
function goOn(team: Team, turn: TurnResult, failures: string) {
  return [
    user(...team.task),
    assistant(toTextReference(turn)),
    user(
      `Your code was executed, and it fails:\n${failures}\n\n`,
      'Answer with the whole corrected program in one code block, and nothing before it. ',
      'It begins with a comment that says what the failing case shows about the task and where the code went wrong.',
    ),
  ];
}

/** Omits the earlier answer, because a small model would repeat it. */
function without(team: Team, missing: readonly string[], round: number): Ask {
  const messages = [
    user(
      ...team.task,
      `\n\nAn earlier attempt could not be executed: ${missing.join(', ')} is not there. Import nothing of it. `,
      'Write the core of the program in one code block, as plain functions and classes with the standard library alone, ',
      'data in memory and no server, with its tests.',
    ),
  ];
  return { ...nameRepair(round, 0), messages, temperature: REDUCED };
}

function startAgain(team: Team, failures: string) {
  return [
    user(
      ...team.task,
      `\n\nAn earlier attempt was executed and failed:\n${failures}\n\n`,
      'Do not repeat its mistake. Think about these cases first, then write a different, correct solution in one code block.',
    ),
  ];
}

/** The failures of the deciding checks, with their errors; then counts, limits and output. */
export function describe(report: CheckReport): string {
  const { output, killed } = report;
  const failed = decisive(report).filter(({ passed }) => !passed);
  const shown = failed.slice(0, FAILURES_SHOWN).map(({ name, error }) => `- ${name}\n  ${error ?? 'failed'}`);
  const { failed: count, total } = countChecks(report);
  const counted = count > failed.length ? [`- ${count} of ${total} checks fail`] : [];
  const stopped = killed && failed.length === 0 ? [`- It was stopped at its limit of ${killed}.`] : [];
  const written = output.trim() && !killed ? [`It printed:\n${output.trim().slice(-500)}`] : [];
  return [...shown, ...counted, ...stopped, ...written].join('\n');
}
