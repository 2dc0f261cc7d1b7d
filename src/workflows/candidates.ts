/** Programs that were written and executed. */
import { patched } from '@temporalio/workflow';
import type { TurnResult } from '../contract';
import type { CheckReport } from '../contract/checks';
import { compareReports, isTested } from '../contract/verification';
import type { Ask, Team } from './team';

export interface Candidate {
  turn: TurnResult;
  report: CheckReport;
}

/** One thing to try, and who does it. */
export interface Try {
  role: string;
  ask: Ask;
}

export async function attempt(team: Team, { role, ask }: Try): Promise<Candidate> {
  const turn = await team.speak(role, { ...ask, withContext: true });
  return { turn, report: await team.verify(turn) };
}

/** Of equals the earlier one. One that nothing was put to is not better than those that were tested: it may have dropped its tests. */
export function best(candidates: readonly Candidate[]): Candidate {
  const tested = candidates.filter(({ report }) => isTested(report));
  const among = tested.length > 0 && patched('tested-first') ? tested : candidates;
  return [...among].sort((a, b) => compareReports(a.report, b.report))[0]!;
}

/** Everybody but the two whom the pattern needs: coders who write beside the first. */
export function othersOf({ definition }: Team): string[] {
  return Object.keys(definition.roles).filter((role) => role !== 'coder' && role !== 'reviewer');
}
