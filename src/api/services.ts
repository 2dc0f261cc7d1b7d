/** The services that the routes use, assembled once by `createServer`. */
import type { ListRunsQuery } from '../contract';
import type { RunPage } from '../contract/replies';
import type { LoopHealth } from '../loop-health';
import type { RedisConnection } from '../redis/connect';
import type { EventReader } from '../redis/events';
import type { Memory } from '../redis/memory';
import type { ToolCalls } from '../redis/tool-calls';
import type { RecordedRun } from './descriptions';
import type { ForkRun } from './fork';
import type { ApiMetrics } from './metrics';
import type { Relay } from './relay';
import type { RunStates } from './run-states';
import type { RunInputs } from './run-inputs';
import type { Runs } from './runs';
import type { EventStreams } from './sse';
import type { Steer } from './steer';
import type { SwarmLibrary } from './swarm-library';
import type { ReadTurnInput } from './turn-input';
import type { ReadPrompts } from './turn-prompts';

export interface Services {
  swarms: SwarmLibrary;
  runs: Runs;
  relay: Relay;
  streams: EventStreams;
  metrics: ApiMetrics;
  /** The background loops of this process. */
  loops: LoopHealth;
  history: EventReader;
  memory: Memory;
  redis: RedisConnection;
  toolCalls: ToolCalls;
  states: RunStates;
  listRuns(query: ListRunsQuery): Promise<RunPage>;
  /** Cancels a run and publishes the cancellation to the workers; returns the run's status before it. */
  cancelRun(runId: string): Promise<RecordedRun>;
  steer: Steer;
  forkRun: ForkRun;
  readPrompts: ReadPrompts;
  inputs: RunInputs;
  readTurnInput: ReadTurnInput;
  temporalAnswers(deadlineMs: number): Promise<boolean>;
  /** Aborted when this process stops: callers that wait for a run are then told its address. */
  stopping: AbortSignal;
  /** How long a synchronous request waits before the reply is 202. */
  syncWaitMs: number;
  /** How long a tool call waits if its caller gets no progress notifications. */
  toolWaitMs: number;
  /** Base URL of the Temporal Web UI, for links. */
  temporalUiUrl: string | undefined;
  namespace: string;
}
