/** Swarms composed of other swarms: the coordination of the three built-in swarms, and several swarms on one message. */
import { CONSENSUS, COORDINATE, MULTI } from './names';
import * as prompts from './prompts';
import type { SwarmDefinition } from './swarms';

/** The strategic swarm plans, the coding swarm implements the plan, the debate swarm reviews the code and may send it back. */
export const COORDINATION: SwarmDefinition = {
  id: COORDINATE,
  name: 'Coordination',
  description:
    'The strategic swarm plans, the coding swarm implements the plan, the debate swarm reviews the code and may send it back.',
  pattern: 'coordinate',
  roles: {},
  stages: [
    { name: 'plan', swarm: 'strategic-swarm' },
    { name: 'implement', swarm: 'coding-swarm' },
    { name: 'review', swarm: 'debate-swarm' },
  ],
};

export const STRATEGIES = ['parallel', 'sequential', 'consensus'] as const;
export type CompositionStrategy = (typeof STRATEGIES)[number];

/** A swarm, and the name under which the caller finds its answer. */
export interface NamedTeam {
  name: string;
  swarm: string;
}

/** Defines a swarm that runs several swarms on one message. */
export function severalSwarms(teams: readonly NamedTeam[], strategy: CompositionStrategy): SwarmDefinition {
  return {
    id: MULTI,
    name: 'Several swarms',
    description: 'Several swarms answer one message.',
    pattern: strategy,
    roles: {},
    stages: teams.map(({ name, swarm }) => ({ name, swarm })),
  };
}

/** The swarm with one role that concludes a consensus. */
const MODERATOR: SwarmDefinition = {
  id: CONSENSUS,
  name: 'Moderator',
  description: 'Writes what several answers agree on and where they differ.',
  pattern: 'single',
  roles: {
    moderator: {
      label: 'Moderator',
      alias: 'strategic',
      system: prompts.CONSENSUS_MODERATOR,
      temperature: 0.3,
      max_tokens: 2000,
    },
  },
};

/** All swarms that a definition's stages refer to, directly or through nested stages. `find` throws for an unknown one. */
export function collectMembers(
  definition: SwarmDefinition,
  find: (id: string) => SwarmDefinition,
): Record<string, SwarmDefinition> {
  const members: Record<string, SwarmDefinition> =
    definition.pattern === 'consensus' ? { [MODERATOR.id]: MODERATOR } : {};
  for (const { swarm } of definition.stages ?? []) {
    const member = find(swarm);
    Object.assign(members, { [swarm]: member }, collectMembers(member, find));
  }
  return members;
}
