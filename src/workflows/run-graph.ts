/** Builds the graph of a run from the declarations of its patterns. */
import type { GraphStage, RunGraph } from '../contract/graph';
import type { GateOptions } from '../contract/steering';
import type { SwarmDefinition } from '../contract/swarms';
import type { PlannedStage } from './pattern';
import { findComposition, findPattern } from './registry';

type NamedStage = PlannedStage & { id: string; title: string };
type FindSwarm = (id: string) => SwarmDefinition | undefined;

/** `find` looks up the swarms that stages name; a stage with an unknown swarm is omitted. */
export function makeRunGraph(definition: SwarmDefinition, find: FindSwarm, gates: GateOptions = {}): RunGraph {
  return { stages: listStages({ definition, find, gates }) };
}

interface Drawing {
  definition: SwarmDefinition;
  find: FindSwarm;
  gates: GateOptions;
}

function listStages(drawing: Drawing, stage?: NamedStage): GraphStage[] {
  const { definition, find, gates } = drawing;
  const composition = findComposition(definition.pattern);
  if (!composition) return [{ ...placeStage(definition, stage), ...describeSwarm(definition) }];
  const planned = composition.listStages?.(definition, gates) ?? definition.stages ?? [];
  return planned.flatMap((one) => {
    const member = find(one.swarm);
    const id = stage ? `${stage.id}/${one.name}` : one.name;
    return member ? listStages({ ...drawing, definition: member }, { title: id, ...one, id }) : [];
  });
}

type Place = Pick<GraphStage, 'id' | 'title' | 'gives_verdict' | 'asks_approval'>;

function placeStage({ name }: SwarmDefinition, stage?: NamedStage): Place {
  if (!stage) return { id: null, title: name };
  const { id, title, givesVerdict, asksApproval } = stage;
  return {
    ...{ id, title },
    ...(givesVerdict ? { gives_verdict: givesVerdict } : {}),
    ...(asksApproval ? { asks_approval: asksApproval } : {}),
  };
}

function describeSwarm(definition: SwarmDefinition): Pick<GraphStage, 'swarm_id' | 'roles' | 'steps'> {
  return {
    swarm_id: definition.id,
    roles: Object.entries(definition.roles).map(([role, { label }]) => ({ role, label })),
    steps: findPattern(definition.pattern)?.listSteps(definition) ?? [],
  };
}
