/** all at once | one after another | all at once -> moderator. A swarm that fails is named, and the others go on. */
import { CONSENSUS } from '../../contract/names';
import type { PromptPart } from '../../contract';
import { textOf } from '../message';
import { noneLeft } from '../none-left';
import type { StageOutcome, Stages } from '../stages';

/** Every swarm answers the task, at the same time. */
export async function parallel(stages: Stages): Promise<void> {
  someoneLeft(stages, await answersAtOnce(stages));
}

/** Every swarm answers the task after the one before it, whose answers it sees. */
export async function sequential(stages: Stages): Promise<void> {
  const heard: Heard[] = [];
  for (const { name, swarm } of stages.input.swarm.stages ?? []) {
    const outcome = await stages.tryLead({ name, swarm, brief: [...stages.task, ...briefOf(heard)] });
    if (outcome) heard.push({ name, outcome });
  }
  someoneLeft(stages, heard);
}

/** Every swarm answers at the same time; a swarm of one then writes what they agree on and where they differ. */
export async function consensus(stages: Stages): Promise<void> {
  const heard = await answersAtOnce(stages);
  someoneLeft(stages, heard);
  const missing = (stages.result().stages ?? []).flatMap(({ stage, failure }) => (failure ? [stage] : []));
  await stages.lead({
    name: CONSENSUS,
    swarm: CONSENSUS,
    brief: [
      '# Task\n',
      ...stages.task,
      ...briefOf(heard),
      missing.length > 0 ? `\n\nNot heard, because they failed: ${missing.join(', ')}. Say so.` : '',
    ],
  });
}

interface Heard {
  name: string;
  outcome: StageOutcome;
}

async function answersAtOnce(stages: Stages): Promise<Heard[]> {
  const heard = await Promise.all(
    (stages.input.swarm.stages ?? []).map(async ({ name, swarm }) => ({
      name,
      outcome: await stages.tryLead({ name, swarm, brief: stages.task }),
    })),
  );
  return heard.filter((one): one is Heard => one.outcome !== undefined);
}

function briefOf(heard: Heard[]): PromptPart[] {
  return heard.flatMap(({ name, outcome }) => [`\n\n# Answer of ${name}\n`, textOf(outcome.answer)]);
}

function someoneLeft(stages: Stages, heard: Heard[]): void {
  if (heard.length > 0) return;
  const failures = stages
    .result()
    .stages?.flatMap(({ stage, failure }) => (failure ? [{ label: stage, ...failure }] : []));
  throw noneLeft(failures ?? [], 'No swarm could answer.');
}
