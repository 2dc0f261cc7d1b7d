/** stage -> stage -> ... Each receives what its prompt names: the task, the previous answer, answers of earlier stages. */
import { fillTemplate } from '../../contract/templates';
import type { PromptPart, SwarmDefinition } from '../../contract';
import { toTextReference } from '../message';
import type { Composition } from '../pattern';
import type { StageOrder, StageTask } from '../stage-input';
import type { Stages } from '../stages';

export const pipeline: Composition = { name: 'pipeline', isOpen: true, open, lead };

type Stage = NonNullable<SwarmDefinition['stages']>[number];

function open({ task, request, input }: StageTask): StageOrder[] {
  return (input.swarm.stages ?? []).slice(0, 1).map((stage) => order(stage, { task }, [...task], request));
}

/** Stages run one after another; the first failure ends the run. A stage without its own prompt sees the task and the previous answer. */
async function lead(stages: Stages): Promise<void> {
  const { task, request } = stages;
  const values: Record<string, PromptPart[]> = { task };
  let before: PromptPart[] = [];
  for (const stage of stages.input.swarm.stages ?? []) {
    const { answer } = await stages.lead(order(stage, values, [...task, ...before], request));
    values[stage.name] = values.previous = [toTextReference(answer)];
    before = [`\n\n# Answer of ${stage.name}\n`, toTextReference(answer)];
  }
}

/** `values` fill a stage's own prompt; a stage without one gets `brief`. */
function order(
  { name, swarm, prompt }: Stage,
  values: Readonly<Record<string, PromptPart[]>>,
  brief: PromptPart[],
  request: string,
): StageOrder {
  if (prompt === undefined) return { name, swarm, brief };
  const own = { brief: fillTemplate(prompt, values), request: fillTemplate(prompt, { task: [request] }).join('') };
  return { name, swarm, ...own };
}
