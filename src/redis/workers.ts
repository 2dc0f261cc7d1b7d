/** What live workers say about themselves, for the API's health: a key with a short time to live for each. */
import type { RedisConnection } from './connect';
import { WORKER_KEYS, workerKey } from './keys';

/** A worker's word. */
export interface WorkerReport {
  id: string;
  /** One entry for each configured gateway, as last probed. */
  gateways: { gateway: string; ok: boolean; problem?: string }[];
  at: number;
}

const TTL_SECONDS = 12;
export const REPORT_INTERVAL_MS = 4000;

export async function reportWorker(redis: RedisConnection, report: WorkerReport): Promise<void> {
  await redis.set(workerKey(report.id), JSON.stringify(report), 'EX', TTL_SECONDS);
}

export async function forgetWorker(redis: RedisConnection, id: string): Promise<void> {
  await redis.del(workerKey(id));
}

export async function liveWorkers(redis: RedisConnection): Promise<WorkerReport[]> {
  const keys: string[] = [];
  for await (const page of redis.scanStream({ match: WORKER_KEYS, count: 500 })) keys.push(...(page as string[]));
  const values = keys.length > 0 ? await redis.mget(keys) : [];
  return values.flatMap((value) => (value ? [JSON.parse(value) as WorkerReport] : []));
}
