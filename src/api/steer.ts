/** People's word to a run that is under way, as a Temporal Update: validated by the workflow, and answered once it has taken effect. */
import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { isFailureCode } from '../contract/failures';
import type { Marked, SteeringUpdates } from '../contract';
import { ApiError } from './errors';
import { keyConflict } from './idempotency';
import { hash } from './orders';
import type { TemporalHandle } from './temporal';

export type Steer = <Name extends keyof SteeringUpdates>(
  runId: string,
  name: Name,
  said: SteeringUpdates[Name]['takes'],
  /** Makes a repeated request the same Update, with the same answer; one that says something else is refused. */
  idempotencyKey?: string,
) => Promise<SteeringUpdates[Name]['answers']>;

/** The workflow says yes or no within milliseconds; without a worker nobody does. */
const ANSWER_MS = 15_000;

/** `mustExist` throws {@link ApiError} for a run that was never started. */
export function createSteer({ client }: TemporalHandle, mustExist: (runId: string) => Promise<unknown>): Steer {
  return async function steer(runId, name, said, idempotencyKey) {
    await mustExist(runId);
    const handle = client.workflow.getHandle(runId);
    const updateId = idempotencyKey ? `${name}:${idempotencyKey}` : randomUUID();
    const mark = hash(JSON.stringify(said));
    const update = handle.executeUpdate(name, { args: [{ ...said, mark }], updateId });
    try {
      return answerTo(mark, (await Promise.race([update, late()])) as Marked<SteeringUpdates[typeof name]['answers']>);
    } catch (error) {
      update.catch(() => undefined);
      throw refusalOf(error, runId);
    }
  };
}

/** An Update's first answer is the answer for ever, whatever is said under its id again: the mark tells to what it was given. */
function answerTo<Answer extends object>(mark: string, { mark: first, ...answer }: Marked<Answer>): Answer {
  // runs that began before there were marks answer without one
  if (first !== undefined && first !== mark) throw keyConflict();
  return answer as Answer;
}

async function late(): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, ANSWER_MS).unref());
  throw new ApiError(
    'TEMPORAL_UNAVAILABLE',
    'No worker took the request in time; it may still take effect. Try again.',
  );
}

function refusalOf(error: unknown, runId: string): unknown {
  if (error instanceof WorkflowNotFoundError) return new ApiError('RUN_ENDED', `The run "${runId}" has ended.`);
  if (!(error instanceof WorkflowUpdateFailedError)) return error;
  const { cause } = error;
  if (cause instanceof ApplicationFailure && isFailureCode(cause.type)) return new ApiError(cause.type, cause.message);
  // an old version of the workflow knows no Updates; a run that ends while it is asked answers nothing
  return new ApiError('RUN_ENDED', `The run "${runId}" takes no word: ${cause?.message ?? error.message}`);
}
