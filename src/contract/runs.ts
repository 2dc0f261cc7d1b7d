/** Inputs and results of runs, as exchanged by workflows and activities. */
import { z } from 'zod';
import type { ChecksSummary, TurnCheck, Verification } from './checks';
import { RUN_STATES, type Alias, type SessionPolicy } from './names';
import type { Failure } from './failures';
import type { RunGraph } from './graph';
import type { Fork, Lineage } from './fork';
import { failure, type runScope, type TurnStage } from './shapes';
import type { GateOptions } from './steering';
import type { Structures } from './structures';
import type { SwarmDefinition } from './swarms';
import type { PartialUsage, PromptPart, TurnFailure, TurnOptions, TurnResult } from './turns';

/** Status of a run. `running` includes waiting for a rate limit or a worker. */
export const runStatus = z.enum(['running', 'completed', 'failed', 'cancelled']);
export type RunStatus = z.infer<typeof runStatus>;

/** What a run is doing, or how it ended, as shown to people. */
export const runState = z.enum(RUN_STATES);

/** The run, session and team of an event: part of every event's envelope. */
export type RunScope = z.infer<typeof runScope>;

/** The contents of a run's first event. */
export interface Opening {
  /** The swarm that the caller requested; `coordinate` in a coordinated run. */
  swarm_id: string;
  message: string;
  /** Absent if the swarm's definition is no longer known. */
  graph?: RunGraph;
  /** Set if the run was forked from another. */
  forked_from?: Lineage;
}

/** Input of `runSwarm`: a swarm and its message. */
export interface SwarmRunInput extends RunScope {
  swarm: SwarmDefinition;
  message: string;
  options: TurnOptions;
  /** Models by alias as configured in the API, for labels. */
  models?: ModelNames;
  /** Definitions, by id, of all swarms that the stages refer to, directly or through nested stages. */
  members?: Record<string, SwarmDefinition>;
  /** How often a review may send work back; used by the pattern `coordinate`. */
  max_rounds?: number;
  gates?: GateOptions;
  /** Whether the caller needs reviewers' findings as structured data, which costs one more call. */
  reviews_as_data?: boolean;
  /** Set for a message too long for this input: the number of signals in which it follows. `message` is then empty. */
  message_parts?: number;
  /** What the run does while another run of its session is active; absent if the run is the only one of its session. */
  session_policy?: SessionPolicy;
  fork?: Fork;
  /** Set for a stage, in which case the workflow that runs the stage closes the run. */
  stage?: Stage;
}

/** A stage of a composition's run: its id is the prefix of its turn ids, and its brief replaces the message. */
interface Stage extends TurnStage {
  brief: PromptPart[];
  /** The complete text of the brief that a person has written; its examples are required checks of code. */
  request: string;
  /** Text to add to the prompt of the stage's concluding turn. */
  closing: string;
  /** Texts that the brief refers to, kept in case Redis loses them. */
  material: Record<string, string>;
}

/** The first model of each alias, for labels in the Temporal Web UI before the gateway reports the actual model. */
export type ModelNames = Partial<Record<Alias, string>>;

/** The result of one swarm. `answers` names the turns whose texts are the responses, in order. */
export interface SwarmResult {
  turns: TurnResult[];
  answers: string[];
  failures: TurnFailure[];
  /** Usage of failed turns, including those that ended the run. Turns that were stopped are not included. */
  unfinished?: (PartialUsage & { turn: string })[];
  structures?: Structures;
  /** The verification of the answer's code, in a run whose pattern executes code. */
  verification?: Verification;
}

/** A reviewer's conclusion. */
export const verdict = z.enum(['pass', 'revise']);
export type Verdict = z.infer<typeof verdict>;

/** The result of one stage of a composition's run. */
export const stageResult = z.object({
  stage: z.string(),
  team_id: z.string(),
  within: z
    .array(z.string())
    .exactOptional()
    .describe('The stages around it, outermost first, where stages are nested.'),
  round: z.number().int(),
  answer: z.string().describe("The turn that holds the stage's answer; empty when the stage failed."),
  verdict: verdict.exactOptional(),
  failure: failure.exactOptional().describe('Why the stage has no answer, in a run that went on without it.'),
});
export type StageResult = z.infer<typeof stageResult>;

/** Result of a workflow that a caller started. */
export interface RunResult extends RunScope, SwarmResult {
  status: 'complete';
  stages?: StageResult[];
}

/** The workflow's record of a run, from which lost data in Redis is restored. */
export interface RunRecord {
  scope: RunScope;
  opening: Opening;
  turns: TurnResult[];
  /** The reports of executing these turns' code. */
  checks: TurnCheck[];
  /** Texts, by turn, that prompts refer to and that are not part of `turns`. */
  texts: Record<string, string>;
}

/** The outcome of a run, written to its stream and, if it completed, to its session. */
export interface RunOutcome extends RunScope {
  status: Exclude<RunStatus, 'running'>;
  message: string;
  graph?: RunGraph;
  result: SwarmResult;
  /** The checks of the answer's code; the whole report is not part of `result` here. */
  checks_summary?: ChecksSummary;
  /** Why it failed or was cancelled. */
  failure?: Failure;
  /** The account that pays for its calls; absent for anonymous callers. */
  tenant?: string;
  /** Whether the run is in its session's queue. */
  in_session_queue?: boolean;
}
