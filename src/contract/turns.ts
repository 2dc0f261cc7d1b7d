/** Requests and results of turns. */
import { z } from 'zod';
import type { Opening, RunScope } from './runs';
import { failure, placedTurn, turnMeasures, type TurnPlace, type usage } from './shapes';
import type { AskedName } from './structures';
import type { Role } from './swarms';

/**
 * A piece of a prompt: literal text, or a reference to a finished turn's text, which activities fetch by id. `length`, in UTF-16 units,
 * shows whether Redis has the whole text.
 */
export type PromptPart = string | { turn: string; length?: number };

/** One message of a turn's prompt. */
export interface PromptMessage {
  role: 'user' | 'assistant';
  parts: PromptPart[];
}

/** Options of all turns of a run, set by the caller, and the account that pays. */
export interface TurnOptions {
  temperature?: number;
  max_tokens?: number;
  /** Budgets of the run in US dollars, tokens and model calls. */
  budget_usd?: number;
  budget_tokens?: number;
  budget_calls?: number;
  /** Whether cached answers may be used. */
  cache?: 'ok';
  /** The name of the caller's API key. */
  tenant?: string;
}

/** What a run has used as known to its workflow. A lower bound, because the workflow learns of a turn's calls when the turn ends. */
export interface RunSpending {
  usd: number;
  tokens: number;
  calls: number;
}

/** The workflow's request for one turn. */
export interface TurnRequest extends RunScope {
  turn: string;
  role: string;
  /** Display name: the role's label, and which of its turns this is. */
  label: string;
  place: TurnPlace;
  definition: Omit<Role, 'label'>;
  messages: PromptMessage[];
  /** Whether the session's earlier conversation precedes these messages. */
  with_context: boolean;
  /** The structure that the answer will be parsed as; gateways that support schemas receive its schema. */
  structure?: AskedName;
  options: TurnOptions;
  /** What the run has used before, so that budgets count it even after Redis was emptied; absent if nothing was used. */
  spent?: RunSpending;
  /** Set if the workflow itself publishes why it stopped the turn. */
  reports_stop?: true;
  /** Set for the turns that a run begins with; the first of them to start opens the run. */
  opening?: Opening;
  /** In a forked run: this turn's result in the source run, and the run whose session context it uses. */
  recorded?: { run_id: string; result: TurnResult };
  context_of?: string;
}

/** Token counts as the gateway reported them; `estimated` when it reported none. */
export type Usage = z.infer<typeof usage>;

/** A finished turn. */
export const turnResult = z.object({
  ...placedTurn.shape,
  ...turnMeasures,
  text: z.string(),
  text_in_history: z
    .boolean()
    .exactOptional()
    .describe('Set where `text` is left out of a record that would exceed a payload: the history of the run holds it.'),
  input_mark: z.string().exactOptional().describe('What the answer depended on, as a hash.'),
  generation_id: z.string().exactOptional().describe("The gateway's id of the last generation."),
});
export type TurnResult = z.infer<typeof turnResult>;

/** Usage of a turn that ended without an answer; `cost_usd` is null if the price of one of its calls is unknown. */
export interface PartialUsage {
  usage: Usage;
  cost_usd: number | null;
}

/** A turn that did not finish, in a run that continued without it. */
export const turnFailure = z.object({ ...placedTurn.shape, ...failure.shape });
export type TurnFailure = z.infer<typeof turnFailure>;
