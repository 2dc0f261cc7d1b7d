/** Counts what a worker's turns come to: shared with the API, and served on a port of its own where one is given. */
import type { Config } from './config';
import type { Logger } from './log';
import { serveMetrics } from './metrics/serve';
import { createMetricsSharing } from './metrics/shared';
import { createTurnMetrics } from './metrics/turn-metrics';
import { watchTurns } from './metrics/watched-turns';
import { noteActivity } from './redis/activity';
import type { RedisConnection } from './redis/connect';
import { createTurnStore, type TurnStore } from './redis/turns';

export interface WorkerMetrics {
  /** The turn store whose events are counted. */
  turns: TurnStore;
  stop(): Promise<void>;
}

const SHARING_INTERVAL_MS = 1000;

export async function startMetrics(config: Config, redis: RedisConnection, log: Logger): Promise<WorkerMetrics> {
  const metrics = createTurnMetrics();
  const share = createMetricsSharing(redis, metrics.registry);
  const shareOrWarn = () => share().catch((error: unknown) => log.warn({ error }, 'metrics'));
  const sharing = setInterval(() => void shareOrWarn(), SHARING_INTERVAL_MS);
  const port = config.WORKER_METRICS_PORT;
  const server = port > 0 ? await serveMetrics(metrics.registry, port, config.HOST) : undefined;
  return {
    turns: watchTurns(createTurnStore(redis, config.EVENTS_TTL_SECONDS), metrics, log, (swarm) =>
      noteActivity(redis, swarm),
    ),
    async stop() {
      clearInterval(sharing);
      server?.close();
      server?.closeAllConnections();
      await shareOrWarn();
    },
  };
}
