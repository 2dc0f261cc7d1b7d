/** The swarms under the names and in the shape in which earlier clients know teams, and who of them is at work. */
import { COORDINATION } from '../../../contract/compositions';
import { COORDINATE } from '../../../contract/names';
import type { Role, SwarmDefinition } from '../../../contract';
import { liveWorkers, type WorkerReport } from '../../../redis/workers';
import type { Services } from '../../services';

/** The swarm that answers when a client names no team. */
export const DEFAULT_TEAM = 'coding-swarm';

/** Earlier names of teams, in lower case. */
const ALIASES: Record<string, string> = {
  strategic: 'strategic-swarm',
  'strategic-team': 'strategic-swarm',
  research: 'strategic-swarm',
  'research-swarm': 'strategic-swarm',
  technical: 'coding-swarm',
  coding: 'coding-swarm',
  'coding-team': 'coding-swarm',
  'coding-swarm-fast': 'coding-swarm',
  development: 'coding-swarm',
  'development-swarm': 'coding-swarm',
  simplex: 'coding-swarm',
  creative: 'debate-swarm',
  debate: 'debate-swarm',
  security: 'debate-swarm',
  'security-swarm': 'debate-swarm',
  consensus: 'debate-swarm',
  orchestrator: COORDINATE,
};

/** The swarm of that id or earlier name. */
export function findTeam({ swarms }: Services, id: string): SwarmDefinition | undefined {
  const known = [...swarms.all(), COORDINATION];
  const byId = (wanted: string) => known.find((swarm) => swarm.id === wanted);
  return byId(id) ?? byId(id.toLowerCase()) ?? byId(ALIASES[id.toLowerCase()] ?? '');
}

/** All teams as they are now: their models, and whether somebody would carry a run out. */
export async function listTeams(services: Services, known?: WorkerReport[]) {
  const reports = known ?? (await liveWorkers(services.redis));
  return [...services.swarms.all(), COORDINATION].map((swarm) => describeTeam(services, swarm, reports));
}

export function describeTeam(services: Services, swarm: SwarmDefinition, reports: WorkerReport[]) {
  const definitions = membersOf(services, swarm);
  const roles = definitions.flatMap((one) => Object.values(one.roles));
  const firstOf = ({ alias, models = [] }: Role) =>
    reports.map(({ models: first }) => models[0] ?? (alias && first[alias]));
  const models = [...new Set(roles.flatMap(firstOf).filter((model) => model !== undefined))];
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

/** Earlier clients know runs of several steps as workflows. */
export function describeWorkflow({ id, name, description, roles, stages }: SwarmDefinition, inputs: object) {
  const steps =
    stages?.map((stage) => `${stage.name}: ${stage.swarm}`) ?? Object.values(roles).map(({ label }) => label);
  return { id, name, description, inputs, steps };
}

function membersOf(services: Services, swarm: SwarmDefinition): SwarmDefinition[] {
  if (!swarm.stages) return [swarm];
  const members = swarm.stages.flatMap((stage) => findTeam(services, stage.swarm) ?? []);
  return members.flatMap((member) => membersOf(services, member));
}
