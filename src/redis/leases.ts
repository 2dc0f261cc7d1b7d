/**
 * Records which activities each worker is executing, so that the successor of a killed worker returns its turns to Temporal immediately
 * instead of waiting for missed heartbeats.
 */
import type { RedisConnection } from './connect';
import { leasesKey, WORKER_PROCESSES } from './keys';

/** A turn or code execution in progress: its Temporal task token, base64, and the workflow execution that waits for it. */
export interface Lease {
  taskToken: string;
  workflowId: string;
  runId: string;
  /** The task queue it came from; absent in the records of earlier versions, which contain only turns. */
  taskQueue?: string;
  /** The swarm that takes the turn. */
  swarm: string;
}

/** Where a worker runs. Workers with the same `host` and `namespace` can see each other's pids. */
export interface WorkerProcess {
  /** `WORKER_NAME`, if set: a new worker with the same name replaces this one. */
  name?: string | undefined;
  host: string;
  namespace: string;
  pid: number;
  /** Start time of the process, in the unit of its host; empty if unknown. */
  started: string;
}

/** The activity's own metadata; see `Info` of `@temporalio/activity`. */
interface HeldActivity {
  taskToken: Uint8Array;
  taskQueue: string;
  workflowExecution?: { workflowId: string; runId: string } | undefined;
}

export interface Leases {
  /** Records that this worker is executing the turn. Call the returned function when the turn has ended here. */
  hold(activity: HeldActivity, swarm: string): () => void;
  /** Returns how many turns and code executions this worker is executing. */
  count(): number;
  /** Registers this worker and its turns. Call it repeatedly: it costs next to nothing unless Redis was emptied. */
  announce(process: WorkerProcess): Promise<void>;
  /** Returns all known workers except this one. */
  others(): Promise<Map<string, WorkerProcess>>;
  heldBy(workerId: string): Promise<Lease[]>;
  forget(workerId: string): Promise<void>;
}

/** Expiry of the records of a worker that is never replaced, in seconds. */
const LEASE_TTL = 24 * 3600;

export function createLeases(redis: RedisConnection, workerId: string): Leases {
  const key = leasesKey(workerId);
  const inHand = new Map<string, string>();
  return {
    hold({ taskToken, taskQueue, workflowExecution }, swarm) {
      const token = Buffer.from(taskToken).toString('base64');
      // not awaited: without the record, the turn is returned later, when its heartbeat is missed
      const note = JSON.stringify({ ...workflowExecution, taskQueue, swarm });
      inHand.set(token, note);
      redis
        .pipeline()
        .hset(key, token, note)
        .expire(key, LEASE_TTL)
        .exec()
        .catch(() => undefined);
      return () => {
        inHand.delete(token);
        redis.hdel(key, token).catch(() => undefined);
      };
    },

    count: () => inHand.size,

    async announce(process) {
      const isNew = await redis.hsetnx(WORKER_PROCESSES, workerId, JSON.stringify(process));
      if (isNew === 0 || inHand.size === 0) return;
      // sent immediately, so that the removal of a finished turn is sent after it
      await redis.pipeline().hset(key, Object.fromEntries(inHand)).expire(key, LEASE_TTL).exec();
    },

    async others() {
      const { [workerId]: _own, ...others } = await redis.hgetall(WORKER_PROCESSES);
      return new Map(Object.entries(others).map(([id, json]) => [id, JSON.parse(json) as WorkerProcess]));
    },

    async heldBy(id) {
      const notes = await redis.hgetall(leasesKey(id));
      return Object.entries(notes).map(([taskToken, note]) => ({
        taskToken,
        ...(JSON.parse(note) as Omit<Lease, 'taskToken'>),
      }));
    },

    async forget(id) {
      await redis.pipeline().hdel(WORKER_PROCESSES, id).del(leasesKey(id)).exec();
    },
  };
}

/** Lists the turns that these workers are executing, each with its run and swarm. */
export async function listTurnsInHand(redis: RedisConnection, workerIds: string[]): Promise<TurnInHand[]> {
  const notes = await Promise.all(workerIds.map((id) => redis.hvals(leasesKey(id))));
  return notes.flat().map((note) => JSON.parse(note) as TurnInHand);
}

export type TurnInHand = Partial<Pick<Lease, 'workflowId' | 'swarm'>>;
