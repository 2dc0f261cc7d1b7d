/** Describes the swarms as the teams that earlier clients know, with their current activity. */
import { COORDINATION } from '../../../contract/compositions';
import type { z } from 'zod';
import type { Role, SwarmDefinition } from '../../../contract';
import type { team } from '../../../contract/client-replies';
import { listLiveWorkers, type WorkerReport } from '../../../redis/workers';
import type { Services } from '../../services';
import { findSwarmByName } from '../../team-names';

/** The swarm that runs if a client names no team. */
export const DEFAULT_TEAM = 'coding-swarm';

/** All teams with their current models, and whether a worker would execute a run. */
export async function listTeams(services: Services, known?: WorkerReport[]) {
  const reports = known ?? (await listLiveWorkers(services.redis));
  return [...services.swarms.all(), COORDINATION].map((swarm) => describeTeam(services, swarm, reports));
}

export function describeTeam(
  services: Services,
  swarm: SwarmDefinition,
  reports: WorkerReport[],
): z.infer<typeof team> {
  const definitions = listMembers(services, swarm);
  const roles = definitions.flatMap((one) => Object.values(one.roles));
  const findFirstModel = ({ alias, models = [] }: Role) =>
    reports.map(({ models: first }) => models[0] ?? (alias && first[alias]));
  const models = [...new Set(roles.flatMap(findFirstModel).filter((model) => model !== undefined))];
  return {
    id: swarm.id,
    name: swarm.name,
    description: swarm.description,
    members: [...new Set(roles.map(({ label }) => label))],
    model_pool: models.join(', '),
    models,
    status: reports.some(({ gateways }) => gateways.some(({ ok }) => ok)) ? 'active' : 'unavailable',
  };
}

/** Earlier clients call runs with several steps workflows. */
export function describeWorkflow(
  { id, name, description, roles, stages }: SwarmDefinition,
  inputs: Record<string, unknown>,
) {
  const steps =
    stages?.map((stage) => `${stage.name}: ${stage.swarm}`) ?? Object.values(roles).map(({ label }) => label);
  return { id, name, description, inputs, steps };
}

function listMembers(services: Services, swarm: SwarmDefinition): SwarmDefinition[] {
  if (!swarm.stages) return [swarm];
  const members = swarm.stages.flatMap((stage) => findSwarmByName(services.swarms, stage.swarm) ?? []);
  return members.flatMap((member) => listMembers(services, member));
}
