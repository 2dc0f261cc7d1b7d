/** Starts runs, follows them, and closes the streams of runs that cannot close them. */
import { randomUUID } from 'node:crypto';
import type { Config } from '../config/config';
import type { RunScope } from '../contract';
import type { Logger } from '../log';
import { createAccountUsage } from '../redis/account-usage';
import { noteActivity } from '../redis/activity';
import { createEventReader, type EventReader } from '../redis/events';
import { createEventFollower, type EventFollower } from '../redis/follow';
import { nameQueue } from '../redis/start-handover';
import { createTurnStore } from '../redis/turns';
import { isRunning } from '../temporal/runs';
import type { Backends } from './backends';
import { createOpenRuns } from './limits/open-runs';
import { createHandover, type AnnounceStart } from './express-lane';
import { createLiveWorkers } from './live-workers';
import { createApiMetrics, type ApiMetrics } from './metrics';
import { createModelNames } from './model-names';
import { createRelay, type Relay } from './relay';
import { createReconstruction } from './reconstruction';
import { Runs, type RunsOptions } from './runs';
import { createStartedRuns, type StartedRuns } from './started-runs';
import type { SwarmLibrary } from './swarm-library';
import { monitorTasks } from './task-monitor';
import { monitorStaleStreams } from './stale-streams';

export interface RunServices {
  runs: Runs;
  relay: Relay;
  history: EventReader;
  follower: EventFollower;
  /** Announces each start to all API processes. */
  started: StartedRuns;
  metrics: ApiMetrics;
  close(): Promise<void>;
}

/** `localStart` reaches the express lane of a worker in the same process. */
export function createRunServices(
  config: Config,
  { redis, blockingRedis, temporal, loops }: Backends,
  swarms: SwarmLibrary,
  log: Logger,
  localStart?: AnnounceStart,
): RunServices {
  const history = createEventReader(redis);
  // without this loop no reader receives events
  const reading = loops.loop('reading the streams of runs', { isEssential: true });
  const follower = createEventFollower(blockingRedis, redis, history, randomUUID(), reading);
  const listWorkers = createLiveWorkers(redis, loops.loop('reading the reports of workers'));
  listWorkers();
  const modelNames = createModelNames(listWorkers);
  const queue = nameQueue(config.TEMPORAL_NAMESPACE, config.TASK_QUEUE);
  const isLaneOpen = config.EXPRESS_LANE === 'on';
  const announceStart = localStart ?? (isLaneOpen ? createHandover(redis, queue, listWorkers) : undefined);
  const started = createStartedRuns(redis, log);
  const metrics = createApiMetrics();
  const onStart = ({ run_id, session_id, team_id }: RunScope, tenant: string | undefined) => {
    metrics.runStarted(team_id);
    started.announce({ run_id, ...(tenant ? { tenant } : {}) });
    noteActivity(redis, team_id);
    log.info({ run_id, session_id, swarm: team_id }, 'run started');
  };
  const limits = readRunLimits(config, { redis, temporal });
  const runs = new Runs({ temporal, ...limits, swarms, modelNames, onStart, announceStart });
  return {
    ...{ runs, history, follower, started, metrics },
    relay: createRelay(follower, history, createReconstruction(runs)),
    async close() {
      started.close();
      await follower.close();
    },
  };
}

function readRunLimits(
  config: Config,
  { redis, temporal: { client } }: Pick<Backends, 'redis' | 'temporal'>,
): Pick<RunsOptions, 'runBudget' | 'openRuns'> {
  return {
    runBudget: {
      usd: config.BUDGET_RUN_USD,
      tokens: config.BUDGET_RUN_TOKENS,
      calls: config.BUDGET_RUN_CALLS,
    },
    openRuns: createOpenRuns(createAccountUsage(redis), config, (runId) => isRunning(client, runId)),
  };
}

/** Closes the streams of runs that ended without a final event. */
export function monitorRuns(
  config: Config,
  { redis, temporal: { client }, loops }: Backends,
  services: RunServices,
  log: Logger,
): { stop(): void } {
  const turns = createTurnStore(redis, config.EVENTS_TTL_SECONDS);
  const monitor = monitorStaleStreams({ ...services, turns, loop: loops.loop('looking after silent runs') });
  const tasks = monitorTasks({
    client,
    namespace: config.TEMPORAL_NAMESPACE,
    taskQueue: config.TASK_QUEUE,
    onEnd: (runId: string) => monitor.lookAfter(runId),
    loop: loops.loop('looking for failing workflow tasks'),
    log,
  });
  return {
    stop(): void {
      monitor.stop();
      tasks.stop();
    },
  };
}
