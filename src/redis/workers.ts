/** What live workers say about themselves, for the API's health: a key with a short time to live for each. */
import type { ModelNames } from '../contract';
import type { Alias } from '../contract/names';
import type { RedisConnection } from './connect';
import { WORKERS, workerKey } from './keys';
import type { Limits } from './limiter';

/** A model that a worker may call, and what it takes. */
export interface ModelCapacity {
  gateway: string;
  model: string;
  /** Its name in the limiter. */
  address: string;
  /** The aliases that lead to it. */
  aliases: Alias[];
  limits: Limits;
  /** The length of the window in which requests and tokens are counted. */
  windowMs: number;
}

/** A worker's word. */
export interface WorkerReport {
  id: string;
  /** One entry for each configured gateway, as last probed. */
  gateways: { gateway: string; ok: boolean; problem?: string }[];
  /** The model that stands first for each alias. */
  models: ModelNames;
  /** All models of each alias, in order of preference; absent in the reports of earlier versions. */
  routes?: Partial<Record<Alias, string[]>>;
  /** Absent in the reports of earlier versions. */
  capacity?: ModelCapacity[];
  at: number;
}

const TTL_SECONDS = 12;
export const REPORT_INTERVAL_MS = 4000;

export async function reportWorker(redis: RedisConnection, report: WorkerReport): Promise<void> {
  const said = redis.pipeline().set(workerKey(report.id), JSON.stringify(report), 'EX', TTL_SECONDS);
  await said.sadd(WORKERS, report.id).exec();
}

export async function forgetWorker(redis: RedisConnection, id: string): Promise<void> {
  await redis.pipeline().del(workerKey(id)).srem(WORKERS, id).exec();
}

/** The workers that have reported within the last seconds; those that died without a word are struck off. */
export async function liveWorkers(redis: RedisConnection): Promise<WorkerReport[]> {
  const ids = await redis.smembers(WORKERS);
  const reports = ids.length > 0 ? await redis.mget(ids.map(workerKey)) : [];
  const gone = ids.filter((_, i) => !reports[i]);
  if (gone.length > 0) await redis.srem(WORKERS, ...gone);
  return reports.flatMap((report) => (report ? [JSON.parse(report) as WorkerReport] : []));
}
