/** People's word to a run that is under way, as a Temporal Update: validated by the workflow, and answered once it has taken effect. */
import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { isFailureCode } from '../contract/failures';
import type { SteeringUpdates } from '../contract';
import { ApiError } from './errors';
import type { TemporalHandle } from './temporal';

export type Steer = <Name extends keyof SteeringUpdates>(
  runId: string,
  name: Name,
  said: SteeringUpdates[Name]['takes'],
  /** Makes a repeated request the same Update, with the same answer. */
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
    const update = handle.executeUpdate(name, { args: [said], updateId });
    try {
      return (await Promise.race([update, late()])) as SteeringUpdates[typeof name]['answers'];
    } catch (error) {
      update.catch(() => undefined);
      throw refusalOf(error, runId);
    }
  };
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
