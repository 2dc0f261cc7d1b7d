/**
 * What each worker has in hand, so that whoever follows a worker that was killed gives its turns back at once, instead of
 * waiting until their heartbeats are missed.
 */
import type { RedisConnection } from './connect';
import { leasesKey, WORKER_PROCESSES } from './keys';

/** A turn in hand: Temporal's token for it, base64, and the workflow execution that waits for it. */
export interface Lease {
  taskToken: string;
  workflowId: string;
  runId: string;
  /** Who speaks. */
  swarm: string;
}

/** Where a worker runs; two that agree in `host` and `namespace` can see each other's pids. */
export interface WorkerProcess {
  /** `WORKER_NAME`, where it is set: a worker of the same name takes this one's place. */
  name?: string | undefined;
  host: string;
  namespace: string;
  pid: number;
  /** When the process was started, in whatever unit its host counts; empty where that is unknown. */
  started: string;
}

/** What an activity knows of itself; see `Info` of `@temporalio/activity`. */
interface HeldActivity {
  taskToken: Uint8Array;
  workflowExecution?: { workflowId: string; runId: string } | undefined;
}

export interface Leases {
  /** Notes that this worker has the turn in hand; call what it answers when the turn has left it. */
  hold(activity: HeldActivity, swarm: string): () => void;
  /** Makes this worker known. */
  announce(process: WorkerProcess): Promise<void>;
  /** All workers that are known, this one left out. */
  others(): Promise<Map<string, WorkerProcess>>;
  heldBy(workerId: string): Promise<Lease[]>;
  forget(workerId: string): Promise<void>;
}

/** A worker that is never followed by another leaves its notes for this long, in seconds. */
const LEASE_TTL = 24 * 3600;

export function createLeases(redis: RedisConnection, workerId: string): Leases {
  const key = leasesKey(workerId);
  return {
    hold({ taskToken, workflowExecution }, swarm) {
      const token = Buffer.from(taskToken).toString('base64');
      // not waited for: without the note the turn is given back later, when its heartbeat is missed
      const note = JSON.stringify({ ...workflowExecution, swarm });
      redis
        .pipeline()
        .hset(key, token, note)
        .expire(key, LEASE_TTL)
        .exec()
        .catch(() => undefined);
      return () => void redis.hdel(key, token).catch(() => undefined);
    },

    async announce(process) {
      await redis.hset(WORKER_PROCESSES, workerId, JSON.stringify(process));
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
