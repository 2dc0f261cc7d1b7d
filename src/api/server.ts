/** Assembles and serves the API, the same way in production and in tests; shuts it down in the reverse order. */
import type { NativeConnection } from '@temporalio/worker';
import type { Config } from '../config/config';
import type { Logger } from '../log';
import { publishCancellation } from '../redis/cancellations';
import { createMemory } from '../redis/memory';
import { createToolCalls } from '../redis/tool-calls';
import { createTurnStore } from '../redis/turns';
import { connectBackends, type Backends } from './backends';
import type { AnnounceStart } from './express-lane';
import { createForkRun, forkPrefix } from './fork';
import { listRuns } from './run-list';
import { createRunStates } from './run-states';
import { createRunInputs } from './run-inputs';
import { createRunServices, monitorRuns, type RunServices } from './run-services';
import type { Services } from './services';
import { createEventStreams } from './sse';
import { createSteer } from './steer';
import { createSwarmLibrary, type SwarmLibrary } from './swarm-library';
import { openTransport } from './transport';
import { createReadTurnInput } from './turn-input';
import { createReadPrompts } from './turn-prompts';
import { describeSettled } from './wait';

export interface RunningServer {
  url: string;
  /** Shuts down gracefully: open streams and connections end after pending data, and clients resume elsewhere by cursor. Runs continue. */
  stop(): Promise<void>;
}

/** Requests that take longer to end are cut off. */
const DRAIN_MS = 3000;

/** A worker in the same process, which gets the runs that this API starts first. */
interface LocalWorker {
  connection: NativeConnection;
  announceStart: AnnounceStart;
}

export async function createServer(config: Config, log: Logger, worker?: LocalWorker): Promise<RunningServer> {
  // checked first: an invalid file must fail before connections are made
  const swarms = createSwarmLibrary(config.SWARMS_FILE, log);
  const backends = await connectBackends(config, log, worker?.connection);
  const runServices = createRunServices(config, backends, swarms, log, worker?.announceStart);
  const monitors = monitorRuns(config, backends, runServices, log);
  const stopping = new AbortController();
  const services = assembleServices(config, { backends, runServices, swarms, stopping: stopping.signal });
  const transport = await openTransport(config, services, runServices.started, log);
  runServices.metrics.observe({
    sse: () => services.streams.size,
    websockets: transport.countSockets,
    followedRuns: () => runServices.follower.followed(),
  });
  return {
    url: `http://${config.HOST}:${transport.port}`,
    async stop() {
      backends.stopWatching();
      monitors.stop();
      swarms.close();
      stopping.abort();
      await transport.close(DRAIN_MS);
      await runServices.close();
      await backends.close();
    },
  };
}

interface Parts {
  backends: Backends;
  runServices: RunServices;
  swarms: SwarmLibrary;
  stopping: AbortSignal;
}

/** The services that the routes use. */
function assembleServices(config: Config, { backends, runServices, swarms, stopping }: Parts): Services {
  const { redis, temporal, loops, temporalAnswers } = backends;
  const { runs, relay, history, metrics } = runServices;
  const states = createRunStates(redis, history);
  const settled = (runId: string) => describeSettled(runServices, runId);
  const memory = createMemory(redis, {
    windowTokens: config.MEMORY_WINDOW_TOKENS,
    ttlSeconds: config.MEMORY_TTL_SECONDS,
    sessionBytes: config.MAX_SESSION_MB,
  });
  const describe = (runId: string) => runs.describe(runId);
  const turns = createTurnStore(redis, config.EVENTS_TTL_SECONDS);
  return {
    ...{ swarms, memory, redis, runs, states, relay, history, metrics, loops, stopping, temporalAnswers },
    streams: createEventStreams(config.MAX_UNSENT_MB),
    async listRuns(query) {
      const source = query.forked_from ? await runs.describe(query.forked_from) : undefined;
      const prefix = source && forkPrefix(source.team_id, source.run_id);
      const { runs: recorded, next_page } = await listRuns(temporal, query, prefix);
      return { runs: await states.describeAll(recorded), next_page };
    },
    async cancelRun(runId) {
      const found = await runs.cancel(runId);
      // Temporal is told first: before a worker that receives the publication reports a turn as cancelled, it waits for Temporal's
      // cancellation
      if (found.status === 'running') await publishCancellation(redis, runId);
      return found;
    },
    steer: createSteer(temporal, describe),
    forkRun: createForkRun(temporal, runs, settled),
    readPrompts: createReadPrompts(temporal, settled),
    inputs: createRunInputs(temporal, describe, swarms),
    readTurnInput: createReadTurnInput({ client: temporal.client, describe, memory, turns }),
    toolCalls: createToolCalls(redis),
    syncWaitMs: config.SYNC_WAIT_SECONDS * 1000,
    toolWaitMs: config.MCP_WAIT_SECONDS * 1000,
    temporalUiUrl: config.TEMPORAL_UI_URL,
    namespace: config.TEMPORAL_NAMESPACE,
  };
}
