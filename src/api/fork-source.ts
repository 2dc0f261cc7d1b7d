/** What a fork goes from: a run that has ended, as its history tells it. */
import type { Client } from '@temporalio/client';
import type { SwarmRunInput } from '../contract';
import { ApiError } from './errors';
import type { RunDescription } from './descriptions';
import { readHistory, type RunHistory } from './history';

export type ForkSource = RunHistory & { input: SwarmRunInput };

/** Answers how a run stands; throws {@link ApiError} for one that is unknown. */
export type Describe = (runId: string) => Promise<RunDescription>;

/** Throws {@link ApiError} for a run that is unknown or under way, or that an earlier version started: there is no result to take over. */
export async function readForkSource(client: Client, describe: Describe, runId: string): Promise<ForkSource> {
  if ((await describe(runId)).status === 'running')
    throw new ApiError('RUN_NOT_ENDED', `The run "${runId}" is under way; cancel it or wait, then fork it.`);
  const { input, ...told } = await readHistory(client, runId);
  if (!input) throw new ApiError('INVALID_FIELD', 'run: was started by a version that cannot be forked.');
  return { input, ...told };
}
