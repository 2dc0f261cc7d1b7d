/** Runs one swarm on one message: its own pattern, or a composition that runs other swarms as stages. */
import { ApplicationFailure, CancellationScope } from '@temporalio/workflow';
import type { RunResult, SwarmRunInput } from '../contract';
import { makeOpening } from '../events/opening';
import { assembleMessage } from './message';
import { findComposition, findPattern } from './registry';
import { makeRunGraph } from './run-graph';
import { Stages, type Work } from './stages';
import { Steering } from './steering';
import { createTeam, type Beginning } from './team';
import { runLifecycle } from './run-lifecycle';

/** Workflow. Resolves when the swarm has answered; fails with our failure code as the type and the partial result as details. */
export async function runSwarm(given: SwarmRunInput): Promise<RunResult> {
  const input = given.message_parts ? await assembleMessage(given) : given;
  const graph = makeRunGraph(input.swarm, (id) => input.members?.[id], input.gates);
  const opening = makeOpening({ ...input, graph });
  const steering = new Steering(input, input.gates, opening, input.fork?.steering);
  steering.listen();
  return runLifecycle(input, opening, (beginning) => {
    const work = atWork(input, beginning, steering);
    return { result: work.result, lead: () => settled(work, steering) };
  });
}

/** Refuses steering after the last turn, and publishes earlier steering before the run's last event. */
async function settled(work: Work, steering: Steering) {
  try {
    return await work.lead();
  } finally {
    await CancellationScope.nonCancellable(() => steering.settle());
  }
}

function atWork(input: SwarmRunInput, beginning: Beginning, steering: Steering): Work {
  const composition = findComposition(input.swarm.pattern);
  if (composition) {
    const stages = new Stages(input, beginning, steering, atWork);
    return {
      result: () => stages.result(),
      async lead() {
        await composition.lead(stages);
        return stages.result();
      },
    };
  }
  const pattern = findPattern(input.swarm.pattern);
  if (!pattern) throw ApplicationFailure.nonRetryable(`There is no pattern "${input.swarm.pattern}".`, 'INTERNAL');
  const team = createTeam(input, beginning, steering);
  return {
    result: () => team.result([]),
    lead: async () => team.result(await pattern.lead(team)),
  };
}
