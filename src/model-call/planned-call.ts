/** A model call before it is made: its parameters, and what limits and budgets need. */
import { Buffer } from 'node:buffer';
import type { TurnRequest } from '../contract';
import type { Continuation } from '../contract/continuation';
import { ANONYMOUS_ACCOUNT } from '../contract/names';
import type { ChatCall } from '../gateway/chat';
import { nameCandidate } from '../gateway/model-order';
import type { TokenPrice } from '../gateway/prices';
import type { Candidate } from '../gateway/model-fallback';
import type { Payer } from '../redis/ledger';
import type { Limits } from '../redis/limiter';

/** A limit and how it counts tokens. */
export interface ModelLimits extends Limits {
  inputWeight: number;
  outputWeight: number;
}

/** A call as its turn requests it. */
export interface PlannedCall {
  request: TurnRequest;
  /** The attempt's epoch, and the number of the call within the attempt. */
  epoch: number;
  number: number;
  /** Identifies the stream in which the attempt began, because an emptied Redis counts epochs from 1 again. */
  generation?: string;
  candidate: Candidate;
  candidates: readonly Candidate[];
  messages: ChatCall['messages'];
  temperature: number;
  maxTokens: number;
  signal: AbortSignal;
  /** Aborts the signal if the attempt no longer owns its turn. */
  checkOwner?(): Promise<void>;
  /** The text of earlier attempts when this attempt began. */
  found: string;
  /** The text that this call continues, and how; default `instruct`. */
  shown: string;
  how?: Continuation;
  /** The turn's current text. */
  answerText(): string;
  /** The thinking text of this call so far. */
  thought?(): string;
  onText: ChatCall['onText'];
  onThinking?: ChatCall['onThinking'] | undefined;
  onRetract?: ChatCall['onRetract'];
}

/** UTF-8 bytes per token, a safe estimate for prose, code and scripts without spaces; and the overhead of a message. */
const BYTES_PER_TOKEN = 3;
const TOKENS_PER_MESSAGE = 8;

/** An approximate upper bound on the tokens of the messages. */
export function estimatePrompt(messages: ChatCall['messages']): number {
  return messages.reduce(
    (sum, { content }) => sum + Math.ceil(Buffer.byteLength(String(content)) / BYTES_PER_TOKEN) + TOKENS_PER_MESSAGE,
    0,
  );
}

/** The turn's later models behind the same gateway, except budget models. */
export function listAlternatives({ candidate, candidates }: PlannedCall): Candidate[] {
  const later = candidates.slice(candidates.indexOf(candidate) + 1);
  return later.filter(({ endpoint, isBudgetModel }) => endpoint === candidate.endpoint && !isBudgetModel);
}

/** The highest input and output price of several models; undefined if one price is unknown. */
export function dearest(prices: (TokenPrice | undefined)[]): TokenPrice | undefined {
  const known = prices.flatMap((price) => price ?? []);
  if (known.length < prices.length) return undefined;
  return {
    input: Math.max(...known.map(({ input }) => input)),
    output: Math.max(...known.map(({ output }) => output)),
  };
}

/** The limits that apply to a candidate. */
export function findLimits(candidate: Candidate, limits: Record<string, ModelLimits>): ModelLimits {
  return limits[nameCandidate(candidate)] ?? limits[`${candidate.endpoint.name}/*`] ?? limits['*'] ?? UNLIMITED;
}

/** The lower of two limits, either of which may be missing. */
export function lesser(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** Used if no limit is configured. */
export const UNLIMITED: ModelLimits = { inputWeight: 1, outputWeight: 1 };

/** The run and session of a call, and the account that pays for it. */
export interface Paying extends Pick<TurnRequest, 'run_id' | 'session_id'> {
  options: Pick<TurnRequest['options'], 'tenant'>;
}

export function toPayer({ run_id, session_id, options }: Paying): Payer {
  return { account: options.tenant ?? ANONYMOUS_ACCOUNT, runId: run_id, sessionId: session_id };
}

/** A turn's name, unique across runs. */
export function nameOfTurn({ run_id, turn }: Pick<TurnRequest, 'run_id' | 'turn'>): string {
  return `${run_id}|${turn}`;
}
