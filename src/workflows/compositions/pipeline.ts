/** stage -> stage -> ... Each is told what its prompt names: the task, the answer before it, answers of earlier stages. */
import { fillTemplate } from '../../contract/templates';
import type { PromptPart } from '../../contract';
import { textOf } from '../message';
import type { Stages } from '../stages';

/** Swarms work one after another; the first that fails ends the run. Without a prompt of its own a stage sees the task and the answer before it. */
export async function pipeline(stages: Stages): Promise<void> {
  const values: Record<string, PromptPart[]> = { task: stages.task };
  let before: PromptPart[] = [];
  for (const { name, swarm, prompt } of stages.input.swarm.stages ?? []) {
    const told =
      prompt === undefined
        ? { brief: [...stages.task, ...before] }
        : { brief: fillTemplate(prompt, values), request: fillTemplate(prompt, { task: [stages.request] }).join('') };
    const { answer } = await stages.lead({ name, swarm, ...told });
    values[name] = values.previous = [textOf(answer)];
    before = [`\n\n# Answer of ${name}\n`, textOf(answer)];
  }
}
