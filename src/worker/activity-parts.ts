/** The activities of a worker, with everything that they depend on. */
import path from 'node:path';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { createActivities } from '../activities';
import type { Config } from '../config/config';
import type { SendPart } from '../activities/send-text';
import { TEXT_PART, type TextPart } from '../contract/payloads';
import { createEndpoints } from '../gateway/configured-gateways';
import { firstModels, modelsByAlias } from '../gateway/model-fallback';
import type { Logger } from '../log';
import type { LoopHealth } from '../loop-health';
import { createAccountUsage } from '../redis/account-usage';
import { publishCancellation, type Cancellations } from '../redis/cancellations';
import type { RedisConnection } from '../redis/connect';
import { listenForLaneEnds, type LaneStore } from '../redis/lanes';
import type { Leases } from '../redis/leases';
import { createMemory } from '../redis/memory';
import { createExpressLane } from '../model-call/express-lane';
import { createSessionQueue } from '../redis/session-queue';
import { nameQueue, publishHandover, type StartHandover } from '../redis/start-handover';
import { doOthersExecute, type WorkerVersion } from '../redis/workers';
import { createSandbox } from '../sandbox/host/sandbox';
import { isRunning, listRecordedRuns } from '../temporal/runs';
import { readTurns } from '../temporal/turn-histories';
import { createTraffic } from '../traffic';
import { openExpressLane, type StartReceiver } from './express-lane';
import type { LocalStarts } from './local-starts';
import { startMetrics } from './metrics';
import { startReporting } from './reports';

/** What the activities share with the rest of the worker. */
export interface Surroundings {
  /** Of this worker. */
  id: string;
  config: Config;
  log: Logger;
  redis: RedisConnection;
  /** Used for subscriptions only. */
  subscriber: RedisConnection;
  client: Client;
  leases: Leases;
  lanes: LaneStore;
  cancellations: Cancellations;
  loops: LoopHealth;
}

export async function createActivityParts({ id, ...surroundings }: Surroundings) {
  const { config, log, redis, subscriber, client, leases, cancellations, loops } = surroundings;
  const endpoints = createEndpoints(config);
  const traffic = createTraffic(config, endpoints, redis, log, listRecordedRuns(client, config.TASK_QUEUE));
  const metrics = await startMetrics(config, redis, loops.loop('sharing metrics'), log);
  const folder = path.join(config.DATA_DIR, 'sandbox');
  const sandbox = createSandbox({ folder, isolation: config.SANDBOX_ISOLATION, log });
  const memory = createMemory(redis, {
    windowTokens: config.MEMORY_WINDOW_TOKENS,
    ttlSeconds: config.MEMORY_TTL_SECONDS,
    sessionBytes: config.MAX_SESSION_MB,
  });
  const calls = { ...traffic, turns: metrics.turns, memory, cancellations };
  const expressLane = createExpressLane({
    ...{ ...calls, lanes: surroundings.lanes },
    prepareSandbox: () => sandbox.prepare(),
    countRoom: () => config.WORKER_TURNS - leases.count(),
  });
  const laneEnds = await listenForLaneEnds(subscriber);
  const executor = {
    ...{ id, leases },
    isWorking: () => sandbox.status().problem === undefined,
    othersExecute: () => doOthersExecute(redis, id),
  };
  const activities = createActivities({
    ...{ ...calls, sandbox, executor, leases, expressLane, laneEnds, ...reachRuns(redis, client) },
    sessions: createSessionQueue(redis),
    usage: createAccountUsage(redis),
  });
  let starts: StartReceiver | undefined;
  const { routes, capacity, callHealth } = traffic;
  const described = { id, models: firstModels(routes), routes: modelsByAlias(routes), capacity };
  const queue = nameQueue(config.TEMPORAL_NAMESPACE, config.TASK_QUEUE);
  const readHandoverQueue = () => (starts?.takesStarts() ? queue : undefined);
  return {
    activities,
    endpoints,
    metrics,
    sandbox,
    expressLane,
    /** From now on, APIs may hand runs that they start to this worker. `isCurrent`: whether new runs go to its build. */
    async openExpressLane(isCurrent: () => boolean, local: LocalStarts | undefined) {
      starts = await openExpressLane(expressLane, { config, subscriber, id, log, isCurrent, local });
    },
    startReporting: (version: WorkerVersion | undefined) =>
      startReporting(
        redis,
        { ...described, ...(version ? { version } : {}) },
        { endpoints, callHealth, sandbox, loops, readHandoverQueue },
      ),
  };
}

/** How activities reach other runs, and other workers that have their turns. */
function reachRuns(redis: RedisConnection, client: Client) {
  return {
    async tellLane(workerId: string, message: StartHandover) {
      await publishHandover(redis, workerId, message);
    },
    isRunning: (runId: string) => isRunning(client, runId),
    callOut: (runId: string) => publishCancellation(redis, runId),
    readTurns: (runId: string) => readTurns(client, runId).catch(noTurnsOfUnknown),
    sendPart: ({ workflowId, runId }: Parameters<SendPart>[0], part: TextPart) =>
      client.workflow.getHandle(workflowId, runId).signal(TEXT_PART, part),
  };
}

/** Temporal deletes runs after the retention of the namespace. */
function noTurnsOfUnknown(error: unknown): [] {
  if (error instanceof WorkflowNotFoundError) return [];
  throw error;
}
