/** Status reports of live workers, read by the API's health check: one key with a short TTL per worker. */
import type { ModelNames } from '../contract';
import type { Alias } from '../contract/names';
import type { LoopProblem } from '../loop-health';
import type { RedisConnection } from './connect';
import { WORKERS, workerKey } from './keys';
import type { Limits } from './limiter';

/** A model that a worker may call, and its limits. */
export interface ModelCapacity {
  gateway: string;
  model: string;
  /** Its name in the limiter. */
  address: string;
  /** The aliases that resolve to it. */
  aliases: Alias[];
  limits: Limits;
  /** The length of the window in which requests and tokens are counted. */
  windowMs: number;
}

/** Capabilities of a worker's sandbox. */
export interface SandboxReport {
  /** Isolation layers around generated code; empty until they are known. */
  layers: string[];
  /** What the layers do not protect. */
  unprotected: string[];
  /** Why code is not executed; absent if it is. */
  problem?: string;
}

/** The version of a Temporal Worker Deployment that a worker serves. */
export interface WorkerVersion {
  deploymentName: string;
  buildId: string;
}

/** A worker's status report. */
export interface WorkerReport {
  id: string;
  /** One entry per configured gateway, with the result of the last probe. */
  gateways: { gateway: string; ok: boolean; key?: 'proven' | 'unproven'; problem?: string }[];
  /** The first model of each alias. */
  models: ModelNames;
  /** All models of each alias, in order of preference; absent in the reports of earlier versions. */
  routes?: Partial<Record<Alias, string[]>>;
  /** Absent in the reports of earlier versions. */
  capacity?: ModelCapacity[];
  /** Absent in the reports of earlier versions. */
  sandbox?: SandboxReport;
  /** Background loops that keep failing; absent in the reports of earlier versions. */
  loops?: LoopProblem[];
  /** Absent if the server does not support Worker Versioning. */
  version?: WorkerVersion;
  /** The queue (`nameQueue`) whose APIs may hand runs that they start to its express lane; absent if none may. */
  handoverQueue?: string;
  at: number;
}

const TTL_SECONDS = 12;
export const REPORT_INTERVAL_MS = 4000;

export async function reportWorker(redis: RedisConnection, report: WorkerReport): Promise<void> {
  const written = redis.pipeline().set(workerKey(report.id), JSON.stringify(report), 'EX', TTL_SECONDS);
  await written.sadd(WORKERS, report.id).exec();
}

export async function forgetWorker(redis: RedisConnection, id: string): Promise<void> {
  await redis.pipeline().del(workerKey(id)).srem(WORKERS, id).exec();
}

/** Returns the workers that have reported within the last seconds. Removes those that died without unregistering. */
export async function listLiveWorkers(redis: RedisConnection): Promise<WorkerReport[]> {
  const ids = await redis.smembers(WORKERS);
  const reports = ids.length > 0 ? await redis.mget(ids.map(workerKey)) : [];
  const gone = ids.filter((_, i) => !reports[i]);
  if (gone.length > 0) await redis.srem(WORKERS, ...gone);
  return reports.flatMap((report) => (report ? [JSON.parse(report) as WorkerReport] : []));
}

/** Returns whether another live worker executes programs. */
export async function doOthersExecute(redis: RedisConnection, id: string): Promise<boolean> {
  const workers = await listLiveWorkers(redis).catch(() => []);
  return workers.some((worker) => worker.id !== id && worker.sandbox?.problem === undefined);
}
