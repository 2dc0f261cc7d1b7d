/** Builds the graph of a run from the declarations of its patterns. */
import type { GraphStage, RunGraph } from '../contract/graph';
import type { SwarmDefinition } from '../contract/swarms';
import type { PlannedStage } from './pattern';
import { findComposition, findPattern } from './registry';

type NamedStage = PlannedStage & { id: string; title: string };
type FindSwarm = (id: string) => SwarmDefinition | undefined;

/** `find` looks up the swarms that stages name; a stage with an unknown swarm is omitted. */
export function makeRunGraph(definition: SwarmDefinition, find: FindSwarm): RunGraph {
  return { stages: listStages(definition, find) };
}

function listStages(definition: SwarmDefinition, find: FindSwarm, stage?: NamedStage): GraphStage[] {
  const composition = findComposition(definition.pattern);
  if (!composition) return [{ ...placeStage(definition, stage), ...describeSwarm(definition) }];
  const planned = composition.listStages?.(definition) ?? definition.stages ?? [];
  return planned.flatMap((one) => {
    const member = find(one.swarm);
    const id = stage ? `${stage.id}/${one.name}` : one.name;
    return member ? listStages(member, find, { title: id, ...one, id }) : [];
  });
}

function placeStage({ name }: SwarmDefinition, stage?: NamedStage): Pick<GraphStage, 'id' | 'title' | 'gives_verdict'> {
  if (!stage) return { id: null, title: name };
  const { id, title, givesVerdict } = stage;
  return { id, title, ...(givesVerdict ? { gives_verdict: givesVerdict } : {}) };
}

function describeSwarm(definition: SwarmDefinition): Pick<GraphStage, 'swarm_id' | 'roles' | 'steps'> {
  return {
    swarm_id: definition.id,
    roles: Object.entries(definition.roles).map(([role, { label }]) => ({ role, label })),
    steps: findPattern(definition.pattern)?.listSteps(definition) ?? [],
  };
}
