/** Forks a run: reads what it was started with and what it had finished, and starts a new one with a change. */
import { createHash, randomUUID } from 'node:crypto';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ForkRequest, Lineage, SwarmResult, SwarmRunInput } from '../contract';
import { ApiError } from './errors';
import type { Runs, StartedRun } from './runs';
import type { TemporalHandle } from './temporal';

export type ForkRun = (
  runId: string,
  request: ForkRequest,
  idempotencyKey?: string,
) => Promise<StartedRun & { forked_from: Lineage }>;

/** Only runs that have ended can be forked: what is still under way has no result to take over. */
export function createForkRun({ client }: TemporalHandle, runs: Runs): ForkRun {
  return async function forkRun(runId, request, idempotencyKey) {
    if ((await runs.describe(runId)).status === 'running')
      throw new ApiError('RUN_NOT_ENDED', `The run "${runId}" is under way; cancel it or wait, then fork it.`);
    const handle = client.workflow.getHandle(runId);
    const [source, { turns }] = await Promise.all([inputOf(handle), resultOf(handle)]);
    const { from } = request;
    if (source.message_parts)
      throw new ApiError('INVALID_FIELD', 'run: its message is too long to be forked; start it anew.');
    if (!turns.some(({ turn }) => turn === from || turn.startsWith(`${from}/`))) throw unknownTurn(from, turns);
    const mark = hash(JSON.stringify([runId, request]));
    const run_id = `${source.team_id}-fork-${idempotencyKey ? hash(`${runId} ${idempotencyKey}`).slice(0, 32) : randomUUID()}`;
    const input: SwarmRunInput = {
      ...source,
      run_id,
      fork: {
        ...{ run_id: runId, from },
        edits: [...(source.fork?.edits ?? []), request],
        recorded: Object.fromEntries(turns.map((turn) => [turn.turn, turn])),
        context_of: source.fork?.context_of ?? runId,
      },
    };
    return { ...(await runs.startFork(input, mark)), forked_from: { run_id: runId, from } };
  };

  async function inputOf(handle: WorkflowHandle): Promise<SwarmRunInput> {
    const { events } = await handle.fetchHistory();
    const started = events?.[0]?.workflowExecutionStartedEventAttributes;
    const payload = started?.input?.payloads?.[0];
    if (started?.workflowType?.name !== 'runSwarm' || !payload)
      throw new ApiError('INVALID_FIELD', 'run: was started by a version that cannot be forked.');
    const input = client.options.loadedDataConverter.payloadConverter.fromPayload<SwarmRunInput>(payload);
    return input;
  }
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

function unknownTurn(from: string, turns: SwarmResult['turns']): ApiError {
  const names = turns.map(({ turn }) => turn);
  const stages = new Set(names.filter((name) => name.includes('/')).map((name) => name.slice(0, name.indexOf('/'))));
  return new ApiError(
    'INVALID_FIELD',
    `from: there is no turn or stage "${from}"; there are ${[...stages, ...names].join(', ')}.`,
  );
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
