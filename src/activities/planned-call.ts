/** A model call before it is made: what it asks for, and what of it limits and budgets want to know. */
import { Buffer } from 'node:buffer';
import type { TurnRequest } from '../contract';
import type { ChatCall } from '../gateway/chat';
import { nameOf } from '../gateway/order';
import type { TokenPrice } from '../gateway/prices';
import type { Candidate } from '../gateway/route';
import type { Payer } from '../redis/ledger';
import type { Limits } from '../redis/limiter';

/** A limit and how it counts tokens. */
export interface ModelLimits extends Limits {
  inputWeight: number;
  outputWeight: number;
}

/** A call as its turn would like to make it. */
export interface PlannedCall {
  request: TurnRequest;
  /** The attempt, and which of its calls this is. */
  epoch: number;
  number: number;
  candidate: Candidate;
  candidates: readonly Candidate[];
  messages: ChatCall['messages'];
  temperature: number;
  maxTokens: number;
  signal: AbortSignal;
  /** The text that earlier attempts had left when this one began. */
  found: string;
  /** The text that this call goes on from. */
  shown: string;
  /** The turn's text as it is now. */
  heard(): string;
  onText: ChatCall['onText'];
}

/** Bytes of UTF-8 to a token, on the safe side for prose, code and scripts without spaces; and what a message takes beside its text. */
const BYTES_PER_TOKEN = 3;
const TOKENS_PER_MESSAGE = 8;

/** How many tokens the messages may take at most, nearly. */
export function estimatePrompt(messages: ChatCall['messages']): number {
  return messages.reduce(
    (sum, { content }) => sum + Math.ceil(Buffer.byteLength(String(content)) / BYTES_PER_TOKEN) + TOKENS_PER_MESSAGE,
    0,
  );
}

/** The later models of the turn behind the same gateway. */
export function alternativesOf({ candidate, candidates }: PlannedCall): Candidate[] {
  const later = candidates.slice(candidates.indexOf(candidate) + 1);
  return later.filter(({ endpoint, economy }) => endpoint === candidate.endpoint && !economy);
}

/** What the dearest of several models costs; undefined when the price of one is unknown. */
export function dearest(prices: (TokenPrice | undefined)[]): TokenPrice | undefined {
  const known = prices.flatMap((price) => price ?? []);
  if (known.length < prices.length) return undefined;
  return {
    input: Math.max(...known.map(({ input }) => input)),
    output: Math.max(...known.map(({ output }) => output)),
  };
}

/** The limits that hold for a candidate. */
export function limitsOf(candidate: Candidate, limits: Record<string, ModelLimits>): ModelLimits {
  return limits[nameOf(candidate)] ?? limits[`${candidate.endpoint.name}/*`] ?? limits['*'] ?? UNLIMITED;
}

/** The lesser of two limits, of which either may be missing. */
export function lesser(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** What counts where nothing is limited. */
export const UNLIMITED: ModelLimits = { inputWeight: 1, outputWeight: 1 };

/** The account of callers without an API key. */
const NOBODY = 'anyone';

/** Who speaks, and on whose account. */
export interface Paying extends Pick<TurnRequest, 'run_id' | 'session_id'> {
  options: Pick<TurnRequest['options'], 'tenant'>;
}

export function payerOf({ run_id, session_id, options }: Paying): Payer {
  return { account: options.tenant ?? NOBODY, runId: run_id, sessionId: session_id };
}

/** A turn among those of all runs. */
export function nameOfTurn({ run_id, turn }: Pick<TurnRequest, 'run_id' | 'turn'>): string {
  return `${run_id}|${turn}`;
}
