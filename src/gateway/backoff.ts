/** How long to wait before the next try of the same model: as long as the gateway asks for, or by our own backoff. */
import type { GatewayFailure, Remedy } from './failures';

const LONGEST_BACKOFF_MS = 30_000;
/** Temporal interprets a delay of 0 as "no further attempt". */
const LEAST_WAIT_MS = 1;
/** This many waits use exactly the delay that the gateway asked for; later ones are at least our own backoff. */
const TAKEN_AT_ITS_WORD = 2;

/** How long a turn waits in total while all its models are rate limited; longer than the minute that most gateways count by. */
export const RATE_LIMIT_WAIT_MS = 90_000;

/** How often this model was tried again, and how long the turn has waited for rate limits. */
interface Waited {
  tries: number;
  limitedMs?: number | undefined;
}

/** What a retry may use up. */
interface RetryBounds extends Pick<Extract<Remedy, { action: 'retry' }>, 'tries' | 'baseMs'> {
  limitMs: number;
}

/** The wait before the next try, and what the turn has then waited; undefined when no try, or no time for rate limits, is left. */
export function planRetry(
  now: Waited,
  { code, waitMs: askedMs = 0 }: GatewayFailure,
  { tries, baseMs, limitMs }: RetryBounds,
  random: () => number,
): { waitMs: number; waited: Waited } | undefined {
  const isLimited = code === 'RATE_LIMITED' || askedMs > 0;
  const limitedMs = now.limitedMs ?? 0;
  const leftMs = isLimited ? limitMs - limitedMs : Infinity;
  if (leftMs < LEAST_WAIT_MS || now.tries >= tries) return undefined;
  const backoffMs = Math.min(vary(Math.min(baseMs * 2 ** now.tries, LONGEST_BACKOFF_MS), random), leftMs);
  const waitMs = toWait(askedMs > 0 ? lengthenWait(askedMs, backoffMs, now.tries) : backoffMs);
  return { waitMs, waited: { tries: now.tries + 1, ...(isLimited ? { limitedMs: limitedMs + waitMs } : {}) } };
}

/** Prevents a short requested wait, repeated, from using up all tries within seconds. */
function lengthenWait(askedMs: number, backoffMs: number, tries: number): number {
  return tries < TAKEN_AT_ITS_WORD ? askedMs : Math.max(askedMs, backoffMs);
}

/** Rounds up to whole milliseconds, at least 1. */
export function toWait(ms: number): number {
  return Math.max(LEAST_WAIT_MS, Math.ceil(ms));
}

/** Changes our own backoff by up to an eighth, so that parallel turns do not retry in lockstep. */
function vary(ms: number, random: () => number): number {
  return ms * (1 + (random() - 0.5) / 4);
}

/** The same for a wait that must not become shorter: adds up to a quarter. */
export function spread(ms: number, random: () => number): number {
  return ms * (1 + random() / 4);
}
