/** What goes into a run and what comes out of it: the types that workflows and activities exchange. */
import type { TurnCheck, Verification } from './checks';
import type { Alias, SessionPolicy } from './names';
import type { Failure } from './failures';
import type { Fork, Lineage } from './fork';
import type { GateOptions } from './steering';
import type { Structures } from './structures';
import type { SwarmDefinition } from './swarms';
import type { Expense, PromptPart, TurnFailure, TurnOptions, TurnResult } from './turns';

/** Where a run stands. `running` covers waiting for a rate limit and for a worker. */
export type RunStatus = 'running' | 'completed' | 'failed' | 'cancelled';

/** Who speaks and where it is heard: the envelope of every event. */
export interface RunScope {
  /** The run whose stream the events go to: for a child workflow the run that a caller started. */
  run_id: string;
  session_id: string;
  /** The swarm that is at work: in a coordinated run the swarm of the stage. */
  team_id: string;
}

/** What the first event of a run says. */
export interface Opening {
  /** The swarm that a caller asked for; in a coordinated run `coordinate`. */
  swarm_id: string;
  message: string;
  /** Set when the run was forked from another. */
  forked_from?: Lineage;
}

/** Input of `runSwarm`: one swarm at work on one message. */
export interface SwarmRunInput extends RunScope {
  swarm: SwarmDefinition;
  message: string;
  options: TurnOptions;
  /** Models by alias as the API knows them, for labels; absent in runs that began before it told them. */
  models?: ModelNames;
  /** The definitions of the swarms that this one's stages name, and that their stages name, by id. */
  members?: Record<string, SwarmDefinition>;
  /** How often a review may send work back; the pattern `coordinate` reads it. */
  max_rounds?: number;
  gates?: GateOptions;
  /** Whether the starter reads what a team's reviewer found as data: it costs a call more. */
  reviews_as_data?: boolean;
  /** Set for a message that is too long for this input: it follows in so many signals, and `message` is empty. */
  message_parts?: number;
  /** What the run does while another one of its session speaks; absent where it is alone in a session of its own. */
  session_policy?: SessionPolicy;
  fork?: Fork;
  /** Set for a stage; who runs the stage then closes the run. */
  stage?: Stage;
}

/** A stage of a coordinated run: its name prefixes the turn ids, and its brief replaces the bare message. */
export interface Stage {
  name: string;
  brief: PromptPart[];
  /** What a person has written of the brief, whole: its examples are demands on code. */
  request: string;
  /** What the turn that concludes the stage is told on top. */
  closing: string;
  /** Texts that the brief refers to; the parent holds them in case Redis lost them. */
  material: Record<string, string>;
  /** Models by alias, as the parent knows them. */
  models: ModelNames;
}

/** The first model of each alias, for labels in the Temporal Web UI before the gateway says which model really spoke. */
export type ModelNames = Partial<Record<Alias, string>>;

/** Input of the workflow type `coordinate`, under which coordinated runs were started before `runSwarm` led them: the three swarms, the message, and how often a review may send the code back. */
export interface CoordinateInput extends RunScope {
  plan: SwarmDefinition;
  implement: SwarmDefinition;
  review: SwarmDefinition;
  message: string;
  options: TurnOptions;
  max_rounds: number;
}

/** What one swarm produced. `answers` names the turns whose texts are the responses, in order. */
export interface SwarmResult {
  turns: TurnResult[];
  answers: string[];
  failures: TurnFailure[];
  /** What turns that failed have used, also those with which the run itself ended. Turns that were stopped are not among them. */
  unfinished?: (Expense & { turn: string })[];
  structures?: Structures;
  /** What executing the answer's code has shown, in a run whose pattern executes code. */
  verification?: Verification;
}

/** One stage of a run that several swarms share. */
export interface StageResult {
  stage: string;
  team_id: string;
  round: number;
  /** The turn that holds the stage's answer; empty when the stage failed. */
  answer: string;
  verdict?: Verdict;
  /** Why the stage has no answer, in a run that went on without it. */
  failure?: Failure;
}

/** What a reviewer concluded. */
export type Verdict = 'pass' | 'revise';

/** Result of a workflow that a caller started. */
export interface RunResult extends RunScope, SwarmResult {
  status: 'complete';
  stages?: StageResult[];
}

/** What a workflow holds of a run, to write again what Redis lost of it. */
export interface RunRecord {
  scope: RunScope;
  opening: Opening;
  turns: TurnResult[];
  /** What executing the code of these turns has shown. Absent in histories from before it was kept. */
  checks?: TurnCheck[];
  /** Texts by turn that prompts refer to and that are not among these turns. */
  texts: Record<string, string>;
}

/** How a run ended: what is written to its stream, and on success into its session. */
export interface RunOutcome extends RunScope {
  status: Exclude<RunStatus, 'running'>;
  message: string;
  result: SwarmResult;
  /** Why it failed or was cancelled. */
  failure?: Failure;
  /** On whose account its calls were made, where that has a name. */
  tenant?: string;
  /** Whether the run has a place among the runs of its session. */
  in_session_queue?: boolean;
}
