/** What turns have written is executed: against the demands of the request, and beside what others have written. */
import type { Agreement, CheckReport, RunScope, SwarmRunInput, TurnResult } from '../contract';
import { compareDrafts, verifyCode } from './activities';
import { textOf } from './message';
import type { Show } from './team';

export function execute(input: SwarmRunInput, turn: TurnResult, show: Show): Promise<CheckReport> {
  show(turn.label, 'executing');
  const { checks } = input.swarm;
  const request = { ...orderOf(input), ...textOf(turn), ...(checks ? { checks } : {}) };
  return verifyCode.executeWithOptions({ summary: `${turn.label} · executed` }, [request]);
}

export function compare(input: SwarmRunInput, drafts: readonly TurnResult[]): Promise<Agreement> {
  const request = { ...orderOf(input), drafts: drafts.map(textOf) };
  return compareDrafts.executeWithOptions({ summary: `${drafts.length} drafts · compared` }, [request]);
}

/** What a person has written holds demands; what turns have written, such as faults that a review has found, does not. */
function orderOf({ run_id, session_id, team_id, stage, message }: SwarmRunInput): RunScope & { request: string } {
  return { run_id, session_id, team_id, request: stage?.request ?? message };
}
