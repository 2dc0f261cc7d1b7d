/** What is asked once code has failed: who writes, in which words, how warm, and in which order. */
import { patched } from '@temporalio/workflow';
import type { TurnResult } from '../contract';
import type { CheckReport } from '../contract/checks';
import { decisive, isDemanded } from '../contract/verification';
import { othersOf, type Candidate, type Try } from './candidates';
import { textOf } from './message';
import { assistant, user, type Ask, type Team } from './team';

/**
 * How a candidate comes about: it goes on from the best one, begins anew and knows what failed, or is drafted as if it were the
 * first, apart from it or by another coder.
 */
type Way = 'repair' | 'anew' | 'apart' | 'other';
/** The candidates of a round, one after the other until one passes, and how warm each is written; as its role is without a number. */
type Round = readonly (readonly [Way, number?])[];

/** Rounds at most. */
export const ROUNDS = 3;
/**
 * On HumanEval with a 1.5B model one in twelve of the repairs passed the examples of their problem, one in five of those that began
 * anew, and two in five of another coder's drafts, who is told less and writes half as much.
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
    ['anew', 0.8],
    ['apart', 1],
  ],
];
const ALONE: readonly Round[] = [
  [
    ['repair', 0.3],
    ['anew', 0.6],
  ],
  [
    ['repair', 0.5],
    ['anew', 0.7],
    ['apart', 0.8],
  ],
  [
    ['repair', 0.5],
    ['anew', 0.8],
    ['anew', 0.9],
    ['apart', 1],
  ],
];
/** Of runs that began before there were as many. */
const FEWER: readonly Round[] = [
  [['repair', 0.3]],
  [
    ['repair', 0.5],
    ['anew', 0.7],
  ],
  [
    ['repair', 0.5],
    ['anew', 0.8],
    ['anew', 0.9],
  ],
];
/** How warm another coder drafts who has drafted before. */
const AGAIN = 0.9;
/** How warm a program is written anew without what it cannot have. */
const REDUCED = 0.3;
const FAILURES_SHOWN = 3;

/** What a round tries, in this order. */
export function triesOf(team: Team, from: Candidate, round: number): Try[] {
  const alone = patched('more-fresh-drafts') ? ALONE : FEWER;
  if (!from.report.executed) return [{ role: 'coder', ask: without(team, from.report.missing ?? [], round) }];
  const others = othersOf(team);
  // they may bring no tests, so that only the request's own examples can tell whether they are right
  const mayHelp = others.length > 0 && isDemanded(from.report.checks) && patched('other-coders');
  const ways = (mayHelp ? WITH_OTHERS : alone)[round] ?? [];
  const first = mayHelp && haveDrafted(team) ? AGAIN : undefined;
  const before = WITH_OTHERS.slice(0, round).flatMap((tries) => tries.filter(([way]) => way === 'other')).length;
  const counts = { other: 0, own: 0 };
  return ways.map(([way, temperature = first]): Try => {
    const warmth = temperature === undefined ? {} : { temperature };
    if (way === 'other') {
      const at = counts.other++;
      return { role: others[(before + at) % others.length]!, ask: { ...otherDraft(team, round, at), ...warmth } };
    }
    const at = counts.own++;
    const messages = messagesOf(team, from, way);
    return { role: 'coder', ask: { ...nameOf(round, at), messages, ...warmth } };
  });
}

/** Whether the others were among those who wrote the first drafts. */
function haveDrafted({ definition }: Team): boolean {
  return (definition.build?.drafts ?? 1) > 1 && patched('drafts-agree');
}

function nameOf(round: number, at: number): Pick<Ask, 'turn' | 'part'> {
  const turn = `repair-${round + 1}${at === 0 ? '' : `-${at + 1}`}`;
  return { turn, part: at === 0 ? `repair ${round + 1}` : `fresh draft ${round + 1}.${at}` };
}

function otherDraft(team: Team, round: number, at: number): Ask {
  const number = at === 0 ? `${round + 1}` : `${round + 1}-${at + 1}`;
  return { turn: `other-${number}`, part: `draft ${number.replace('-', '.')}`, messages: [user(...team.task)] };
}

function messagesOf(team: Team, { turn, report }: Candidate, way: Exclude<Way, 'other'>) {
  if (way === 'apart') return [user(...team.task)];
  const failures = describe(report);
  // one that was cut off was too long, or a loop: who saw it would write it again
  if (turn.truncated) return beginAnew(team, `${failures}\nIt was cut off at its token limit: write less.`);
  return way === 'anew' ? beginAnew(team, failures) : goOn(team, turn, failures);
}

/** The thought stands in a comment: asked for it in a sentence before the code, a small model ends after the sentence. */
function goOn(team: Team, turn: TurnResult, failures: string) {
  return [
    user(...team.task),
    assistant(textOf(turn)),
    user(
      `Your code was executed, and it fails:\n${failures}\n\n`,
      'Answer with the whole corrected program in one code block, and nothing before it. ',
      'It begins with a comment that says what the failing case shows about the task and where the code went wrong.',
    ),
  ];
}

/** Without its earlier answer, which a small model would write again. */
function without(team: Team, missing: readonly string[], round: number): Ask {
  const messages = [
    user(
      ...team.task,
      `\n\nAn earlier attempt could not be executed: ${missing.join(', ')} is not there. Import nothing of it. `,
      'Write the core of the program in one code block, as plain functions and classes with the standard library alone, ',
      'data in memory and no server, with its tests.',
    ),
  ];
  return { ...nameOf(round, 0), messages, temperature: REDUCED };
}

function beginAnew(team: Team, failures: string) {
  return [
    user(
      ...team.task,
      `\n\nAn earlier attempt was executed and failed:\n${failures}\n\n`,
      'Do not repeat its mistake. Think about these cases first, then write a different, correct solution in one code block.',
    ),
  ];
}

/** What decides comes first, with what was got and what was expected. */
export function describe({ checks, output, killed }: CheckReport): string {
  const failed = decisive(checks).filter(({ passed }) => !passed);
  const shown = failed.slice(0, FAILURES_SHOWN).map(({ name, error }) => `- ${name}\n  ${error ?? 'failed'}`);
  const written = output.trim() && !killed ? [`It printed:\n${output.trim().slice(-500)}`] : [];
  return [...shown, ...written].join('\n');
}
