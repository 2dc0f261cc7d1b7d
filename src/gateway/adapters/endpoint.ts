/** What the client needs to know about a gateway: address, headers and quirks. */
import { z } from 'zod';
import type { Continuation } from '../../contract/continuation';
import type { Alias } from '../../contract/names';
import type { ErrorDescription } from '../error-description';
import type { Network } from '../network';

/** The run that a call belongs to, for gateways that keep a log. */
export interface CallScope {
  run_id: string;
  session_id: string;
  team_id: string;
  turn: string;
}

/** Reported usage, in US dollars and tokens. */
export interface GenerationCost {
  usd: number;
  tokens: number;
}

/** Information in the headers of an answer. */
interface ReplyFacts {
  generationId?: string | undefined;
  /** Which of its own targets the gateway used. */
  option?: string | undefined;
}

export interface Endpoint {
  /** Short name in configuration, events and metrics. */
  name: string;
  /** Name used in sentences. */
  label: string;
  baseUrl: string;
  /** The variable that holds the base URL. */
  urlVariable: string;
  /** Whether the gateway is part of this product; it is then called without a proxy. */
  isOurs: boolean;
  /** The models of each alias, in order of preference, if `MODEL_*` names none. */
  defaultModels: Readonly<Record<Alias, readonly string[]>>;
  /** Proxy and certificates on the way to it. */
  network: Network;
  apiKey: string | undefined;
  /** The variable that holds the key. */
  keyVariable: string;
  /** Other secrets sent to the gateway that must not appear in a message, such as provider keys. */
  secrets: readonly string[];
  keyRequired: boolean;
  /** Headers sent with each call; `null` removes a header of the `openai` client. */
  headers(scope: CallScope): Record<string, string | null>;
  /** The request field for the token limit of an answer. */
  tokenLimitField: 'max_tokens' | 'max_completion_tokens';
  /** Body fields that only this gateway knows; `alternatives` are further models that may answer in place of `model`. */
  extras(model: string, alternatives: string[]): object;
  /** Whether the gateway falls back to `alternatives` by itself. */
  fallsBack: boolean;
  /** Whether the model stops, and costs no more, when we disconnect. */
  stopsOnAbort: boolean;
  /** Path under the base URL that returns the cost of a generation; `?id=` is appended. Null if there is none. */
  generationPath: string | null;
  /** Parses the response of `generationPath`; undefined if it does not contain the cost. */
  readGenerationCost(body: unknown): GenerationCost | undefined;
  /** Parses the headers of an answer. */
  readReply(headers: Headers): ReplyFacts;
  /** Whether a later id in a stream replaces the known id of the generation. */
  replacesId(id: string, known: string): boolean;
  /**
   * Adds this gateway's specific meaning to an error. `body` is the `error` object of the response, or the complete body if there is none; it
   * may have any shape.
   */
  refineError(error: ErrorDescription, body: unknown): ErrorDescription;
  /** How a model of this gateway continues text that an earlier attempt left. */
  continues(model: string): Continuation;
  /** Path under the base URL that returns 200 if the gateway is reachable and accepts the key. */
  probePath: string;
  /** Returns a sentence if the body of a successful probe shows a problem with the key. */
  findKeyProblem(body: () => Promise<unknown>): Promise<string | undefined>;
  /** Timeouts of the first token, and of a pause in the stream after it, milliseconds. */
  firstTokenTimeoutMs: number;
  idleTimeoutMs: number;
  /**
   * What ends an answer. `declared`: only a known finish reason, because a broken stream may end cleanly at this gateway. `clean`: also
   * `[DONE]` after text and usage, and a non-standard finish reason before `[DONE]`.
   */
  ends: 'declared' | 'clean';
  /** Cost in US dollars of a call whose cost the gateway does not report: 0 if the model runs locally, null if unknown. */
  unreportedCostUsd: 0 | null;
}

const MINUTE = 60_000;
/** No proxy, and the well-known CAs. */
const DIRECT: Network = {};

const count = z.number().min(0).nullish();
const costReport = z.object({
  data: z.object({ total_cost: z.number().min(0), tokens_prompt: count, tokens_completion: count }),
});

function readGenerationCost(body: unknown): GenerationCost | undefined {
  const report = costReport.safeParse(body).data?.data;
  return report && { usd: report.total_cost, tokens: (report.tokens_prompt ?? 0) + (report.tokens_completion ?? 0) };
}

/** The models of the original service. Each retired model is followed by its current replacements. */
const HOSTED_MODELS: Endpoint['defaultModels'] = {
  strategic: ['anthropic/claude-3-opus', '~anthropic/claude-opus-latest', 'anthropic/claude-opus-4.8'],
  coding: ['openai/gpt-4-turbo-preview', '~openai/gpt-latest', 'openai/gpt-5.5'],
  debate_1: ['google/gemini-pro', '~google/gemini-pro-latest', 'google/gemini-3.1-pro-preview'],
  debate_2: ['meta-llama/llama-2-70b-chat', 'meta-llama/llama-3.3-70b-instruct'],
  fast: ['openai/gpt-3.5-turbo', '~openai/gpt-mini-latest', 'openai/gpt-5.4-mini'],
};

/** Settings that most hosted gateways share, also because gateways are chained. */
export const HOSTED = {
  isOurs: false,
  defaultModels: HOSTED_MODELS,
  network: DIRECT,
  keyRequired: true,
  secrets: [],
  tokenLimitField: 'max_tokens',
  extras: () => ({}),
  fallsBack: false,
  stopsOnAbort: true,
  generationPath: null,
  readGenerationCost,
  readReply: (headers) => ({ generationId: headers.get('x-generation-id') ?? undefined }),
  // Portkey invents ids for chunks that stand for comments: the first id counts, unless OpenRouter's own id follows
  replacesId: (id, known) => id.startsWith('gen-') && !known.startsWith('gen-'),
  refineError: (error) => error,
  // whether a trailing assistant message is continued depends on the vendor behind the gateway; an instruction works with all
  continues: (): Continuation => 'instruct',
  probePath: '/models',
  findKeyProblem: () => Promise.resolve(undefined),
  firstTokenTimeoutMs: 2 * MINUTE,
  idleTimeoutMs: MINUTE,
  ends: 'declared',
  unreportedCostUsd: null,
} as const satisfies Partial<Endpoint>;
