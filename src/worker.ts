/** The worker process: builds everything that activities depend on, and runs workflows and activities until it is told to stop. */
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, WorkflowNotFoundError } from '@temporalio/client';
import { NativeConnection, Runtime, Worker, makeTelemetryFilterString } from '@temporalio/worker';
import { createActivities } from './activities';
import { loadConfig, type Config } from './config';
import type { Endpoint } from './gateway/endpoints/endpoint';
import { probe } from './gateway/probe';
import { firstModels, modelsByAlias } from './gateway/route';
import { createEndpoints } from './gateway/routes';
import { createLog, type Logger } from './log';
import { callOutCancel, listenForCancellations } from './redis/cancellations';
import { createCompaction } from './redis/compaction';
import { connectRedis, type RedisConnection } from './redis/connect';
import { createMemory } from './redis/memory';
import { createLeases, type Leases } from './redis/leases';
import { createSessionQueue } from './redis/session-queue';
import type { TurnStore } from './redis/turns';
import { forgetWorker, REPORT_INTERVAL_MS, reportWorker, type WorkerReport } from './redis/workers';
import { takeOver, thisProcess } from './succession';
import { createSandbox, type Sandbox } from './sandbox/sandbox';
import { temporalConnection } from './temporal-connection';
import { createTraffic } from './traffic';
import { startMetrics } from './worker-metrics';

/** Bundled at build time: bundling at start would cost seconds and a hundred megabytes. */
const WORKFLOW_BUNDLE = path.join(__dirname, 'workflow-bundle.js');

const UNWELL_INTERVAL_MS = 500;
const COMPACTION_INTERVAL_MS = 2000;
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
  const traffic = createTraffic(config, endpoints, redis, log);
  const id = `${hostname()}-${process.pid}-${Date.now()}`;
  const leases = createLeases(redis, id);
  const metrics = await startMetrics(config, redis, log);
  const me = thisProcess(config.WORKER_NAME);
  const sandbox = createSandbox({ folder: path.join(config.DATA_DIR, 'sandbox') });
  const [worker, given] = await Promise.all([
    createWorker(config, connection, { redis, subscriber, traffic, leases, sandbox, turns: metrics.turns }),
    takeOver(leases, me, connection, config.TEMPORAL_NAMESPACE),
  ]);
  if (given > 0) log.info({ turns: given }, 'gave back what a killed worker had in hand');
  const stopReporting = startReporting(
    redis,
    { id, models: firstModels(traffic.routes), routes: modelsByAlias(traffic.routes) },
    endpoints,
    log,
  );
  const compacting = startCompacting(redis, config, log);
  log.info({ gateways: endpoints.map(({ name }) => name), taskQueue: config.TASK_QUEUE }, 'worker ready');
  try {
    await worker.run();
  } finally {
    clearInterval(compacting);
    await stopReporting();
    await Promise.race([metrics.stop(), sleep(FAREWELL_MS)]);
    await Promise.race([leases.forget(id).catch(() => undefined), sleep(FAREWELL_MS)]);
    await sandbox.close();
    await connection.close();
    redis.disconnect();
    subscriber.disconnect();
  }
}

interface WorkerParts {
  redis: RedisConnection;
  subscriber: RedisConnection;
  traffic: ReturnType<typeof createTraffic>;
  leases: Leases;
  turns: TurnStore;
  sandbox: Sandbox;
}

async function createWorker(
  config: Config,
  connection: NativeConnection,
  { redis, subscriber, traffic, leases, sandbox, turns }: WorkerParts,
): Promise<Worker> {
  const activities = createActivities({
    turns,
    memory: createMemory(redis, { windowTokens: config.MEMORY_WINDOW_TOKENS, ttlSeconds: config.MEMORY_TTL_SECONDS }),
    ...traffic,
    sandbox,
    cancellations: await listenForCancellations(subscriber),
    leases,
    sessions: createSessionQueue(redis),
    isRunning: (runId) => isRunning(connection, config.TEMPORAL_NAMESPACE, runId),
    callOut: (runId) => callOutCancel(redis, runId),
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
    shutdownGraceTime: config.WORKER_GRACE_SECONDS * 1000,
  });
}

async function isRunning(connection: NativeConnection, namespace: string, runId: string): Promise<boolean> {
  try {
    const { status } = await new Client({ connection, namespace }).workflow.getHandle(runId).describe();
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Tells the API every few seconds that this worker lives and how its gateways are; more often while one is not well. */
function startReporting(
  redis: RedisConnection,
  about: Pick<WorkerReport, 'id' | 'models' | 'routes'>,
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
    await Promise.race([forgetWorker(redis, about.id).catch(() => undefined), sleep(FAREWELL_MS)]);
  };
}

function startCompacting(redis: RedisConnection, config: Config, log: Logger): NodeJS.Timeout {
  const { compactEndedBefore } = createCompaction(redis, config.EVENTS_TTL_SECONDS);
  const round = () => compactEndedBefore(config.EVENTS_COMPACT_SECONDS * 1000);
  return setInterval(
    () => round().catch((error: unknown) => log.warn({ error }, 'compaction')),
    COMPACTION_INTERVAL_MS,
  );
}

main().catch((error: unknown) => {
  process.stderr.write(`worker: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
