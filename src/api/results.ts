/** Converts the outcome of a workflow to terms of the contract, and results to the replies of the API. */
import type { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { isFailureCode, type Failure } from '../contract/failures';
import { describeVoice } from '../answers/debate-responses';
import { failureNotice } from '../events/frames';
import { withVerification } from '../contract/verification';
import { sumTotals } from '../events/totals';
import { MULTI, TASK_FAILED } from '../contract/names';
import type { RunResult, RunScope, StageResult, SwarmResult } from '../contract';
import type { RunReply } from '../contract/replies';

/** The result of a run, with its stages if it has some. */
export type StagedResult = SwarmResult & { stages?: StageResult[] | undefined };

/** The failure code and message for a workflow that did not complete. */
function readRunFailure({ cause, message }: WorkflowFailedError): Failure {
  if (cause instanceof CancelledFailure) return { code: 'CANCELLED', message: 'The run was cancelled.' };
  if (cause instanceof ApplicationFailure && isFailureCode(cause.type))
    return { code: cause.type, message: cause.message };
  if (cause instanceof TerminatedFailure && cause.message.startsWith(TASK_FAILED))
    return { code: 'INTERNAL', message: cause.message };
  if (cause instanceof TerminatedFailure)
    return { code: 'TERMINATED', message: `The run was terminated${cause.message ? `: ${cause.message}` : ''}.` };
  return { code: 'INTERNAL', message: cause?.message ?? message };
}

/** The outcome of a run that did not complete. */
export function failedOutcome(error: WorkflowFailedError): { status: 'cancelled' | 'failed'; failure: Failure } {
  return { status: error.cause instanceof CancelledFailure ? 'cancelled' : 'failed', failure: readRunFailure(error) };
}

/** The finished part of a failed run, from the failure's details. Temporal keeps none for a cancelled or terminated run. */
export function readPartialResult({ cause }: WorkflowFailedError): StagedResult | undefined {
  return cause instanceof ApplicationFailure ? (cause.details?.[0] as StagedResult | undefined) : undefined;
}

/** The reply of a completed run: its responses, and the details of each turn. */
export function toReply({ team_id, session_id, run_id, status, stages, ...result }: RunResult): RunReply {
  return {
    team_id,
    session_id,
    run_id,
    status,
    ...toAnswers(result),
    verification: result.verification ?? null,
    ...(stages ? { stages } : {}),
    ...resultsByTeam(team_id, { ...result, stages }),
  };
}

/**
 * The partial reply of a failed run. The failure is in each field in which a client may look for the answer alone, so that no client takes
 * it for success.
 */
export function toFailedReply(result: StagedResult, { message }: Failure, scope: Omit<RunScope, 'run_id'> | undefined) {
  const content = failureNotice(message).trim();
  const done = toAnswers(result);
  return {
    ...(scope ? { team_id: scope.team_id, session_id: scope.session_id } : {}),
    ...done,
    responses: [...done.responses, content],
    content,
    ...resultsByTeam(scope?.team_id, result),
  };
}

type TeamAnswer = NonNullable<RunReply['results']>[string];
/** A stage has an answer or a failure; this stands for a record that contains neither. */
const NO_ANSWER: Failure = { code: 'TEXT_LOST', message: 'The answer of this swarm is not in the record of the run.' };

/** For a run of several swarms: maps the name of each swarm to its answer and the model of that answer, or to its failure. */
function resultsByTeam(swarm: string | undefined, { turns, stages = [] }: StagedResult) {
  if (swarm !== MULTI) return {};
  const own = stages.filter(({ within }) => within === undefined);
  const results = Object.fromEntries(
    own.map(({ stage, team_id: team, answer, failure = NO_ANSWER }): [string, TeamAnswer] => {
      const turn = turns.find((one) => one.turn === answer);
      return [stage, turn ? { content: turn.text, model: turn.model, team } : { error: failure }];
    }),
  );
  return { results };
}

/** The answer fields of a reply, for complete and partial results. */
function toAnswers(result: SwarmResult) {
  const { turns, answers, failures, structures, verification } = result;
  const responses = answers.flatMap((id) => {
    const text = turns.find(({ turn }) => turn === id)?.text;
    if (text === undefined) return [];
    const whole = structures?.debate && describeVoice(id, structures.debate, turns);
    return whole ?? withVerification(text, verification?.turn === id ? verification : undefined);
  });
  const { usage, cost_usd } = sumTotals(result);
  return { responses, answers, turns, failures, usage, cost_usd, ...structures };
}
