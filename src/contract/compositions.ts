/** The swarms that are made of other swarms: the coordination of all three teams, and several teams on one message. */
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
export type Strategy = (typeof STRATEGIES)[number];

/** Several swarms on one message. */
export function severalSwarms(teams: string[], strategy: Strategy): SwarmDefinition {
  return {
    id: MULTI,
    name: 'Several swarms',
    description: 'Several swarms answer one message.',
    pattern: strategy,
    roles: {},
    stages: teams.map((team) => ({ name: team, swarm: team })),
  };
}

/** The swarm of one that closes a consensus. */
export const MODERATOR: SwarmDefinition = {
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

/** The swarms that a definition's stages name, and that their stages name. `find` throws for an unknown one. */
export function membersOf(
  definition: SwarmDefinition,
  find: (id: string) => SwarmDefinition,
): Record<string, SwarmDefinition> {
  const members: Record<string, SwarmDefinition> =
    definition.pattern === 'consensus' ? { [MODERATOR.id]: MODERATOR } : {};
  for (const { swarm } of definition.stages ?? []) {
    const member = find(swarm);
    Object.assign(members, { [swarm]: member }, membersOf(member, find));
  }
  return members;
}
