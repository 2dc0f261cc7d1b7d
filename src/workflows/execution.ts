/** Executes the code of turns: against the checks of the request, and in comparison with other drafts. */
import type { Agreement, CheckReport, RunScope, SwarmRunInput, TurnResult } from '../contract';
import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import { codeActivities } from './activities';
import { describeFailure } from './failures';
import { toTextReference } from './message';
import type { Show } from './team';

export function execute(input: SwarmRunInput, turn: TurnResult, show: Show): Promise<CheckReport> {
  show(turn.label, 'executing');
  const { checks } = input.swarm;
  const request = { ...makeExecutionRequest(input), ...toTextReference(turn), ...(checks ? { checks } : {}) };
  return codeActivities()
    .verifyCode.executeWithOptions({ summary: `${turn.label} · executed` }, [request])
    .catch(notExecuted);
}

/** The report when all attempts of the activity died. Other failures are rethrown; the caller restores a lost text. */
function notExecuted(error: unknown): CheckReport {
  if (!(error instanceof ActivityFailure) || isCancellation(error) || describeFailure(error).code !== 'INTERNAL')
    throw error;
  const reason = 'No worker could execute it; the logs of the workers say why.';
  return { language: '', executed: false, reason, passed: false, checks: [], output: '', ms: 0 };
}

export function compare(input: SwarmRunInput, drafts: readonly TurnResult[]): Promise<Agreement> {
  const request = { ...makeExecutionRequest(input), drafts: drafts.map(toTextReference) };
  return codeActivities().compareDrafts.executeWithOptions({ summary: `${drafts.length} drafts · compared` }, [
    request,
  ]);
}

/** UTF-16 units. Of a longer request only both ends are read, which usually hold the task: an activity's input is limited. */
const MOST_READ = 200_000;

/** Checks come only from text that a person has written, not from turns' text, such as faults found by a review. */
function makeExecutionRequest({
  run_id,
  session_id,
  team_id,
  stage,
  message,
}: SwarmRunInput): RunScope & { request: string } {
  const request = stage?.request ?? message;
  const half = MOST_READ / 2;
  const read = request.length > MOST_READ ? `${request.slice(0, half)}\n${request.slice(-half)}` : request;
  return { run_id, session_id, team_id, request: read };
}
