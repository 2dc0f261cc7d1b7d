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
    const brief = prompt === undefined ? [...stages.task, ...before] : fillTemplate(prompt, values);
    const { answer } = await stages.lead({ name, swarm, brief });
    values[name] = values.previous = [textOf(answer)];
    before = [`\n\n# Answer of ${name}\n`, textOf(answer)];
  }
}
