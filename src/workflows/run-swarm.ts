/** One swarm at work on one message: by itself, or by leading other swarms through stages. */
import { CancellationScope } from '@temporalio/workflow';
import type { RunResult, SwarmResult, SwarmRunInput } from '../contract';
import { compositions } from './compositions';
import { withWholeMessage } from './message';
import { patterns } from './patterns';
import { Stages, type Work } from './stages';
import { Steering } from './steering';
import { createTeam, type Beginning } from './team';
import { openingIn, wholeRun } from './whole-run';

/** Workflow. Resolves when the swarm has answered; fails with our failure code as the type and what was done as details. */
export async function runSwarm(given: SwarmRunInput): Promise<RunResult> {
  const input = given.message_parts ? await withWholeMessage(given) : given;
  const opening = openingIn(input);
  const steering = new Steering(input, input.gates, opening, input.fork?.said);
  steering.listen();
  return wholeRun(input, opening, (beginning) => {
    const work = atWork(input, beginning, steering);
    return { result: work.result, lead: () => settled(work, steering) };
  });
}

/** Workflow. A stage of a run that a `coordinate` workflow opens and closes. */
export async function runStage(input: SwarmRunInput): Promise<SwarmResult> {
  return atWork(input, { models: input.stage?.models ?? {} }, new Steering(input)).lead();
}

/** What people say after the last turn is refused, and what they said before is told before the run's last event. */
async function settled(work: Work, steering: Steering) {
  try {
    return await work.lead();
  } finally {
    await CancellationScope.nonCancellable(() => steering.settle());
  }
}

function atWork(input: SwarmRunInput, beginning: Beginning, steering: Steering): Work {
  const { pattern, roles } = input.swarm;
  if (isComposition(pattern)) {
    const stages = new Stages(input, beginning, steering, atWork);
    return {
      result: () => stages.result(),
      async lead() {
        await compositions[pattern](stages);
        return stages.result();
      },
    };
  }
  const team = createTeam(input, beginning, steering);
  return {
    result: () => team.result([]),
    lead: async () => team.result(await patterns[pattern](team, Object.keys(roles))),
  };
}

function isComposition(pattern: string): pattern is keyof typeof compositions {
  return Object.hasOwn(compositions, pattern);
}
