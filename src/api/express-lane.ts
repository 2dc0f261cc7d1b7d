/**
 * Hands runs that are being started to the express lane of a worker, which makes their first model calls meanwhile. Everything here may fail
 * or be lost: then the run's activities make those calls.
 */
import { randomUUID } from 'node:crypto';
import type { SwarmRunInput } from '../contract';
import { isBeginningKnown, type AnnouncedStart } from '../contract/express-lane';
import type { RedisConnection } from '../redis/connect';
import { publishHandover, type StartHandover } from '../redis/start-handover';
import type { WorkerReport } from '../redis/workers';

/** Announces a run before Temporal is asked to start it. Returns undefined if no lane takes it. */
export type AnnounceStart = (input: SwarmRunInput) => AnnouncedStart | undefined;

/**
 * Hands each run to one of the workers of its queue (`nameQueue`) that take them, in turn. `listWorkers` returns the workers as last known,
 * also those of other queues.
 */
export function createHandover(
  redis: RedisConnection,
  queue: string,
  listWorkers: () => readonly WorkerReport[],
): AnnounceStart {
  let turn = 0;
  return (input) => {
    const isTaker = ({ handoverQueue }: WorkerReport) => handoverQueue === queue;
    const workers = isBeginningKnown(input) ? listWorkers().filter(isTaker) : [];
    if (workers.length === 0) return undefined;
    const first = turn++ % workers.length;
    const start_id = randomUUID();
    const inOrder = [...workers.slice(first), ...workers.slice(0, first)];
    const handing = handOver(redis, inOrder, { kind: 'starting', start_id, input });
    const tell = (message: StartHandover) =>
      void handing.then((id) => id !== undefined && publishHandover(redis, id, message)).catch(() => undefined);
    return {
      started: () => tell({ kind: 'started', start_id }),
      rejected: () => tell({ kind: 'rejected', start_id }),
    };
  };
}

/** Returns the id of the first worker that receives the message: one that has ended may still be known. */
async function handOver(
  redis: RedisConnection,
  workers: readonly WorkerReport[],
  message: StartHandover,
): Promise<string | undefined> {
  for (const { id } of workers) if (await publishHandover(redis, id, message)) return id;
  return undefined;
}
