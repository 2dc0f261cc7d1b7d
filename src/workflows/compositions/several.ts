/** in parallel | in sequence | in parallel -> moderator. A swarm that fails is recorded, and the others continue. */
import { CONSENSUS } from '../../contract/names';
import type { PromptPart } from '../../contract';
import { toTextReference } from '../message';
import { noneLeft } from '../none-left';
import type { Composition } from '../pattern';
import type { StageOrder, StageTask } from '../stage-input';
import type { StageOutcome, Stages } from '../stages';

export const parallel: Composition = { name: 'parallel', open: openAll, lead: leadInParallel };
export const sequential: Composition = { name: 'sequential', open: openFirst, lead: leadInSequence };
export const consensus: Composition = {
  name: 'consensus',
  listStages: ({ stages = [] }) => [...stages, { name: CONSENSUS, swarm: CONSENSUS }],
  open: openAll,
  lead: leadToConsensus,
};

function openAll({ task, input }: StageTask): StageOrder[] {
  return (input.swarm.stages ?? []).map(({ name, swarm }) => ({ name, swarm, brief: task }));
}

function openFirst(run: StageTask): StageOrder[] {
  return openAll(run).slice(0, 1);
}

/** All swarms answer the task in parallel. */
async function leadInParallel(stages: Stages): Promise<void> {
  someoneLeft(stages, await answersAtOnce(stages));
}

/** Swarms answer the task one after another; each sees the answers before it. */
async function leadInSequence(stages: Stages): Promise<void> {
  const answers: StageAnswer[] = [];
  for (const { name, swarm } of stages.input.swarm.stages ?? []) {
    const outcome = await stages.tryLead({ name, swarm, brief: [...stages.task, ...writeBrief(answers)] });
    if (outcome) answers.push({ name, outcome });
  }
  someoneLeft(stages, answers);
}

/** All swarms answer in parallel; a swarm with one role then writes what they agree on and where they differ. */
async function leadToConsensus(stages: Stages): Promise<void> {
  const answers = await answersAtOnce(stages);
  someoneLeft(stages, answers);
  const missing = (stages.result().stages ?? []).flatMap(({ stage, failure }) => (failure ? [stage] : []));
  await stages.lead({
    name: CONSENSUS,
    swarm: CONSENSUS,
    brief: [
      '# Task\n',
      ...stages.task,
      ...writeBrief(answers),
      missing.length > 0 ? `\n\nNot heard, because they failed: ${missing.join(', ')}. Say so.` : '',
    ],
  });
}

interface StageAnswer {
  name: string;
  outcome: StageOutcome;
}

async function answersAtOnce(stages: Stages): Promise<StageAnswer[]> {
  const answers = await Promise.all(
    openAll(stages).map(async (order) => ({ name: order.name, outcome: await stages.tryLead(order) })),
  );
  stages.sort(answers.map(({ name }) => name));
  return answers.filter((one): one is StageAnswer => one.outcome !== undefined);
}

function writeBrief(answers: StageAnswer[]): PromptPart[] {
  return answers.flatMap(({ name, outcome }) => [`\n\n# Answer of ${name}\n`, toTextReference(outcome.answer)]);
}

function someoneLeft(stages: Stages, answers: StageAnswer[]): void {
  if (answers.length > 0) return;
  const failures = stages
    .result()
    .stages?.flatMap(({ stage, failure }) => (failure ? [{ label: stage, ...failure }] : []));
  throw noneLeft(failures ?? [], 'No swarm could answer.');
}
