/** One model call: what goes into it, and what comes out. */
import type { Failure } from './failures';
import type { Opening, RunScope } from './runs';
import type { Role } from './swarms';

/**
 * A piece of a prompt: literal text, or the text of a finished turn, which activities fetch by its id. `length`, in UTF-16 units,
 * tells whether Redis has all of it.
 */
export type PromptPart = string | { turn: string; length?: number };

/** One message of a turn's prompt. */
export interface PromptMessage {
  role: 'user' | 'assistant';
  parts: PromptPart[];
}

/** What holds for all turns of a run: as the caller set it, and on whose account they are made. */
export interface TurnOptions {
  temperature?: number;
  max_tokens?: number;
  /** What the run may cost, US dollars, and use, tokens. */
  budget_usd?: number;
  budget_tokens?: number;
  /** Whether turns may be answered from the cache. */
  cache?: 'ok';
  /** The name of the caller's API key. */
  tenant?: string;
}

/** One model call as the workflow asks for it. */
export interface TurnRequest extends RunScope {
  turn: string;
  role: string;
  /** What people read: the role's label, and which of its turns this is. */
  label: string;
  definition: Role;
  messages: PromptMessage[];
  /** Whether the session's earlier conversation comes before these messages. */
  with_context: boolean;
  options: TurnOptions;
  /** Given to the turns that a run begins with: whichever comes first opens the run. */
  opening?: Opening;
  /** In a forked run: what this turn came to in the run before, and whose view of the session it has. */
  recorded?: { run_id: string; result: TurnResult };
  context_of?: string;
}

/** Token counts as the gateway reported them; `estimated` when it reported none. */
export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  cached_tokens?: number | undefined;
  estimated?: boolean | undefined;
}

/** A finished turn. */
export interface TurnResult {
  turn: string;
  role: string;
  label: string;
  /** The model that the gateway says has answered, and the gateway's name. */
  model: string;
  gateway: string;
  text: string;
  /** The gateway's finish reason; `truncated` when that was the token limit. */
  finish_reason: string;
  truncated: boolean;
  usage: Usage;
  /** US dollars for all calls that the turn took, as reported or by price; null when the price of one is unknown. */
  cost_usd: number | null;
  /** Set when a call broke off, and what it cost is not known for certain. */
  cost_estimated?: boolean;
  /** Set when the answer came out of the cache: no model was called. */
  cached?: boolean;
  /** Which of its own targets the gateway has used, where it says so. */
  gateway_option?: string;
  /** Milliseconds from when the turn was scheduled to its end, and from the last attempt's request to its first token. */
  duration_ms: number;
  first_token_ms: number | null;
  /** Attempts that it took, 1 when nothing went wrong; and the gateway's id of the last generation. */
  attempts: number;
  /** What the answer depended on, as a mark; see `recorded.ts`. Absent for turns of earlier versions. */
  input_mark?: string;
  /** The run whose result was taken over without a call. */
  reused_from?: string;
  generation_id?: string;
}

/** What a turn has used that ended without an answer; `cost_usd` is null when the price of one of its calls is unknown. */
export interface Expense {
  usage: Usage;
  cost_usd: number | null;
}

/** A turn that did not finish, in a run that went on without it. */
export interface TurnFailure extends Failure {
  turn: string;
  role: string;
  label: string;
}
