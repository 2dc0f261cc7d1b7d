/** Forks a run: reads what it was started with and what it had finished, and starts a new one with a change. */
import type { ForkRequest, Lineage, SwarmRunInput, TurnRequest } from '../contract';
import { belongsTo, withoutTry } from '../contract/turn-ids';
import { ApiError } from './errors';
import { readForkSource, type Describe } from './fork-source';
import { hash, suffixOf, type Caller } from './orders';
import type { Runs, StartedRun } from './runs';
import type { TemporalHandle } from './temporal';

/** Who asks for the fork pays for it. */
export type ForkRun = (
  runId: string,
  request: ForkRequest,
  caller: Caller,
) => Promise<StartedRun & { forked_from: Lineage }>;

/** Of the hash of a run's id; enough to tell the runs of one swarm apart. */
const MARK_LENGTH = 16;

/** With what the ids of a run's forks begin: so they can be found. */
export function forkPrefix(swarmId: string, runId: string): string {
  return `${swarmId}-fork-${hash(runId).slice(0, MARK_LENGTH)}-`;
}

/** Only runs that have ended can be forked: what is still under way has no result to take over. */
export function createForkRun({ client }: TemporalHandle, runs: Runs, describe: Describe): ForkRun {
  return async function forkRun(runId, request, caller) {
    const { input: source, asked, turns, said } = await readForkSource(client, describe, runId);
    const { tenant: _payer, ...options } = source.options;
    const { tenant } = caller;
    const { from } = request;
    if (source.message_parts)
      throw new ApiError('INVALID_FIELD', 'run: its message is too long to be forked; start it anew.');
    if (!asked.some(({ turn }) => belongsTo(turn, from))) throw unknownTurn(from, asked);
    const mark = hash(JSON.stringify([runId, request]));
    const input: SwarmRunInput = {
      ...source,
      options: { ...options, ...(tenant ? { tenant } : {}) },
      run_id: forkPrefix(source.team_id, runId) + suffixOf(caller, runId),
      fork: {
        ...{ run_id: runId, from },
        edits: [...(source.fork?.edits ?? []), request],
        recorded: Object.fromEntries(turns.map((turn) => [withoutTry(turn.turn), turn])),
        said,
        context_of: source.fork?.context_of ?? runId,
      },
    };
    return { ...(await runs.startFork(input, mark)), forked_from: { run_id: runId, from } };
  };
}

function unknownTurn(from: string, asked: TurnRequest[]): ApiError {
  const names = asked.map(({ turn }) => turn);
  const stages = new Set(names.filter((name) => name.includes('/')).map((name) => name.slice(0, name.indexOf('/'))));
  return new ApiError(
    'INVALID_FIELD',
    `from: there is no turn or stage "${from}"; there are ${[...stages, ...names].join(', ')}.`,
  );
}
