/** Collects metrics of a worker's turns: shared with the API, and served on a separate port if one is configured. */
import { createKeylessPolicy } from '../access/policy';
import type { Config } from '../config/config';
import type { Logger } from '../log';
import type { Loop } from '../loop-health';
import { serveMetrics } from '../metrics/serve';
import { createMetricsSharing } from '../metrics/shared';
import { createTurnMetrics } from '../metrics/turn-metrics';
import { watchTurns } from '../metrics/watched-turns';
import { noteActivity } from '../redis/activity';
import type { RedisConnection } from '../redis/connect';
import { createTurnStore, type TurnStore } from '../redis/turns';

export interface WorkerMetrics {
  /** A turn store that counts its events. */
  turns: TurnStore;
  stop(): Promise<void>;
}

const SHARING_INTERVAL_MS = 1000;

export async function startMetrics(
  config: Config,
  redis: RedisConnection,
  loop: Loop,
  log: Logger,
): Promise<WorkerMetrics> {
  const metrics = createTurnMetrics();
  const share = createMetricsSharing(redis, metrics.registry);
  const shareOrWarn = () => share().then(loop.succeeded, loop.failed);
  const sharing = setInterval(() => void shareOrWarn(), SHARING_INTERVAL_MS);
  const { WORKER_METRICS_PORT: port, HOST: host, ALLOWED_HOSTS: allowedHosts, CORS_ORIGINS: corsOrigins } = config;
  const access = createKeylessPolicy(host, { allowedHosts, corsOrigins });
  const server = port > 0 ? await serveMetrics(metrics.registry, { port, host, access }) : undefined;
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
