/** One swarm at work on one message: a run of its own, or a stage of a coordinated one. */
import type { ModelNames, RunResult, SwarmResult, SwarmRunInput } from '../contract';
import { patterns } from './patterns';
import { createTeam } from './team';
import { wholeRun } from './whole-run';

/** Workflow. Resolves when the swarm has answered; fails with our failure code as the type and what was done as details. */
export async function runSwarm(input: SwarmRunInput): Promise<RunResult> {
  return wholeRun(input, input.message, (models) => atWork(input, models));
}

/** Workflow. A stage of a run that its parent opens and closes. */
export async function runStage(input: SwarmRunInput): Promise<SwarmResult> {
  return atWork(input, input.stage?.models ?? {}).lead();
}

function atWork(input: SwarmRunInput, models: ModelNames) {
  const team = createTeam(input, models);
  const { pattern, roles } = input.swarm;
  return {
    result: () => team.result([]),
    lead: async () => team.result(await patterns[pattern](team, Object.keys(roles))),
  };
}
