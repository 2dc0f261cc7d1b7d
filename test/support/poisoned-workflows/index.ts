/** Replacements of our workflows that misbehave in the way that the run's message names. */
import { CancellationScope, setWorkflowOptions, sleep } from '@temporalio/workflow';
import type { RunResult, SwarmRunInput } from '../../../src/contract';

export async function runSwarm(input: SwarmRunInput): Promise<RunResult> {
  const { run_id, session_id, team_id } = input;
  await sleep(100);
  // in a scope, like our own workflows: Node keeps its context on a stack
  if (input.message === 'promises without end') await CancellationScope.cancellable(resolveForever);
  if (input.message === 'slow expression') /^(a+)+$/.test(`${'a'.repeat(60)}!`);
  if (input.message === 'mistake') (undefined as unknown as { swarm: { id: string } }).swarm.id.trim();
  for (let round = 0; round < 30; round++) await sleep(100);
  return { run_id, session_id, team_id, status: 'complete', turns: [], answers: [], failures: [] };
}
setWorkflowOptions({ failureExceptionTypes: [Error] }, runSwarm);

async function resolveForever(): Promise<never> {
  for (;;) await Promise.all([1, 2, 3].map((x) => Promise.resolve(x)));
}
