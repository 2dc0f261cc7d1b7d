/** Puts the API together and serves it: the same function for production and for tests. */
import { randomUUID } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Connection } from '@temporalio/client';
import type { Config } from '../config';
import type { Logger } from '../log';
import { callOutCancel } from '../redis/cancellations';
import { connectRedis } from '../redis/connect';
import { createEventReader } from '../redis/events';
import { createEventFollower } from '../redis/follow';
import { createMemory } from '../redis/memory';
import { createTurnStore } from '../redis/turns';
import { createApp } from './app';
import { createKeyring } from './auth';
import { createModelNames } from './model-names';
import { createForkRun } from './fork';
import { createRelay } from './relay';
import { createRetellings } from './retellings';
import { listRuns } from './run-list';
import { Runs } from './runs';
import type { Services } from './services';
import { createSteer } from './steer';
import { connectTemporal } from './temporal';
import { keepVigil } from './vigil';
import { serveWebSockets } from './websocket';

export interface RunningServer {
  url: string;
  /** Closes open streams and connections; runs go on. */
  stop(): Promise<void>;
}

export async function createServer(config: Config, log: Logger): Promise<RunningServer> {
  const onError = (error: Error) => log.warn({ reason: error.message }, 'redis connection');
  const redis = connectRedis({ url: config.REDIS_URL, patient: false, onError });
  const blocking = connectRedis({ url: config.REDIS_URL, patient: true, onError });
  const temporal = await connectTemporal(config, log);
  const connection = temporal.client.connection as Connection;
  const history = createEventReader(redis);
  const follower = createEventFollower(blocking, redis, history, randomUUID());
  const modelNames = createModelNames(redis);
  modelNames();
  const runs = new Runs({ temporal, taskQueue: config.TASK_QUEUE, swarms: config.swarms, modelNames });
  const relay = createRelay(follower, history, createRetellings(runs));
  const vigil = keepVigil({ follower, history, turns: createTurnStore(redis), relay, runs, log });
  const keyring = createKeyring(config.API_KEYS);
  const services: Services = {
    swarms: config.swarms,
    runs,
    relay,
    history,
    redis,
    memory: createMemory(redis, { windowTokens: config.MEMORY_WINDOW_TOKENS, ttlSeconds: config.MEMORY_TTL_SECONDS }),
    listRuns: (query) => listRuns(temporal, config.TEMPORAL_NAMESPACE, query),
    async cancelRun(runId) {
      const accepted = await runs.cancel(runId);
      // Temporal knows first: a worker that hears the call waits for Temporal's word before it reports the turn as cancelled
      if (accepted) await callOutCancel(redis, runId);
      return accepted;
    },
    steer: createSteer(temporal, (runId) => runs.describe(runId)),
    forkRun: createForkRun(temporal, runs),
    temporalAnswers: (deadlineMs) =>
      connection
        .withDeadline(Date.now() + deadlineMs, () => connection.workflowService.getSystemInfo({}))
        .then(() => true)
        .catch(() => false),
    syncWaitMs: config.SYNC_WAIT_SECONDS * 1000,
    temporalUiUrl: config.TEMPORAL_UI_URL,
    namespace: config.TEMPORAL_NAMESPACE,
  };

  const app = createApp({ services, keyring, corsOrigins: config.CORS_ORIGINS, log });
  const server = createHttpServer(app.callback());
  const sockets = serveWebSockets(server, { runs, relay, keyring, cancelRun: services.cancelRun, log });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.PORT, config.HOST, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${config.HOST}:${port}`,
    async stop() {
      vigil.stop();
      sockets.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await follower.close();
      redis.disconnect();
      await connection.close();
    },
  };
}
