/** With which prompts the turns of a run were asked: what a person edits in a fork. */
import type { SwarmDefinition, SwarmRunInput, TurnPrompt } from '../contract';
import { belongsTo } from '../contract/turn-ids';
import { readForkSource, type Describe } from './fork-source';
import type { TemporalHandle } from './temporal';

/** Answers for the turns that a run which has ended had begun. Throws {@link ApiError} as a fork of that run would. */
export type ReadPrompts = (runId: string) => Promise<TurnPrompt[]>;

export function createReadPrompts({ client }: TemporalHandle, describe: Describe): ReadPrompts {
  return async function readPrompts(runId) {
    const { input, asked } = await readForkSource(client, describe, runId);
    return asked.flatMap(({ turn, role, label }) => promptOf(input, { turn, role, label }) ?? []);
  };
}

/** Undefined for a role that the run's swarms do not name. */
function promptOf(input: SwarmRunInput, about: Pick<TurnPrompt, 'turn' | 'role' | 'label'>): TurnPrompt | undefined {
  const { turn, role } = about;
  const definition = swarmOf(input, turn)?.roles[role];
  if (!definition) return undefined;
  const edits = (input.fork?.edits ?? []).filter(({ from }) => belongsTo(turn, from));
  return {
    ...about,
    system: edits.findLast(({ edit }) => edit.system)?.edit.system ?? definition.system,
    alias: edits.findLast(({ edit }) => edit.alias)?.edit.alias ?? definition.alias,
    instructions: edits.flatMap(({ edit }) => edit.instruction ?? []),
  };
}

/** A turn's id begins with the names of its stages, each with its round. */
function swarmOf({ swarm, members = {} }: SwarmRunInput, turn: string): SwarmDefinition | undefined {
  return turn
    .split('/')
    .slice(0, -1)
    .reduce<SwarmDefinition | undefined>((outer, name) => {
      const stage = outer?.stages?.find((one) => one.name === name || one.name === name.replace(/-\d+$/, ''));
      return members[stage?.swarm ?? name];
    }, swarm);
}
