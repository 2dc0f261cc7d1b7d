/** What the routes work with, put together once by `createServer`. */
import type { ListRunsQuery } from '../contract';
import type { RedisConnection } from '../redis/connect';
import type { EventReader } from '../redis/events';
import type { Memory } from '../redis/memory';
import type { RunDescription } from './descriptions';
import type { ForkRun } from './fork';
import type { ApiMetrics } from './metrics';
import type { Relay } from './relay';
import type { RunPage } from './run-list';
import type { Runs } from './runs';
import type { EventStreams } from './sse';
import type { Steer } from './steer';
import type { SwarmLibrary } from './swarm-library';
import type { ReadPrompts } from './turn-prompts';

export interface Services {
  swarms: SwarmLibrary;
  runs: Runs;
  relay: Relay;
  streams: EventStreams;
  metrics: ApiMetrics;
  history: EventReader;
  memory: Memory;
  redis: RedisConnection;
  listRuns(query: ListRunsQuery): Promise<RunPage>;
  /** Cancels a run and calls it out to the workers; answers how the run stood. */
  cancelRun(runId: string): Promise<RunDescription>;
  steer: Steer;
  forkRun: ForkRun;
  readPrompts: ReadPrompts;
  temporalAnswers(deadlineMs: number): Promise<boolean>;
  /** Aborted when this process stops: whoever waits for a run is then told where to find it. */
  stopping: AbortSignal;
  /** How long a synchronous request waits before it turns into 202. */
  syncWaitMs: number;
  /** Base address of the Temporal Web UI, for links. */
  temporalUiUrl: string | undefined;
  namespace: string;
}
