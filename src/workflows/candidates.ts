/** Candidate programs: written by a turn and executed. */
import type { TurnResult } from '../contract';
import type { CheckReport } from '../contract/checks';
import { compareReports, isTested } from '../contract/verification';
import type { Team } from './team';
import type { Invitation } from './turn-request';

export interface DraftCandidate {
  turn: TurnResult;
  report: CheckReport;
}

export async function takeCandidate(team: Team, invitation: Invitation): Promise<DraftCandidate> {
  const { role, ask } = inviteCandidate(invitation);
  const turn = await team.speak(role, ask);
  return { turn, report: await team.verify(turn) };
}

/** The turn that writes a candidate: it sees the session's conversation. */
export function inviteCandidate({ role, ask }: Invitation): Invitation {
  return { role, ask: { ...ask, withContext: true } };
}

/** The best candidate; on a tie the earlier one. Untested candidates lose to tested ones, because they may have dropped their tests. */
export function best(candidates: readonly DraftCandidate[]): DraftCandidate {
  const tested = candidates.filter(({ report }) => isTested(report));
  const among = tested.length > 0 ? tested : candidates;
  return [...among].sort((a, b) => compareReports(a.report, b.report))[0]!;
}

/** Roles other than the two that the pattern requires: these are additional coders. */
export function listFurtherCoders(roles: readonly string[]): string[] {
  return roles.filter((role) => role !== 'coder' && role !== 'reviewer');
}
