/** The worker process: builds everything that activities depend on, and runs workflows and activities until it is told to stop. */
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, WorkflowNotFoundError } from '@temporalio/client';
import { NativeConnection, Runtime, Worker, makeTelemetryFilterString, type WorkerOptions } from '@temporalio/worker';
import { createActivities } from './activities';
import { loadConfig, type Config } from './config';
import { succeed } from './early-worker';
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
import { createSandbox, type Sandbox } from './sandbox/sandbox';
import { createSuccession, startSucceeding } from './succession';
import { temporalConnection } from './temporal-connection';
import { createTraffic } from './traffic';
import { startMetrics } from './worker-metrics';
import { thisProcess } from './worker-process';
import { startReporting } from './worker-reports';

/** Bundled at build time: bundling at start would cost seconds and a hundred megabytes. */
const WORKFLOW_BUNDLE = path.join(__dirname, 'workflow-bundle.js');

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
  const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
  const endpoints = createEndpoints(config);
  const traffic = createTraffic(config, endpoints, redis, log);
  const id = `${hostname()}-${process.pid}-${Date.now()}`;
  const leases = createLeases(redis, id);
  const metrics = await startMetrics(config, redis, log);
  const sandbox = createSandbox({ folder: path.join(config.DATA_DIR, 'sandbox') });
  const me = thisProcess(config.WORKER_NAME);
  await leases.announce(me);
  const succession = createSuccession(leases, me, client);
  const parts = { redis, client, traffic, leases, sandbox, turns: metrics.turns };
  const options = workerOptions(config, await assembleActivities(config, subscriber, parts));
  const [worker, { early }] = await Promise.all([
    createWorker(options, connection, config.WORKER_TURNS),
    succeed(succession, options, temporalConnection(config), log),
  ]);
  const stopReporting = startReporting(
    redis,
    { id, models: firstModels(traffic.routes), routes: modelsByAlias(traffic.routes), capacity: traffic.capacity },
    endpoints,
    log,
  );
  const compacting = startCompacting(redis, config, log);
  const succeeding = startSucceeding(succession, log);
  log.info({ gateways: endpoints.map(({ name }) => name), taskQueue: config.TASK_QUEUE }, 'worker ready');
  try {
    await Promise.all([worker.run(), early]);
  } finally {
    clearInterval(compacting);
    clearInterval(succeeding);
    await Promise.race([stopReporting(), sleep(FAREWELL_MS)]);
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
  client: Client;
  traffic: ReturnType<typeof createTraffic>;
  leases: Leases;
  turns: TurnStore;
  sandbox: Sandbox;
}

async function assembleActivities(config: Config, subscriber: RedisConnection, parts: WorkerParts) {
  const { redis, client, traffic, leases, sandbox, turns } = parts;
  return createActivities({
    turns,
    memory: createMemory(redis, { windowTokens: config.MEMORY_WINDOW_TOKENS, ttlSeconds: config.MEMORY_TTL_SECONDS }),
    ...traffic,
    sandbox,
    cancellations: await listenForCancellations(subscriber),
    leases,
    sessions: createSessionQueue(redis),
    isRunning: (runId) => isRunning(client, runId),
    callOut: (runId) => callOutCancel(redis, runId),
  });
}

function workerOptions(config: Config, activities: object) {
  return {
    namespace: config.TEMPORAL_NAMESPACE,
    taskQueue: config.TASK_QUEUE,
    activities,
    // a cancellation travels back on a heartbeat's answer, so beats must not be held back
    maxHeartbeatThrottleInterval: '500ms',
    shutdownGraceTime: config.WORKER_GRACE_SECONDS * 1000,
  } satisfies WorkerOptions;
}

function createWorker(
  options: ReturnType<typeof workerOptions>,
  connection: NativeConnection,
  turns: number,
): Promise<Worker> {
  return Worker.create({
    ...options,
    connection,
    maxConcurrentActivityTaskExecutions: turns,
    workflowBundle: { codePath: WORKFLOW_BUNDLE },
    // a workflow whose worker has died waits this long for it before another worker takes over
    stickyQueueScheduleToStartTimeout: '1s',
    workflowThreadPoolSize: 1,
    maxCachedWorkflows: 2000,
  });
}

async function isRunning(client: Client, runId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(runId).describe();
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

function startCompacting(redis: RedisConnection, config: Config, log: Logger): NodeJS.Timeout {
  const onFailure = (run_id: string, error: unknown) => log.warn({ run_id, error }, 'compaction');
  const { compactEndedBefore } = createCompaction(redis, config.EVENTS_TTL_SECONDS, onFailure);
  let underWay = false;
  const round = async () => {
    if (underWay) return;
    underWay = true;
    await compactEndedBefore(config.EVENTS_COMPACT_SECONDS * 1000)
      .catch((error: unknown) => log.warn({ error }, 'compaction'))
      .finally(() => (underWay = false));
  };
  return setInterval(() => void round(), COMPACTION_INTERVAL_MS);
}

main().catch((error: unknown) => {
  process.stderr.write(`worker: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
