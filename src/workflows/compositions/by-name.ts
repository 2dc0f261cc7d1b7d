/** Finds the swarms of a composition by the names of its stages. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { SwarmRunInput } from '../../contract';

/** The swarm ids of these stages. The definition was validated when it was read, so a missing stage is a bug of ours. */
export function stagesByName<Name extends string>({ swarm }: SwarmRunInput, names: Name[]): Record<Name, string> {
  return Object.fromEntries(
    names.map((name) => {
      const stage = swarm.stages?.find((one) => one.name === name);
      if (!stage) throw ApplicationFailure.nonRetryable(`"${swarm.id}" has no stage "${name}".`, 'INTERNAL');
      return [name, stage.swarm];
    }),
  ) as Record<Name, string>;
}
