/** What a fork goes from: a run that has ended, as its history tells it. */
import type { Client } from '@temporalio/client';
import type { SwarmRunInput } from '../contract';
import { ApiError } from './errors';
import { readHistory, type RunHistory } from './history';
import type { Runs } from './runs';

export type ForkSource = RunHistory & { input: SwarmRunInput };

/** Throws {@link ApiError} for a run that is unknown or under way, or that an earlier version started: there is no result to take over. */
export async function readForkSource(client: Client, runs: Runs, runId: string): Promise<ForkSource> {
  if ((await runs.describe(runId)).status === 'running')
    throw new ApiError('RUN_NOT_ENDED', `The run "${runId}" is under way; cancel it or wait, then fork it.`);
  const { input, ...told } = await readHistory(client, runId);
  if (!input) throw new ApiError('INVALID_FIELD', 'run: was started by a version that cannot be forked.');
  return { input, ...told };
}
