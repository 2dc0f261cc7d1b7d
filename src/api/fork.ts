/** Forks a run: reads what it was started with and what it had finished, and starts a new one with a change. */
import { randomUUID } from 'node:crypto';
import type { ForkRequest, Lineage, SwarmResult, SwarmRunInput } from '../contract';
import { belongsTo } from '../contract/turn-ids';
import { ApiError } from './errors';
import { readForkSource } from './fork-source';
import { hash } from './orders';
import type { Runs, StartedRun } from './runs';
import type { TemporalHandle } from './temporal';

export type ForkRun = (
  runId: string,
  request: ForkRequest,
  idempotencyKey?: string,
) => Promise<StartedRun & { forked_from: Lineage }>;

/** Of the hash of a run's id; enough to tell the runs of one swarm apart. */
const MARK_LENGTH = 16;

/** With what the ids of a run's forks begin: so they can be found. */
export function forkPrefix(swarmId: string, runId: string): string {
  return `${swarmId}-fork-${hash(runId).slice(0, MARK_LENGTH)}-`;
}

/** Only runs that have ended can be forked: what is still under way has no result to take over. */
export function createForkRun({ client }: TemporalHandle, runs: Runs): ForkRun {
  return async function forkRun(runId, request, idempotencyKey) {
    const { input: source, result } = await readForkSource(client, runs, runId);
    const { turns } = result;
    const { from } = request;
    if (source.message_parts)
      throw new ApiError('INVALID_FIELD', 'run: its message is too long to be forked; start it anew.');
    if (!turns.some(({ turn }) => belongsTo(turn, from))) throw unknownTurn(from, turns);
    const mark = hash(JSON.stringify([runId, request]));
    const suffix = idempotencyKey ? hash(`${runId} ${idempotencyKey}`).slice(0, 32) : randomUUID();
    const input: SwarmRunInput = {
      ...source,
      run_id: forkPrefix(source.team_id, runId) + suffix,
      fork: {
        ...{ run_id: runId, from },
        edits: [...(source.fork?.edits ?? []), request],
        recorded: Object.fromEntries(turns.map((turn) => [turn.turn, turn])),
        context_of: source.fork?.context_of ?? runId,
      },
    };
    return { ...(await runs.startFork(input, mark)), forked_from: { run_id: runId, from } };
  };
}

function unknownTurn(from: string, turns: SwarmResult['turns']): ApiError {
  const names = turns.map(({ turn }) => turn);
  const stages = new Set(names.filter((name) => name.includes('/')).map((name) => name.slice(0, name.indexOf('/'))));
  return new ApiError(
    'INVALID_FIELD',
    `from: there is no turn or stage "${from}"; there are ${[...stages, ...names].join(', ')}.`,
  );
}
