/** A worker: runs workflows and activities until the process receives a stop signal. */
import { hostname } from 'node:os';
import path from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { readCertificates } from '../certificates';
import type { Config } from '../config/config';
import type { Endpoint } from '../gateway/adapters/endpoint';
import type { Logger } from '../log';
import { createLoopHealth, type Loop } from '../loop-health';
import { listenForCancellations } from '../redis/cancellations';
import { createCompaction } from '../redis/compaction';
import { connectRedis, type RedisConnection } from '../redis/connect';
import { monitorRedis } from '../redis-monitor';
import { createLaneStore } from '../redis/lanes';
import { createLeases } from '../redis/leases';
import type { Sandbox } from '../sandbox/host/sandbox';
import { checkNamespace } from '../temporal/namespace';
import { findVersion, startBuilds, type Builds } from './builds';
import { createCodeWorker, createWorker, createBuildWorkers, workerOptions } from './create-workers';
import { deferActivities } from './deferred-activities';
import type { LocalStarts } from './local-starts';
import { thisProcess } from './process';
import { createTakeover, startTakingOver, takeOverPredecessors } from './takeover';

/** Bundled at build time: bundling at start would take seconds and 100 MB. */
const WORKFLOW_BUNDLE = path.join(__dirname, '../workflow-bundle.js');

const COMPACTION_INTERVAL_MS = 2000;
/** Time limit of each farewell to Redis, which may have stopped already. */
const FAREWELL_MS = 500;
/** How long the log line "worker ready" waits for the isolation layers and for the decision which build receives new runs. */
const LAYERS_MS = 5000;

/** Who gives work to this worker. */
interface Callers {
  connecting: Promise<NativeConnection>;
  /** An API in the same process, which hands it the runs that it starts. */
  local?: LocalStarts;
}

/**
 * Resolves when the worker has stopped. Closes the connection. Runs of a killed worker may be waiting for this one, so nothing stands before
 * its first poll that can follow it, and what must stand before it is done side by side.
 */
export async function runWorker(config: Config, log: Logger, { connecting, local }: Callers): Promise<void> {
  const redisServer = describeRedis(config, log);
  const redis = connectRedis(redisServer);
  const subscriber = connectRedis(redisServer);
  const loops = createLoopHealth(log);
  const connection = await connecting;
  const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
  const id = `${hostname()}-${process.pid}-${Date.now()}`;
  const leases = createLeases(redis, id);
  const lanes = createLaneStore(redis, id);
  const takeover = createTakeover(leases, lanes, thisProcess(config.WORKER_NAME), client);
  const findingVersion = findVersion(client, config, WORKFLOW_BUNDLE, log);
  // without the namespace both fail, and the check says so in words
  findingVersion.catch(() => undefined);
  // only that it exists: the API sets its retention or warns about it
  await checkNamespace(client, config.TEMPORAL_NAMESPACE, log);
  const version = await findingVersion;
  const registering = Promise.all([
    listenForCancellations(subscriber),
    takeover.announce(),
    takeOverPredecessors(takeover, log),
  ]);
  const creatingParts = registering.then(async ([cancellations]) => {
    const { createActivityParts } = await loadActivityParts();
    return createActivityParts({ id, config, log, redis, subscriber, client, leases, lanes, cancellations, loops });
  });
  const activities = deferActivities(creatingParts.then((parts) => parts.activities));
  const options = workerOptions(config, activities, version);
  const [worker, redisMonitor] = await Promise.all([
    createWorker(options, connection, config.WORKER_TURNS, WORKFLOW_BUNDLE),
    monitorRedis(redis, loops, log),
    registering,
  ]);
  const running = worker.run();
  running.catch(() => undefined);
  const { sandbox, metrics, endpoints, startReporting, expressLane, openExpressLane } = await creatingParts;
  const codeWorker = await createCodeWorker(options, connection, sandbox);
  const stopReporting = startReporting(version);
  const builds = startBuilds({
    ...{ config, client, redis, version, loops, log, bundleFile: WORKFLOW_BUNDLE },
    createWorkers: (build, bundleFile) =>
      createBuildWorkers(build, { bundleFile, options, connection, config, sandbox }),
  });
  await openExpressLane(() => builds.isCurrent(), local);
  const compacting = startCompacting(redis, config, loops.loop('compaction'), log);
  const succeeding = startTakingOver(takeover, loops.loop('taking over from workers that have ended'), log);
  try {
    await Promise.all([running, codeWorker.run(), announce(config, endpoints, sandbox, builds, log)]);
  } finally {
    redisMonitor.stop();
    [compacting, succeeding].forEach((timer) => clearInterval(timer));
    await Promise.race([Promise.all([expressLane.close(), stopReporting()]), sleep(FAREWELL_MS)]);
    await builds.stop();
    await Promise.race([metrics.stop(), sleep(FAREWELL_MS)]);
    await Promise.race([leases.forget(id).catch(() => undefined), sleep(FAREWELL_MS)]);
    await sandbox.close();
    await connection.close();
    redis.disconnect();
    subscriber.disconnect();
  }
}

/**
 * Loads the modules of the activities while a thread loads the workflow code, in two steps, between which the worker can begin to poll.
 */
async function loadActivityParts() {
  await setImmediate();
  await import('../gateway/chat.js');
  await setImmediate();
  return import('./activity-parts.js');
}

function describeRedis(config: Config, log: Logger): Parameters<typeof connectRedis>[0] {
  const onError = (error: Error) => log.warn({ reason: error.message }, 'redis connection');
  return { url: config.REDIS_URL, tls: readCertificates(config, 'REDIS_TLS'), patient: true, onError };
}

/** Detects the isolation layers of the sandbox, which takes processes of its own, and logs that the worker is ready. */
async function announce(
  config: Config,
  endpoints: readonly Endpoint[],
  sandbox: Sandbox,
  { decided }: Builds,
  log: Logger,
): Promise<void> {
  const late = sleep(LAYERS_MS, undefined, { ref: false });
  const detected = sandbox.isolation().catch(() => undefined);
  await Promise.race([decided, late]);
  const isolation = await Promise.race([detected, late]);
  const gateways = endpoints.map(({ name }) => name);
  log.info({ gateways, taskQueue: config.TASK_QUEUE, isolation: isolation?.layers ?? 'unknown' }, 'worker ready');
}

function startCompacting(redis: RedisConnection, config: Config, loop: Loop, log: Logger): NodeJS.Timeout {
  const onFailure = (run_id: string, error: unknown) => log.warn({ run_id, error }, 'compaction');
  const { compactEndedBefore } = createCompaction(redis, config.EVENTS_TTL_SECONDS, onFailure);
  let underWay = false;
  const round = async () => {
    if (underWay) return;
    underWay = true;
    await compactEndedBefore(config.EVENTS_COMPACT_SECONDS * 1000)
      .then(loop.succeeded, loop.failed)
      .finally(() => (underWay = false));
  };
  return setInterval(() => void round(), COMPACTION_INTERVAL_MS);
}
