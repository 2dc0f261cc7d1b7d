/** Returns the prompts of a run's turns, which a person can edit in a fork. */
import type { SwarmDefinition, SwarmRunInput, TurnPrompt, TurnRequest } from '../contract';
import { isNamed } from '../contract/turn-names';
import { readForkSource, type Describe } from './fork-source';
import type { TemporalHandle } from './temporal';

/** Returns the prompts of the turns that an ended run had started. Throws {@link ApiError} as a fork of that run would. */
export type ReadPrompts = (runId: string) => Promise<TurnPrompt[]>;

export function createReadPrompts({ client }: TemporalHandle, describe: Describe): ReadPrompts {
  return async function readPrompts(runId) {
    const { input, asked } = await readForkSource(client, describe, runId);
    return asked.flatMap((request) => findPrompt(input, request) ?? []);
  };
}

/** Undefined for a role that the run's swarms do not define. */
export function findPrompt(input: SwarmRunInput, request: TurnRequest): TurnPrompt | undefined {
  const { turn, role, label, place } = request;
  const definition = findTurnSwarm(input, request).roles[role];
  if (!definition) return undefined;
  const edits = (input.fork?.edits ?? []).filter(({ from }) => isNamed(request, from));
  return {
    ...{ turn, role, label, place },
    system: edits.findLast(({ edit }) => edit.system)?.edit.system ?? definition.system,
    alias: edits.findLast(({ edit }) => edit.alias)?.edit.alias ?? definition.alias,
    instructions: edits.flatMap(({ edit }) => edit.instruction ?? []),
  };
}

/** A turn in a stage belongs to the swarm of that stage. */
function findTurnSwarm({ swarm, members = {} }: SwarmRunInput, { team_id, place }: TurnRequest): SwarmDefinition {
  return (place.stage && members[team_id]) || swarm;
}
