/**
 * A worker takes over from those that were killed where it runs: it gives their turns back to Temporal at once, when it starts and
 * for as long as it lives. That a turn is given back although its worker lives costs an attempt, not a word, because the old attempt
 * is fenced out.
 */
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Logger } from './log';
import type { Lease, Leases } from './redis/leases';
import { hasEnded, type WorkerProcess } from './worker-process';

const INTERVAL_MS = 1000;

export interface Succession {
  /** Workers in whose place this one starts: those that have ended, and one of its own name, whatever it does. */
  predecessors(): Promise<string[]>;
  /** Gives back what these workers had in hand; resolves to how many turns that were. */
  takeOver(workerIds: readonly string[]): Promise<number>;
  /** The same for workers that have ended meanwhile. */
  takeOverEnded(): Promise<number>;
}

export function createSuccession(leases: Leases, me: WorkerProcess, client: Client): Succession {
  const thoseWho = async (isGone: (other: WorkerProcess) => boolean) =>
    [...(await leases.others())].filter(([, other]) => isGone(other)).map(([id]) => id);
  const takeOver = async (workerIds: readonly string[]) => {
    const given = await Promise.all(
      workerIds.map(async (id) => {
        const left = await leases.heldBy(id);
        await Promise.all(left.map((lease) => giveBack(lease, client)));
        await leases.forget(id);
        return left.length;
      }),
    );
    return given.reduce((sum, count) => sum + count, 0);
  };
  return {
    predecessors: () =>
      thoseWho((other) => (other.name !== undefined && other.name === me.name) || hasEnded(other, me)),
    takeOver,
    takeOverEnded: async () => takeOver(await thoseWho((other) => hasEnded(other, me))),
  };
}

/** Fails an attempt on behalf of a worker that cannot, and lets its workflow go to any worker. */
async function giveBack({ taskToken, workflowId, runId }: Lease, client: Client): Promise<void> {
  const why = ApplicationFailure.create({
    type: 'WORKER_LOST',
    message: 'The worker was killed.',
    nextRetryDelay: '1ms',
  });
  const { namespace } = client.options;
  await Promise.allSettled([
    // a turn that has meanwhile been reported, or given to another worker, is not found: nothing is to be done then
    client.activity.fail(Buffer.from(taskToken, 'base64'), why),
    client.workflowService.resetStickyTaskQueue({ namespace, execution: { workflowId, runId } }),
  ]);
}

/** A worker beside this one may be killed and not come back. */
export function startSucceeding({ takeOverEnded }: Succession, log: Logger): NodeJS.Timeout {
  let busy = false;
  const round = async () => {
    if (busy) return;
    busy = true;
    try {
      const turns = await takeOverEnded();
      if (turns > 0) log.info({ turns }, 'gave back what a killed worker had in hand');
    } catch (error) {
      log.warn({ error }, 'succession');
    } finally {
      busy = false;
    }
  };
  return setInterval(() => void round(), INTERVAL_MS);
}
