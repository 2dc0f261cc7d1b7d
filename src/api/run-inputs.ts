/** Reads from a run's history what the run was started with: the request, and the change that a fork has made. */
import type { Fork, SwarmDefinition, SwarmRunInput } from '../contract';
import { COORDINATE, MULTI } from '../contract/names';
import type { ForkEditView, StartAgain } from '../contract/input-replies';
import { fetchEvents } from '../temporal/turn-histories';
import { ApiError } from './errors';
import type { Describe } from './fork-source';
import { readInput } from './history';
import type { SwarmLibrary } from './swarm-library';
import type { TemporalHandle } from './temporal';

export interface RunInputs {
  /** Returns the request that starts the same run again. Throws {@link ApiError} if the run is unknown or its message is not stored whole. */
  readRequest(runId: string): Promise<StartAgain>;
  /** Returns what a fork has changed. Throws {@link ApiError} if the run is unknown or no fork. */
  readEdit(runId: string): Promise<ForkEditView>;
}

export function createRunInputs({ client }: TemporalHandle, describe: Describe, swarms: SwarmLibrary): RunInputs {
  async function read(runId: string): Promise<SwarmRunInput> {
    const { events, valueOf } = await fetchEvents(client, runId);
    const input = readInput(events, valueOf);
    if (!input) throw new ApiError('INVALID_FIELD', 'run: was started by a version whose input is not known any more.');
    return input;
  }
  return {
    async readRequest(runId) {
      const { tags } = await describe(runId);
      const input = await read(runId);
      if (input.message_parts)
        throw new ApiError('INVALID_FIELD', 'run: its message is too long to be read back; start it again yourself.');
      const { path, body } = toRequest(input, swarms);
      return { path, body: { ...body, ...(tags.length > 0 ? { tags } : {}) } };
    },
    async readEdit(runId) {
      await describe(runId);
      const { fork } = await read(runId);
      if (!fork) throw new ApiError('INVALID_FIELD', `run: "${runId}" is not a fork.`);
      return { run_id: runId, ...toEdit(fork) };
    },
  };
}

function toEdit({ run_id, from, edits, retry, replaced }: Fork): Omit<ForkEditView, 'run_id'> {
  const edit = retry ? null : (edits.at(-1)?.edit ?? null);
  return { forked_from: { run_id, from }, edit, replaced: replaced ?? null };
}

const PATHS: Partial<Record<string, StartAgain['path']>> = {
  [COORDINATE]: '/swarm/coordinate',
  [MULTI]: '/swarms/multi',
};

function toRequest(input: SwarmRunInput, swarms: SwarmLibrary): StartAgain {
  const { team_id, message, options, gates, session_id, session_policy, swarm } = input;
  const { tenant: _payer, ...ofTurns } = options;
  const drafts = findOrderedDrafts(swarm, swarms);
  return {
    path: PATHS[team_id] ?? '/swarm/execute',
    body: {
      message,
      ...chooseSwarm(input),
      // a session that the caller did not name was only this run's
      ...(session_policy ? { session_id, ...(session_policy === 'queue' ? {} : { session_policy }) } : {}),
      ...ofTurns,
      ...gates,
      ...(drafts === undefined ? {} : { drafts }),
    },
  };
}

function chooseSwarm({ team_id, swarm, max_rounds }: SwarmRunInput): object {
  if (team_id === COORDINATE) return { max_rounds: max_rounds ?? 1 };
  if (team_id === MULTI) return { teams: swarm.stages?.map(({ name }) => name), strategy: swarm.pattern };
  return { swarm_id: team_id };
}

/** The number of drafts that the caller asked for; undefined if it is what the swarm itself says. */
function findOrderedDrafts(swarm: SwarmDefinition, library: SwarmLibrary): number | undefined {
  const ordered = readDrafts(swarm);
  const known = library.all().find(({ id }) => id === swarm.id);
  return known && ordered !== readDrafts(known) ? ordered : undefined;
}

function readDrafts(swarm: SwarmDefinition): number | undefined {
  return (swarm[swarm.pattern] as { drafts?: number } | undefined)?.drafts;
}
