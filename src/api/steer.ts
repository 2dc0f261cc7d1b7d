/** Steers a running run with a Temporal Update: validated by the workflow, and answered once it has taken effect. */
import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { isFailureCode } from '../contract/failures';
import type { Marked, SteeringUpdates } from '../contract';
import { ApiError } from './errors';
import { keyConflict } from './idempotency';
import { hash } from './start-requests';
import type { TemporalHandle } from './temporal';

export type Steer = <Name extends keyof SteeringUpdates>(
  runId: string,
  name: Name,
  request: SteeringUpdates[Name]['takes'],
  /** Makes a repeated request the same Update with the same answer; a different request with the same key is refused. */
  idempotencyKey?: string,
) => Promise<SteeringUpdates[Name]['answers']>;

/** The workflow answers within milliseconds; without a worker nothing answers. */
const ANSWER_MS = 15_000;

/** `mustExist` throws {@link ApiError} for a run that was never started. */
export function createSteer({ client }: TemporalHandle, mustExist: (runId: string) => Promise<unknown>): Steer {
  return async function steer(runId, name, request, idempotencyKey) {
    await mustExist(runId);
    const handle = client.workflow.getHandle(runId);
    const updateId = idempotencyKey ? `${name}:${idempotencyKey}` : randomUUID();
    const mark = hash(JSON.stringify(request));
    const update = handle.executeUpdate(name, { args: [{ ...request, mark }], updateId });
    try {
      return answerTo(mark, (await Promise.race([update, late()])) as Marked<SteeringUpdates[typeof name]['answers']>);
    } catch (error) {
      update.catch(() => undefined);
      throw toSteeringError(error, runId);
    }
  };
}

/** Temporal returns the first answer of an Update id for every later request with that id: the mark tells which request it answers. */
function answerTo<Answer extends object>(mark: string, { mark: first, ...answer }: Marked<Answer>): Answer {
  // runs from before marks existed answer without one
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

function toSteeringError(error: unknown, runId: string): unknown {
  if (error instanceof WorkflowNotFoundError) return new ApiError('RUN_ENDED', `The run "${runId}" has ended.`);
  if (!(error instanceof WorkflowUpdateFailedError)) return error;
  const { cause } = error;
  if (cause instanceof ApplicationFailure && isFailureCode(cause.type)) return new ApiError(cause.type, cause.message);
  // an old version of the workflow has no Updates; a run that ends in the meantime does not answer
  return new ApiError('RUN_ENDED', `Run "${runId}" cannot be steered: ${cause?.message ?? error.message}`);
}
