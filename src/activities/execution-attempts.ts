/**
 * Executions that fail for reasons on our side are tried at most twice, on different workers if there are several; then the caller
 * continues without a result. The heartbeat details record which workers have started one; they outlive an attempt and its worker.
 */
import { ApplicationFailure, Context } from '@temporalio/activity';
import { z } from 'zod';
import type { Leases } from '../redis/leases';
import { SandboxUnavailable } from '../sandbox/host/isolation';
import { whileBeating } from '../model-call/heartbeat';

/** This worker as an executor of programs. */
export interface Executor {
  id: string;
  /** Records what this worker executes, so that another worker can fail it at once if this one is killed. */
  leases: Pick<Leases, 'hold'>;
  /** Whether other workers currently execute programs. */
  othersExecute(): Promise<boolean>;
  isWorking(): boolean;
}

const MOST_EXECUTIONS = 2;
/** Maximum deferrals to another worker. Temporal may offer the attempt to the same worker again, or no other worker may be free. */
const MOST_DEFERRALS = 5;
const DEFERRAL = '300ms';

const details = z.object({ workers: z.array(z.string()), deferrals: z.number().int().min(0) });
type Details = z.infer<typeof details>;

export interface Execution<T> {
  work(signal: AbortSignal): Promise<T>;
  /** The result if the program could not be executed; `reason` is for people. */
  giveUp(reason: string): Promise<T>;
}

/** Holds a lease on the activity for this worker while the work runs. */
export async function whileInHand<T>({ leases }: Executor, swarm: string, work: () => Promise<T>): Promise<T> {
  const release = leases.hold(Context.current().info, swarm);
  return work().finally(release);
}

export async function executeBounded<T>(
  context: Context,
  executor: Executor,
  { work, giveUp }: Execution<T>,
): Promise<T> {
  const before = details.safeParse(context.info.heartbeatDetails).data ?? { workers: [], deferrals: 0 };
  if (before.workers.length >= MOST_EXECUTIONS) {
    context.log.error('two workers stopped while they executed a program', { workers: before.workers });
    return giveUp('Two workers stopped while they executed it.');
  }
  await leaveToOthers(context, executor, before);
  const during = { ...before, workers: [...before.workers, executor.id] };
  return whileBeating(context, work, during).catch((error: unknown) => {
    // an execution that ends with its worker, or by cancellation, does not count as failed
    if (context.cancellationSignal.aborted) context.heartbeat(before);
    if (context.cancellationSignal.aborted || isFinal(error)) throw error;
    context.log.error('a program could not be executed', { error, workers: during.workers });
    if (during.workers.length < MOST_EXECUTIONS) {
      context.heartbeat(during);
      throw error;
    }
    return giveUp(describeFailure(error));
  });
}

/** Throws if another worker should execute the program: this one has tried it before, or its sandbox does not work. */
async function leaveToOthers(context: Context, executor: Executor, before: Details): Promise<void> {
  const isUnfit = before.workers.includes(executor.id) || !executor.isWorking();
  if (!isUnfit || before.deferrals >= MOST_DEFERRALS || !(await executor.othersExecute())) return;
  context.heartbeat({ ...before, deferrals: before.deferrals + 1 });
  throw ApplicationFailure.create({
    message: 'Another worker executes it.',
    type: 'EXECUTED_ELSEWHERE',
    nextRetryDelay: DEFERRAL,
    category: 'BENIGN',
  });
}

function isFinal(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.nonRetryable === true;
}

function describeFailure(error: unknown): string {
  if (error instanceof SandboxUnavailable) return error.message;
  return 'Its execution failed twice for reasons on our side; the logs of the workers say why.';
}
