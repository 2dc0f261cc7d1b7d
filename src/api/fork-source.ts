/** What a fork goes from: what a run that has ended was started with, and what it had finished. */
import type { Client } from '@temporalio/client';
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
  const [input, { result }] = await Promise.all([inputOf(client, runId), runs.outcome(runId)]);
  return { input, result };
}

async function inputOf(client: Client, runId: string): Promise<SwarmRunInput> {
  const { events } = await client.workflow.getHandle(runId).fetchHistory();
  const started = events?.[0]?.workflowExecutionStartedEventAttributes;
  const payload = started?.input?.payloads?.[0];
  if (started?.workflowType?.name !== 'runSwarm' || !payload)
    throw new ApiError('INVALID_FIELD', 'run: was started by a version that cannot be forked.');
  return client.options.loadedDataConverter.payloadConverter.fromPayload<SwarmRunInput>(payload);
}
