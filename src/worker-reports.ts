/** What a worker tells the API of itself: that it lives, and how its gateways are. */
import type { Endpoint } from './gateway/endpoints/endpoint';
import { probe } from './gateway/probe';
import type { Logger } from './log';
import type { RedisConnection } from './redis/connect';
import { forgetWorker, REPORT_INTERVAL_MS, reportWorker, type WorkerReport } from './redis/workers';

const UNWELL_INTERVAL_MS = 500;

/** Tells the API every few seconds that this worker lives and how its gateways are; more often while one is not well. */
export function startReporting(
  redis: RedisConnection,
  about: Pick<WorkerReport, 'id' | 'models' | 'routes' | 'capacity'>,
  endpoints: Endpoint[],
  log: Logger,
): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const report = async () => {
    const gateways = await Promise.all(endpoints.map(probe));
    await reportWorker(redis, { ...about, gateways, at: Date.now() });
    return gateways.every(({ ok }) => ok) ? REPORT_INTERVAL_MS : UNWELL_INTERVAL_MS;
  };
  const reportAndGoOn = async () => {
    const next = await report().catch((error: unknown) => {
      log.warn({ error }, 'health report');
      return UNWELL_INTERVAL_MS;
    });
    if (!stopped) timer = setTimeout(() => void reportAndGoOn(), next);
  };
  void reportAndGoOn();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await forgetWorker(redis, about.id).catch(() => undefined);
  };
}
