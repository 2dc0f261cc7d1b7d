/** The worker process: builds everything that activities depend on, and runs workflows and activities until it is told to stop. */
import { hostname } from 'node:os';
import path from 'node:path';
import { NativeConnection, Runtime, Worker, makeTelemetryFilterString } from '@temporalio/worker';
import { createActivities } from './activities';
import { loadConfig, type Config } from './config';
import { createChat } from './gateway/chat';
import type { Endpoint } from './gateway/endpoints/endpoint';
import { probe } from './gateway/probe';
import { createEndpoints, createRoutes } from './gateway/routes';
import { createLog, type Logger } from './log';
import { listenForCancellations } from './redis/cancellations';
import { connectRedis, type RedisConnection } from './redis/connect';
import { createMemory } from './redis/memory';
import { createTurnStore } from './redis/turns';
import { forgetWorker, REPORT_INTERVAL_MS, reportWorker } from './redis/workers';
import { temporalConnection } from './temporal-connection';

/** Bundled at build time: bundling at start would cost seconds and a hundred megabytes. */
const WORKFLOW_BUNDLE = path.join(__dirname, 'workflow-bundle.js');

const UNWELL_INTERVAL_MS = 500;
/** Redis may be gone before we are. */
const FAREWELL_MS = 500;

async function main(): Promise<void> {
  const config = loadConfig();
  const log = createLog('worker', config.LOG_LEVEL);
  Runtime.install({
    logger: {
      log: () => undefined,
      trace: () => undefined,
      debug: () => undefined,
      info: () => undefined,
      warn: (message) => log.warn(message),
      error: (message) => log.error(message),
    },
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} } },
  });
  const onError = (error: Error) => log.warn({ reason: error.message }, 'redis connection');
  const redis = connectRedis({ url: config.REDIS_URL, patient: true, onError });
  const subscriber = connectRedis({ url: config.REDIS_URL, patient: true, onError });
  const connection = await NativeConnection.connect(temporalConnection(config));
  const endpoints = createEndpoints(config);
  const worker = await createWorker(config, connection, redis, subscriber, endpoints);
  const stopReporting = startReporting(redis, endpoints, log);
  log.info({ gateways: endpoints.map(({ name }) => name), taskQueue: config.TASK_QUEUE }, 'worker ready');
  try {
    await worker.run();
  } finally {
    await stopReporting();
    await connection.close();
    redis.disconnect();
    subscriber.disconnect();
  }
}

async function createWorker(
  config: Config,
  connection: NativeConnection,
  redis: RedisConnection,
  subscriber: RedisConnection,
  endpoints: Endpoint[],
): Promise<Worker> {
  const activities = createActivities({
    turns: createTurnStore(redis),
    memory: createMemory(redis, { windowTokens: config.MEMORY_WINDOW_TOKENS, ttlSeconds: config.MEMORY_TTL_SECONDS }),
    chat: createChat(),
    routes: createRoutes(endpoints, config.models),
    cancellations: await listenForCancellations(subscriber),
  });
  return Worker.create({
    connection,
    namespace: config.TEMPORAL_NAMESPACE,
    taskQueue: config.TASK_QUEUE,
    workflowBundle: { codePath: WORKFLOW_BUNDLE },
    activities,
    maxConcurrentActivityTaskExecutions: config.WORKER_TURNS,
    // a cancellation travels back on a heartbeat's answer, so beats must not be held back
    maxHeartbeatThrottleInterval: '500ms',
    // a workflow whose worker has died waits this long for it before another worker takes over
    stickyQueueScheduleToStartTimeout: '1s',
    workflowThreadPoolSize: 1,
    maxCachedWorkflows: 2000,
    shutdownGraceTime: '2s',
  });
}

/** Tells the API every few seconds that this worker lives and how its gateways are; more often while one is not well. */
function startReporting(redis: RedisConnection, endpoints: Endpoint[], log: Logger): () => Promise<void> {
  const id = `${hostname()}-${process.pid}`;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const report = async () => {
    const gateways = await Promise.all(endpoints.map(probe));
    await reportWorker(redis, { id, gateways, at: Date.now() });
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
    await Promise.race([
      forgetWorker(redis, id).catch(() => undefined),
      new Promise((resolve) => setTimeout(resolve, FAREWELL_MS)),
    ]);
  };
}

main().catch((error: unknown) => {
  process.stderr.write(`worker: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
