/**
 * A worker takes over from workers that were killed on its host: it gives their turns and code executions back to Temporal at once, at its
 * start and while it runs. Giving back a turn whose worker is still alive costs an attempt but loses no text, because the old attempt is
 * fenced.
 */
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Logger } from '../log';
import type { Loop } from '../loop-health';
import type { LaneStore } from '../redis/lanes';
import type { Lease, Leases } from '../redis/leases';
import { hasExited, type WorkerProcess } from './process';

const INTERVAL_MS = 1000;

export interface Takeover {
  /** Registers this worker for possible successors; registers it again if Redis has lost it. */
  announce(): Promise<void>;
  /** Workers that this one replaces: those that have ended, and any with the same name. */
  predecessors(): Promise<string[]>;
  /** Gives back the leases of these workers, and returns them. */
  takeOver(workerIds: readonly string[]): Promise<Lease[]>;
  /** Takes over from workers that have ended meanwhile. */
  takeOverEnded(): Promise<Lease[]>;
}

export function createTakeover(leases: Leases, lanes: LaneStore, me: WorkerProcess, client: Client): Takeover {
  const thoseWho = async (isGone: (other: WorkerProcess) => boolean) =>
    [...(await leases.others())].filter(([, other]) => isGone(other)).map(([id]) => id);
  const takeOver = async (workerIds: readonly string[]) => {
    // before the activities are retried, which would wait for the leases
    await lanes.releaseAll(workerIds);
    const given = await Promise.all(
      workerIds.map(async (id) => {
        const left = await leases.heldBy(id);
        await Promise.all(left.map((lease) => giveBack(lease, client)));
        await leases.forget(id);
        return left;
      }),
    );
    return given.flat();
  };
  return {
    announce: () => leases.announce(me),
    predecessors: () =>
      thoseWho((other) => (other.name !== undefined && other.name === me.name) || hasExited(other, me)),
    takeOver,
    takeOverEnded: async () => takeOver(await thoseWho((other) => hasExited(other, me))),
  };
}

/** Fails an attempt on behalf of a dead worker, and resets the sticky queue so that any worker can take the workflow. */
async function giveBack({ taskToken, workflowId, runId }: Lease, client: Client): Promise<void> {
  const why = ApplicationFailure.create({
    type: 'WORKER_LOST',
    message: 'The worker was killed.',
    nextRetryDelay: '1ms',
  });
  const { namespace } = client.options;
  await Promise.allSettled([
    // an attempt that was reported or given to another worker meanwhile is not found, and nothing needs to be done
    client.activity.fail(Buffer.from(taskToken, 'base64'), why),
    client.workflowService.resetStickyTaskQueue({ namespace, execution: { workflowId, runId } }),
  ]);
}

/** Takes over what a killed predecessor had in hand. */
export async function takeOverPredecessors(takeover: Takeover, log: Logger): Promise<void> {
  const { length: activities } = await takeover.takeOver(await takeover.predecessors());
  if (activities > 0) log.info({ activities }, 'gave back what a killed worker had in hand');
}

/** Takes over periodically, because another worker on this host may be killed and not be restarted. */
export function startTakingOver({ announce, takeOverEnded }: Takeover, loop: Loop, log: Logger): NodeJS.Timeout {
  let busy = false;
  const round = async () => {
    if (busy) return;
    busy = true;
    try {
      await announce();
      const { length: activities } = await takeOverEnded();
      if (activities > 0) log.info({ activities }, 'gave back what a killed worker had in hand');
      loop.succeeded();
    } catch (error) {
      loop.failed(error);
    } finally {
      busy = false;
    }
  };
  return setInterval(() => void round(), INTERVAL_MS);
}
