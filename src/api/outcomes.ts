/** Reads how a workflow ended into the words of the contract, and results into the replies that clients get. */
import type { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { isFailureCode, type Failure } from '../contract/failures';
import { describeVerification } from '../contract/verification';
import { totalsOf } from '../contract/totals';
import { MULTI } from '../contract/names';
import type { RunResult, StageResult, SwarmResult } from '../contract';

/** Our code and sentence for a workflow that did not complete. */
export function failureOf({ cause, message }: WorkflowFailedError): Failure {
  if (cause instanceof CancelledFailure) return { code: 'CANCELLED', message: 'The run was cancelled.' };
  if (cause instanceof ApplicationFailure && isFailureCode(cause.type))
    return { code: cause.type, message: cause.message };
  if (cause instanceof TerminatedFailure)
    return { code: 'TERMINATED', message: `The run was terminated${cause.message ? `: ${cause.message}` : ''}.` };
  return { code: 'INTERNAL', message: cause?.message ?? message };
}

/** How a run that did not complete ended. */
export function failedOutcome(error: WorkflowFailedError): { status: 'cancelled' | 'failed'; failure: Failure } {
  return { status: error.cause instanceof CancelledFailure ? 'cancelled' : 'failed', failure: failureOf(error) };
}

/** What a run that failed had finished: it stands in the failure's details. Temporal keeps none of a cancelled or terminated one. */
export function detailsOf({ cause }: WorkflowFailedError): SwarmResult | undefined {
  return cause instanceof ApplicationFailure ? (cause.details?.[0] as SwarmResult | undefined) : undefined;
}

/** The reply of a run that completed: its responses, and beside them what each turn was and took. */
export function toReply({ team_id, session_id, run_id, status, stages, ...result }: RunResult) {
  return {
    team_id,
    session_id,
    run_id,
    status,
    ...answersOf(result),
    verification: result.verification ?? null,
    ...(stages ? { stages } : {}),
    ...(team_id === MULTI ? { results: resultsOf(result, stages ?? []) } : {}),
  };
}

/** By swarm what it answered and which model spoke, or why it did not. */
function resultsOf({ turns }: Pick<SwarmResult, 'turns'>, stages: StageResult[]) {
  const own = stages.filter(({ stage }) => !stage.includes('/'));
  return Object.fromEntries(
    own.map(({ stage, team_id: team, answer, failure }) => {
      const turn = turns.find((one) => one.turn === answer);
      return [stage, turn ? { content: turn.text, model: turn.model, team } : { error: failure }];
    }),
  );
}

/** What a reply has of a result, also of one that is not whole. */
export function answersOf(result: SwarmResult) {
  const { turns, answers, failures, structures, verification } = result;
  const responses = answers.flatMap((id) => {
    const text = turns.find(({ turn }) => turn === id)?.text;
    if (text === undefined) return [];
    return verification?.turn === id ? `${text.trimEnd()}\n\n${describeVerification(verification)}` : text;
  });
  const { usage, cost_usd } = totalsOf(result);
  return { responses, answers, turns, failures, usage, cost_usd, ...structures };
}
