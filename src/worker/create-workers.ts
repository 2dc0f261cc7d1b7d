/** The workers of one build: one for workflows and turns, one for code executions. */
import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import type { Config } from '../config/config';
import { nameCodeQueue } from '../contract/names';
import type { WorkerVersion } from '../redis/workers';
import type { Sandbox } from '../sandbox/host/sandbox';
import { WORKFLOW_OPTIONS } from './workflow-options';
import { pinnedTo } from './deployment';

/** Options shared by all workers of a process. */
type Options = ReturnType<typeof workerOptions>;

export function workerOptions(config: Config, activities: object, version: WorkerVersion | undefined) {
  return {
    namespace: config.TEMPORAL_NAMESPACE,
    taskQueue: config.TASK_QUEUE,
    activities,
    // a cancellation arrives in the reply to a heartbeat, so heartbeats must not be throttled much
    maxHeartbeatThrottleInterval: '500ms',
    shutdownGraceTime: config.WORKER_GRACE_SECONDS * 1000,
    ...(version ? pinnedTo(version) : {}),
  } satisfies WorkerOptions;
}

export function createWorker(
  options: Options,
  connection: NativeConnection,
  turns: number,
  bundleFile: string,
): Promise<Worker> {
  return Worker.create({
    ...options,
    connection,
    maxConcurrentActivityTaskExecutions: turns,
    workflowBundle: { codePath: bundleFile },
    ...WORKFLOW_OPTIONS,
  });
}

/** Fetches twice as many executions as can run, so that no sandbox is idle while the next one is fetched; the others wait at the server. */
export function createCodeWorker(
  options: Options,
  connection: NativeConnection,
  { concurrency }: Sandbox,
): Promise<Worker> {
  const maxConcurrentActivityTaskExecutions = concurrency * 2;
  return Worker.create({
    ...options,
    taskQueue: nameCodeQueue(options.taskQueue),
    connection,
    maxConcurrentActivityTaskExecutions,
  });
}

interface BuildParts {
  bundleFile: string;
  options: Options;
  connection: NativeConnection;
  config: Config;
  sandbox: Sandbox;
}

/** Creates both workers of another build, whose workflow code is in `bundleFile`. */
export function createBuildWorkers(version: WorkerVersion, parts: BuildParts): Promise<Worker[]> {
  const { bundleFile, options, connection, config, sandbox } = parts;
  const pinned = { ...options, ...pinnedTo(version) };
  return Promise.all([
    createWorker(pinned, connection, config.WORKER_TURNS, bundleFile),
    createCodeWorker(pinned, connection, sandbox),
  ]);
}
