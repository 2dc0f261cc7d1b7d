/** Forks a run: reads its input and its finished turns, and starts a new run with a change. */
import type { Fork, ForkRequest, Lineage, SwarmRunInput, TurnRequest } from '../contract';
import { omitTexts } from '../answers/long-records';
import { isNamed, listStagesAround, nameFirstTry } from '../contract/turn-names';
import { ApiError } from './errors';
import { readForkSource, type Describe } from './fork-source';
import { hash, makeIdSuffix, type Caller } from './start-requests';
import type { Runs, StartedRun } from './runs';
import type { TemporalHandle } from './temporal';
import { findPrompt } from './turn-prompts';

/** The caller who requests the fork pays for it. */
export type ForkRun = (
  runId: string,
  request: ForkRequest,
  caller: Caller,
) => Promise<StartedRun & { forked_from: Lineage }>;

/** Length of the hash of a run id, in characters; enough to distinguish the runs of one swarm. */
const MARK_LENGTH = 16;

/** The common prefix of the ids of a run's forks, by which they can be listed. */
export function forkPrefix(swarmId: string, runId: string): string {
  return `${swarmId}-fork-${hash(runId).slice(0, MARK_LENGTH)}-`;
}

/** Only a run that has ended can be forked: a running one has no result to reuse. */
export function createForkRun({ client }: TemporalHandle, runs: Runs, describe: Describe): ForkRun {
  return async function forkRun(runId, request, caller) {
    const { input: source, tags, asked, firstTries, turns, steering } = await readForkSource(client, describe, runId);
    const { tenant: _payer, ...options } = source.options;
    const { tenant } = caller;
    const { from } = request;
    const named = firstTries.get(from) ?? from;
    if (source.message_parts)
      throw new ApiError('INVALID_FIELD', 'run: its message is too long to be forked; start it again.');
    const repeated = asked.filter((turn) => isNamed(turn, named));
    if (repeated.length === 0) throw unknownTurn(from, asked);
    const finished = new Set(turns.map(nameFirstTry));
    if (!request.edit && repeated.every((turn) => finished.has(nameFirstTry(turn))))
      throw new ApiError('INVALID_FIELD', `edit: is missing, and "${from}" has finished: there is nothing to retry.`);
    const mark = hash(JSON.stringify([runId, request]));
    const input: SwarmRunInput = {
      ...source,
      options: { ...options, ...(tenant ? { tenant } : {}) },
      run_id: forkPrefix(source.team_id, runId) + makeIdSuffix(caller, runId),
      fork: {
        ...{ run_id: runId, from },
        ...describeChange(source, asked, { ...request, from: named }),
        recorded: Object.fromEntries(omitTexts(turns).map((turn) => [nameFirstTry(turn), turn])),
        steering,
        context_of: source.fork?.context_of ?? runId,
      },
    };
    return { ...(await runs.startFork(input, { request: mark, tags }, caller)), forked_from: { run_id: runId, from } };
  };
}

/** The edits of the lineage with this fork's own, and what that one replaces. */
function describeChange(
  source: SwarmRunInput,
  asked: TurnRequest[],
  { from, edit }: ForkRequest,
): Pick<Fork, 'edits' | 'retry' | 'replaced'> {
  const before = source.fork?.edits ?? [];
  if (!edit) return { edits: before, retry: true };
  const turn = asked.find((request) => nameFirstTry(request) === from);
  const prompt = turn && findPrompt(source, turn);
  const replaced = prompt && { system: prompt.system, ...(prompt.alias ? { alias: prompt.alias } : {}) };
  return { edits: [...before, { from, edit }], ...(replaced ? { replaced } : {}) };
}

function unknownTurn(from: string, asked: TurnRequest[]): ApiError {
  const names = asked.map(({ turn }) => turn);
  const stages = new Set(asked.flatMap((turn) => listStagesAround(turn).slice(0, 1)));
  return new ApiError(
    'INVALID_FIELD',
    `from: there is no turn or stage "${from}"; there are ${[...stages, ...names].join(', ')}.`,
  );
}
