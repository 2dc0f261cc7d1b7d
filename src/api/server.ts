/** Puts the API together and serves it: the same function for production and for tests. */
import { randomUUID } from 'node:crypto';
import type { Connection } from '@temporalio/client';
import type { Config } from '../config';
import type { RunScope } from '../contract';
import type { Logger } from '../log';
import { noteActivity } from '../redis/activity';
import { callOutCancel } from '../redis/cancellations';
import { connectRedis, type RedisConnection } from '../redis/connect';
import { createEventReader } from '../redis/events';
import { createEventFollower } from '../redis/follow';
import { createMemory } from '../redis/memory';
import { createTurnStore } from '../redis/turns';
import { createApp } from './app';
import { createKeyring } from './auth';
import { createBus } from './bus';
import { createForkRun, forkPrefix } from './fork';
import { listen } from './listen';
import { createApiMetrics } from './metrics';
import { createModelNames } from './model-names';
import { createRelay } from './relay';
import { createRetellings } from './retellings';
import { listRuns } from './run-list';
import { Runs, type RunsOptions } from './runs';
import type { Services } from './services';
import { createEventStreams } from './sse';
import { createSteer } from './steer';
import { createSwarmLibrary } from './swarm-library';
import { connectTemporal, type TemporalHandle } from './temporal';
import { createReadPrompts } from './turn-prompts';
import { keepVigil } from './vigil';
import { describeSettled } from './wait';
import { createWebSockets } from './websocket';

export interface RunningServer {
  url: string;
  /** Hands open streams and connections over: they end after what was written, and resume elsewhere by cursor. Runs go on. */
  stop(): Promise<void>;
}

/** Requests that take longer to end are cut off. */
const DRAIN_MS = 3000;

export async function createServer(config: Config, log: Logger): Promise<RunningServer> {
  const swarms = createSwarmLibrary(config.SWARMS_FILE, log);
  const redis = connect(config, log, false);
  const blocking = connect(config, log, true);
  const temporal = await connectTemporal(config, log);
  const history = createEventReader(redis);
  const follower = createEventFollower(blocking, redis, history, randomUUID());
  const modelNames = createModelNames(redis);
  modelNames();
  const onStart = ({ run_id, session_id, team_id }: RunScope) => {
    metrics.runStarted(team_id);
    bus.announce(run_id);
    noteActivity(redis, team_id);
    log.info({ run_id, session_id, swarm: team_id }, 'run started');
  };
  const runs = new Runs({ temporal, ...settingsOf(config), swarms, modelNames, onStart });
  const relay = createRelay(follower, history, createRetellings(runs));
  const vigil = keepVigil({ follower, history, turns: createTurnStore(redis), relay, runs, log });
  const bus = createBus(redis, relay, log);
  const streams = createEventStreams();
  const keyring = createKeyring(config.API_KEYS);
  const stopping = new AbortController();
  const metrics = createApiMetrics({
    sse: () => streams.size,
    websockets: () => sockets.size,
    followedRuns: () => follower.followed(),
  });
  const services = assemble(config, temporal, {
    swarms,
    redis,
    runs,
    relay,
    streams,
    history,
    metrics,
    stopping: stopping.signal,
  });
  const sockets = createWebSockets({ runs, relay, keyring, cancelRun: services.cancelRun, bus, log });
  const app = createApp({ services, keyring, corsOrigins: config.CORS_ORIGINS, log });
  const ports = [config.PORT, ...(config.PORT_MCP > 0 ? [config.PORT_MCP] : [])];
  const { port, servers, drain } = await listen(app, config.HOST, ports);
  servers.forEach((server) => sockets.serve(server));
  return {
    url: `http://${config.HOST}:${port}`,
    async stop() {
      vigil.stop();
      swarms.close();
      stopping.abort();
      const drained = drain(DRAIN_MS);
      sockets.close();
      streams.interrupt();
      await drained;
      sockets.terminate();
      bus.close();
      await follower.close();
      redis.disconnect();
      await temporal.client.connection.close();
    },
  };
}

function settingsOf(config: Config): Pick<RunsOptions, 'taskQueue' | 'runBudget'> {
  const runBudget = { usd: config.BUDGET_RUN_USD, tokens: config.BUDGET_RUN_TOKENS };
  return { taskQueue: config.TASK_QUEUE, runBudget };
}

function connect({ REDIS_URL: url }: Config, log: Logger, patient: boolean): RedisConnection {
  return connectRedis({ url, patient, onError: ({ message }) => log.warn({ reason: message }, 'redis connection') });
}

type Parts = Pick<Services, 'swarms' | 'redis' | 'runs' | 'relay' | 'streams' | 'history' | 'metrics' | 'stopping'>;

/** What the routes work with: the parts of the server, and what is made of them. */
function assemble(config: Config, temporal: TemporalHandle, parts: Parts): Services {
  const { redis, runs } = parts;
  const settled = (runId: string) => describeSettled(parts, runId);
  const connection = temporal.client.connection as Connection;
  return {
    ...parts,
    memory: createMemory(redis, { windowTokens: config.MEMORY_WINDOW_TOKENS, ttlSeconds: config.MEMORY_TTL_SECONDS }),
    async listRuns(query) {
      const source = query.forked_from ? await runs.describe(query.forked_from) : undefined;
      const prefix = source && forkPrefix(source.team_id, source.run_id);
      return listRuns(temporal, config.TEMPORAL_NAMESPACE, query, prefix);
    },
    async cancelRun(runId) {
      const found = await runs.cancel(runId);
      // Temporal knows first: a worker that hears the call waits for Temporal's word before it reports the turn as cancelled
      if (found.status === 'running') await callOutCancel(redis, runId);
      return found;
    },
    steer: createSteer(temporal, (runId) => runs.describe(runId)),
    forkRun: createForkRun(temporal, runs, settled),
    readPrompts: createReadPrompts(temporal, settled),
    temporalAnswers: (deadlineMs) =>
      connection
        .withDeadline(Date.now() + deadlineMs, () => connection.workflowService.getSystemInfo({}))
        .then(() => true)
        .catch(() => false),
    syncWaitMs: config.SYNC_WAIT_SECONDS * 1000,
    temporalUiUrl: config.TEMPORAL_UI_URL,
    namespace: config.TEMPORAL_NAMESPACE,
  };
}
