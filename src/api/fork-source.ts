/** The source of a fork: a run that has ended, read from its history. */
import type { Client } from '@temporalio/client';
import type { SwarmRunInput } from '../contract';
import type { RecordedRun } from './descriptions';
import { ApiError } from './errors';
import { readHistory, type RunHistory } from './history';

export type ForkSource = RunHistory & { input: SwarmRunInput; tags: string[] };

/** Returns the description of a run; throws {@link ApiError} for an unknown run. */
export type Describe = (runId: string) => Promise<RecordedRun>;

/** Throws {@link ApiError} for a run that is unknown, still running, or started by an earlier version: there is no result to reuse. */
export async function readForkSource(client: Client, describe: Describe, runId: string): Promise<ForkSource> {
  const { status, tags } = await describe(runId);
  if (status === 'running')
    throw new ApiError('RUN_NOT_ENDED', `The run "${runId}" is under way; cancel it or wait, then fork it.`);
  const { input, ...history } = await readHistory(client, runId);
  if (!input) throw new ApiError('INVALID_FIELD', 'run: was started by a version that cannot be forked.');
  return { input, tags, ...history };
}
