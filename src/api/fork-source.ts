/** What a fork goes from: what a run that has ended was started with, and what it had finished. */
import { WorkflowFailedError, type Client, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { SwarmResult, SwarmRunInput } from '../contract';
import { ApiError } from './errors';
import type { Runs } from './runs';

export interface ForkSource {
  input: SwarmRunInput;
  result: SwarmResult;
}

/** Throws {@link ApiError} for a run that is unknown or under way, or that an earlier version started: there is no result to take over. */
export async function readForkSource(client: Client, runs: Runs, runId: string): Promise<ForkSource> {
  if ((await runs.describe(runId)).status === 'running')
    throw new ApiError('RUN_NOT_ENDED', `The run "${runId}" is under way; cancel it or wait, then fork it.`);
  const handle = client.workflow.getHandle(runId);
  const [input, result] = await Promise.all([inputOf(client, handle), resultOf(handle)]);
  return { input, result };
}

async function inputOf(client: Client, handle: WorkflowHandle): Promise<SwarmRunInput> {
  const { events } = await handle.fetchHistory();
  const started = events?.[0]?.workflowExecutionStartedEventAttributes;
  const payload = started?.input?.payloads?.[0];
  if (started?.workflowType?.name !== 'runSwarm' || !payload)
    throw new ApiError('INVALID_FIELD', 'run: was started by a version that cannot be forked.');
  return client.options.loadedDataConverter.payloadConverter.fromPayload<SwarmRunInput>(payload);
}

/** What the run had finished, also when it failed or was cancelled. */
async function resultOf(handle: WorkflowHandle): Promise<SwarmResult> {
  try {
    return (await handle.result()) as SwarmResult;
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
    const details =
      cause instanceof ApplicationFailure || cause instanceof CancelledFailure ? cause.details : undefined;
    return (details?.[0] as SwarmResult | undefined) ?? { turns: [], answers: [], failures: [] };
  }
}
