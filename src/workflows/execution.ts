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

/** A longer request is read at both ends: what it is about stands there, and an activity's input has a limit. UTF-16 units. */
const MOST_READ = 200_000;

/** What a person has written holds demands; what turns have written, such as faults that a review has found, does not. */
function orderOf({ run_id, session_id, team_id, stage, message }: SwarmRunInput): RunScope & { request: string } {
  const request = stage?.request ?? message;
  const half = MOST_READ / 2;
  const read = request.length > MOST_READ ? `${request.slice(0, half)}\n${request.slice(-half)}` : request;
  return { run_id, session_id, team_id, request: read };
}
