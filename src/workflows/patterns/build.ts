/** drafts -> run -> { repair and fresh drafts -> run } while checks fail and rounds are left -> review -> the best draft */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { Failure } from '../../contract/failures';
import { compareReports, isVerified } from '../../contract/verification';
import { describe, ROUNDS, triesOf, type Candidate } from '../repairs';
import { failureOf, textOf, user, type Ask, type Team } from '../team';

/** How warm drafts beside the first are written, which is written as its role is: equal ones would show nothing. */
const DRAFTS: readonly number[] = [0.5, 0.8, 0.6, 0.9, 0.7, 1, 0.4];

/** A coder writes, the sandbox runs it, and what fails goes back; the answer is the draft that does best. */
export async function build(team: Team): Promise<string[]> {
  const { drafts = 1, rounds: most = ROUNDS } = team.definition.build ?? {};
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

async function attempt(team: Team, ask: Ask, role = 'coder'): Promise<Candidate> {
  const turn = await team.speak(role, { ...ask, withContext: true });
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
  for (const { role, ask } of triesOf(team, from, round)) {
    const candidate = await attempt(team, ask, role);
    candidates.push(candidate);
    if (isVerified(candidate.report)) break;
  }
  return candidates;
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
