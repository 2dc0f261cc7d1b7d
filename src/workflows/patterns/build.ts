/** drafts -> run -> { repair and fresh drafts -> run } while checks fail and rounds are left -> review -> the best draft */
import { CancellationScope, isCancellation, patched } from '@temporalio/workflow';
import type { TurnResult } from '../../contract';
import type { CheckReport } from '../../contract/checks';
import type { Failure } from '../../contract/failures';
import { compareReports, decisive, isVerified } from '../../contract/verification';
import { assistant, failureOf, textOf, user, type Ask, type Team } from '../team';

/** How warm drafts beside the first are written, which is written as its role is: equal ones would show nothing. */
const DRAFTS: readonly number[] = [0.5, 0.8, 0.6, 0.9, 0.7, 1, 0.4];
/**
 * How a candidate comes about: it goes on from the best one, begins anew and knows what failed, or is drafted as if it were the
 * first. On HumanEval with a 1.5B model one in five that began anew passed its checks, and one in twelve that went on.
 */
type Way = 'repair' | 'anew' | 'apart';
/** By round: the candidates, one after the other until one passes, and how warm each is written. */
const ROUNDS: readonly (readonly [Way, number][])[] = [
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
const FEWER: typeof ROUNDS = [
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
const FAILURES_SHOWN = 3;

interface Candidate {
  turn: TurnResult;
  report: CheckReport;
}

/** A coder writes, the sandbox runs it, and what fails goes back; the answer is the draft that does best. */
export async function build(team: Team): Promise<string[]> {
  const { drafts = 1, rounds: most = ROUNDS.length } = team.definition.build ?? {};
  const candidates = await draft(team, drafts);
  let rounds = 0;
  for (; rounds < most && mayImprove(best(candidates), rounds); rounds++) {
    candidates.push(...(await repair(team, best(candidates), rounds)));
  }
  const chosen = best(candidates);
  team.verified({ ...chosen.report, passed: isVerified(chosen.report), turn: chosen.turn.turn, rounds });
  await review(team, chosen);
  return [chosen.turn.turn];
}

const OUTDONE: Failure = { code: 'CUT_OFF', message: 'Another draft had passed all checks.' };

/** Written at the same time, and executed; once one passes all checks the others are stopped. One that fails is named. */
async function draft(team: Team, count: number): Promise<Candidate[]> {
  const messages = [user(...team.task)];
  const first: Ask = { turn: 'draft', part: 'draft', messages };
  if (count === 1) return [await attempt(team, first)];
  const others = DRAFTS.slice(0, count - 1).map((temperature, i): Ask => {
    return { turn: `draft-${i + 2}`, part: `draft ${i + 2}`, messages, temperature };
  });
  const scope = new CancellationScope();
  const write = async (ask: Ask) => {
    const candidate = await attempt(team, ask);
    if (isVerified(candidate.report)) scope.cancel();
    return candidate;
  };
  const asks = [first, ...others];
  const outcomes = await scope.run(() => Promise.allSettled(asks.map(write)));
  const written = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.status === 'rejected') outlive(team, asks[i]!, outcome.reason, written);
  }
  return written;
}

/** Notes a draft that did not come about; throws what must end the run, or leaves it with nothing. */
function outlive(team: Team, ask: Ask, error: unknown, written: Candidate[]): void {
  const failure = failureOf(error);
  const mayNotGoOn = CancellationScope.current().consideredCancelled || failure.code === 'APPROVAL_REFUSED';
  if (mayNotGoOn || written.length === 0) throw error;
  // one that was stopped while its code was executed has its answer
  const isWritten = team.result([]).turns.some(({ turn }) => turn === ask.turn);
  if (!isWritten) team.note('coder', ask, isCancellation(error) ? OUTDONE : failure);
}

async function attempt(team: Team, ask: Ask): Promise<Candidate> {
  const turn = await team.speak('coder', { ...ask, withContext: true });
  return { turn, report: await team.verify(turn) };
}

/** Of equals the earlier one. */
function best(candidates: readonly Candidate[]): Candidate {
  return [...candidates].sort((a, b) => compareReports(a.report, b.report))[0]!;
}

/** What could not be executed is not improved by trying again, except once, where nobody asked for what it lacks here. */
function mayImprove({ report }: Candidate, rounds: number): boolean {
  return report.executed ? !isVerified(report) : rounds === 0 && report.avoidable === true;
}

async function repair(team: Team, from: Candidate, round: number): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  const tries = (patched('more-fresh-drafts') ? ROUNDS : FEWER)[round] ?? [];
  for (const [i, [way, temperature]] of (from.report.executed ? tries : tries.slice(0, 1)).entries()) {
    const name = `repair-${round + 1}${i === 0 ? '' : `-${i + 1}`}`;
    const messages = ask(team, from, way);
    const part = `${i === 0 ? 'repair' : 'fresh draft'} ${round + 1}${i === 0 ? '' : `.${i}`}`;
    const candidate = await attempt(team, { turn: name, part, messages, temperature });
    candidates.push(candidate);
    if (isVerified(candidate.report)) break;
  }
  return candidates;
}

function ask(team: Team, { turn, report }: Candidate, way: Way) {
  if (!report.executed) return doWithout(team, report.missing ?? []);
  if (way === 'apart') return [user(...team.task)];
  const failures = describe(report);
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
function doWithout(team: Team, missing: readonly string[]) {
  return [
    user(
      ...team.task,
      `\n\nAn earlier attempt could not be executed: ${missing.join(', ')} is not there. Import nothing of it. `,
      'Write the core of the program in one code block, as plain functions and classes with the standard library alone, ',
      'data in memory and no server, with its tests.',
    ),
  ];
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
function describe({ checks, output, killed }: CheckReport): string {
  const failed = decisive(checks).filter(({ passed }) => !passed);
  const shown = failed.slice(0, FAILURES_SHOWN).map(({ name, error }) => `- ${name}\n  ${error ?? 'failed'}`);
  const written = output.trim() && !killed ? [`It printed:\n${output.trim().slice(-500)}`] : [];
  return [...shown, ...written].join('\n');
}

/** What ran and passed needs a short word only; what did not is explained. The review changes nothing that was executed. */
async function review(team: Team, { turn, report }: Candidate): Promise<void> {
  const passed = isVerified(report);
  const found = report.executed
    ? passed
      ? 'The code was executed and its checks pass. Answer with the verdict line and one sentence.'
      : `The code was executed and fails:\n${describe(report)}`
    : `The code was not executed. ${report.reason ?? ''}`;
  await team.trySpeak('reviewer', {
    turn: 'review',
    messages: [user('# Task\n', ...team.task, '\n\n# Code\n', textOf(turn), `\n\n# Execution\n${found}`)],
    ...(passed ? { maxTokens: 60 } : {}),
  });
}
