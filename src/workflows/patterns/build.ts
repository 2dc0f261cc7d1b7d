/** drafts -> run -> { repair and fresh drafts -> run } while checks fail and rounds are left -> review (as data, where it is read so) -> the best draft */
import { isTested, isVerified } from '../../contract/verification';
import { attempt, best, type Candidate } from '../candidates';
import { draft } from '../drafts';
import { textOf } from '../message';
import { describe, ROUNDS, triesOf } from '../repairs';
import { askForFindings } from '../structures';
import { user, type Team } from '../team';

/** A coder writes, the sandbox runs it, and what fails goes back; the answer is the draft that does best. */
export async function build(team: Team): Promise<string[]> {
  const { drafts = 1, rounds: most = ROUNDS } = team.definition.build ?? {};
  const { candidates, elected } = await draft(team, drafts);
  let rounds = 0;
  for (; !elected && rounds < most && mayImprove(best(candidates), rounds); rounds++) {
    await repair(team, candidates, rounds);
  }
  const chosen = elected ?? best(candidates);
  const { turn, report } = chosen;
  const agreement = elected && { agreement: elected.agreement };
  team.verified({ ...report, passed: isVerified(report), turn: turn.turn, rounds, ...agreement });
  await review(team, chosen);
  return [turn.turn];
}

/** What could not be executed is not improved by trying again, except once, where nobody asked for what it lacks here. */
function mayImprove({ report }: Candidate, rounds: number): boolean {
  return report.executed ? !isVerified(report) : rounds === 0 && report.avoidable === true;
}

/** Adds candidates until the best one passes. */
async function repair(team: Team, candidates: Candidate[], round: number): Promise<void> {
  for (const given of triesOf(team, best(candidates), round)) {
    candidates.push(await attempt(team, given));
    if (isVerified(best(candidates).report)) break;
  }
}

/** What ran and passed needs a short word only; what did not is explained. The review changes nothing that was executed. */
async function review(team: Team, { turn, report }: Candidate): Promise<void> {
  const passed = isVerified(report);
  const found = report.executed
    ? passed
      ? `The code was executed${isTested(report) ? ' and its checks pass' : '; nothing tests it'}. Answer with the verdict line and one sentence.`
      : `The code was executed and fails:\n${describe(report)}`
    : `The code was not executed. ${report.reason ?? ''}`;
  const spoken = await team.speakAfterwards('reviewer', {
    turn: 'review',
    messages: [user('# Task\n', ...team.task, '\n\n# Code\n', textOf(turn), `\n\n# Execution\n${found}`)],
    ...(passed ? { maxTokens: 60 } : {}),
  });
  await askForFindings(team, spoken);
}
