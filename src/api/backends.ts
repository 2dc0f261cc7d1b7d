/** The API's connections to Redis and Temporal, and their health checks. */
import type { Connection } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { readCertificates } from '../certificates';
import type { Config } from '../config/config';
import type { Logger } from '../log';
import { createLoopHealth, type LoopHealth } from '../loop-health';
import { connectRedis, type RedisConnection } from '../redis/connect';
import { describeMemory, readRedisMemory } from '../redis/maxmemory';
import { monitorRedis } from '../redis-monitor';
import { isNamespaceMissing } from '../temporal/namespace';
import { connectTemporal, type TemporalHandle } from './temporal';

export interface Backends {
  redis: RedisConnection;
  /** Used for blocking reads, which would delay other commands on the same connection. */
  blockingRedis: RedisConnection;
  temporal: TemporalHandle;
  /** The background loops of this process. */
  loops: LoopHealth;
  temporalAnswers(deadlineMs: number): Promise<boolean>;
  stopWatching(): void;
  close(): Promise<void>;
}

/** Throws when Redis or Temporal cannot serve this API. */
export async function connectBackends(config: Config, log: Logger, worker?: NativeConnection): Promise<Backends> {
  const redis = connect(config, log, false);
  const blockingRedis = connect(config, log, true);
  const loops = createLoopHealth(log);
  const [redisMonitor, temporal] = await Promise.all([
    monitorRedis(redis, loops, log),
    connectTemporal(config, log, worker),
  ]);
  const connection = temporal.client.connection as Connection;
  warnOfMemory(redis, log);
  return {
    ...{ redis, blockingRedis, temporal, loops },
    temporalAnswers: (deadlineMs) =>
      connection
        .withDeadline(Date.now() + deadlineMs, async () => {
          await connection.workflowService.getSystemInfo({});
          const { TEMPORAL_NAMESPACE: namespace } = config;
          await connection.workflowService.describeNamespace({ namespace }).catch(throwIfMissing);
        })
        .then(() => true)
        .catch(() => false),
    stopWatching: () => redisMonitor.stop(),
    async close() {
      redis.disconnect();
      await connection.close();
    },
  };
}

function connect(config: Config, log: Logger, patient: boolean): RedisConnection {
  const server = { url: config.REDIS_URL, tls: readCertificates(config, 'REDIS_TLS') };
  return connectRedis({
    ...server,
    patient,
    onError: ({ message }) => log.warn({ reason: message }, 'redis connection'),
  });
}

/** Logged at startup; `/readyz` reports the same warning on every request. */
function warnOfMemory(redis: RedisConnection, log: Logger): void {
  readRedisMemory(redis).then(
    (memory) => describeMemory(memory).forEach((warning) => log.warn(warning)),
    (error: unknown) => log.warn({ error }, 'redis memory'),
  );
}

/** A server may deny permission to describe the namespace. */
function throwIfMissing(error: unknown): void {
  if (isNamespaceMissing(error)) throw error;
}
