/** What the client must know of a gateway: address, headers and quirks, as data. */

import type { Continuation } from '../../contract/continuation';

/** The run on whose behalf a call is made, for gateways that keep a log. */
export interface CallScope {
  run_id: string;
  session_id: string;
  team_id: string;
  turn: string;
}

export interface Endpoint {
  /** Short name in configuration, events and metrics. */
  name: string;
  /** Name for sentences. */
  label: string;
  baseUrl: string;
  apiKey: string | undefined;
  /** The variable that holds the key, and whether calls make no sense without one. */
  keyVariable: string;
  /** What else is sent to the gateway and must not be read in a sentence: keys of those behind it. */
  secrets: readonly string[];
  keyRequired: boolean;
  /** Sent with each call; `null` removes a header of the `openai` client. */
  headers(scope: CallScope): Record<string, string | null>;
  /** The name that the limit of an answer goes by. */
  tokenLimitField: 'max_tokens' | 'max_completion_tokens';
  /** Fields of the body that only this gateway knows; `alternatives` are further models that may answer in place of `model`. */
  extras(model: string, alternatives: string[]): object;
  /** Whether the gateway goes on to `alternatives` by itself. */
  fallsBack: boolean;
  /** Whether the model stops, and costs no more, when we hang up. */
  stopsOnAbort: boolean;
  /** Path under the base URL that tells what a generation has cost, `?id=` added; null where there is none. */
  generationPath: string | null;
  /** How a model of this gateway goes on from text that an earlier attempt left. */
  continues(model: string): Continuation;
  /** Path under the base URL that answers 200 when the gateway is there and takes the key. */
  probePath: string;
  /** How long the first token may take, and how long the stream may be silent after it, milliseconds. */
  firstTokenTimeoutMs: number;
  idleTimeoutMs: number;
  /** US dollars for a call of which the gateway reports no cost: 0 where the model runs here, null where it is unknown. */
  unreportedCostUsd: 0 | null;
}

const MINUTE = 60_000;

/** What most hosted gateways have in common. */
export const HOSTED = {
  keyRequired: true,
  secrets: [],
  tokenLimitField: 'max_tokens',
  extras: () => ({}),
  fallsBack: false,
  stopsOnAbort: true,
  generationPath: null,
  // whether an assistant message at the end is continued there depends on the vendor behind: telling the model works with all
  continues: (): Continuation => 'instruct',
  probePath: '/models',
  firstTokenTimeoutMs: 2 * MINUTE,
  idleTimeoutMs: MINUTE,
  unreportedCostUsd: null,
} as const satisfies Partial<Endpoint>;
