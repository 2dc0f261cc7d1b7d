/** The input of a stage: a composition's order, as the input of the swarm that carries it out. */
import type { PromptPart, SwarmDefinition, SwarmRunInput } from '../contract';
import type { TurnStage } from '../contract/shapes';
import { toPromptParts } from './message';

/** What a composition's stages work on. */
export interface StageTask {
  readonly input: SwarmRunInput;
  /** The task of the whole run. */
  readonly task: PromptPart[];
  /** The part of the task that a person has written. */
  readonly request: string;
}

export interface StageOrder {
  /** The stage's name in the composition. */
  name: string;
  /** From 0. */
  round?: number;
  /** The id of one of the run's members. */
  swarm: string;
  brief: PromptPart[];
  /** The part of the brief that a person has written; default: the request of the run. */
  request?: string;
  /** Text to add to the prompt of the stage's concluding turn. */
  closing?: string;
}

export function toStageTask(input: SwarmRunInput): StageTask {
  return { input, task: input.stage?.brief ?? toPromptParts(input), request: input.stage?.request ?? input.message };
}

/** `material` holds the texts of the turns that have finished. */
export function makeStageInput(
  input: SwarmRunInput,
  order: StageOrder,
  material: Record<string, string>,
): SwarmRunInput {
  const { swarm, brief, request = toStageTask(input).request, closing = '' } = order;
  const stage = {
    ...placeStage(input, order),
    brief,
    request,
    closing,
    material: { ...input.stage?.material, ...material },
  };
  return { ...input, team_id: swarm, swarm: findMember(input, swarm), stage };
}

function findMember({ members }: SwarmRunInput, id: string): SwarmDefinition {
  const found = members?.[id];
  if (found) return found;
  throw new Error(`The run was started without the swarm "${id}" that one of its stages names.`);
}

export function placeStage(input: SwarmRunInput, order: StageOrder): TurnStage {
  const { name, round = 0 } = order;
  const outer = input.stage;
  const place = { id: nameStage(input, order), plan: outer ? `${outer.plan}/${name}` : name, round: round + 1 };
  return outer ? { ...place, within: [...(outer.within ?? []), outer.id] } : place;
}

export function nameStage({ stage }: SwarmRunInput, { name, round = 0 }: Pick<StageOrder, 'name' | 'round'>): string {
  const own = round === 0 ? name : `${name}-${round + 1}`;
  return stage ? `${stage.id}/${own}` : own;
}
