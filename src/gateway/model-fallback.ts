/** A turn's progress through the models of its alias: which one is next, and what follows a failure. */
import { z } from 'zod';
import type { Alias, ModelNames } from '../contract';
import { ALIASES } from '../contract/names';
import type { Endpoint } from './adapters/endpoint';
import { planRetry, RATE_LIMIT_WAIT_MS, spread, toWait } from './backoff';
import type { GatewayFailure, Remedy } from './failures';

/** A model at a gateway. */
export interface Candidate {
  endpoint: Endpoint;
  model: string;
  /** Share of the calls under `load-balance`; default 1. */
  weight?: number;
  /** Used only when the budget no longer pays for the others. */
  isBudgetModel?: true;
}

/** The candidates of each alias, in the order in which they are tried. */
export type Routes = Record<Alias, Candidate[]>;

/** Returns the first model of each alias. */
export function firstModels(routes: Routes): ModelNames {
  return Object.fromEntries(ALIASES.map((alias) => [alias, routes[alias][0]?.model]));
}

/** Returns all models of each alias, in order of preference. */
export function modelsByAlias(routes: Routes): Partial<Record<Alias, string[]>> {
  return Object.fromEntries(ALIASES.map((alias) => [alias, routes[alias].map(({ model }) => model)]));
}

/** A turn's progress: its position in the list, the retries of that candidate, and the gateways that are unusable for it. */
export const progress = z.object({
  position: z.number().int().min(0),
  tries: z.number().int().min(0),
  /** How often the turn waited because the model was unavailable. This says nothing about the turn's own calls. */
  rests: z.number().int().min(0).default(0),
  lost: z.array(z.string()).default([]),
  /** Length of the text when the failure count was last reset. */
  reached: z.number().int().min(0).default(0),
  /** How long the turn has waited for rate limits and at gateways' request since it last made progress. Milliseconds. */
  limitedMs: z.number().min(0).optional(),
  /** Whether this model was given a larger token limit because it used up the first one without an answer. */
  enlarged: z.boolean().optional(),
  /** The order of the models as this turn first determined it, if it depends on current conditions. */
  order: z.array(z.string()).optional(),
});
export type Progress = z.infer<typeof progress>;

export const START: Progress = { position: 0, tries: 0, rests: 0, lost: [], reached: 0 };

/** What to do after a failure. */
export type FallbackStep =
  | { do: 'retry'; progress: Progress; waitMs: number }
  | { do: 'reroute'; progress: Progress; to: Candidate }
  | { do: 'enlarge'; progress: Progress }
  | { do: 'fail' };

/** About 64 tokens, in UTF-16 units. Less text does not prove progress. */
const STRIDE = 256;

/**
 * Resets the failure count if the turn has made progress. Only text longer than ever before counts, so that a turn that keeps starting over
 * also ends.
 */
export function withText(now: Progress, length: number): Progress {
  if (length < now.reached + STRIDE) return now;
  const { limitedMs: _limitedMs, ...same } = now;
  return { ...same, tries: 0, rests: 0, reached: length };
}

/**
 * Decides the next step. `random` prevents parallel turns from retrying in lockstep. `limitMs`: once the turn has waited this long, no
 * further wait for a rate limit starts. Our own backoff is also cut to it, while a wait that the gateway asked for is completed.
 */
export function nextStep(
  candidates: Candidate[],
  now: Progress,
  failure: GatewayFailure,
  random = Math.random,
  limitMs = RATE_LIMIT_WAIT_MS,
): FallbackStep {
  const { remedy } = failure;
  switch (remedy.action) {
    case 'fail':
      return { do: 'fail' };
    case 'wait':
      return wait(now, failure);
    case 'rest':
    case 'probe':
      return rest(candidates, now, failure, random);
    case 'budget-model':
      return fallBackToCheaper(candidates, now);
    case 'retry':
      return retry(candidates, now, remedy, failure, { random, limitMs });
    case 'enlarge':
      return enlarge(candidates, now);
    default:
      return goOn(candidates, now, remedy.action);
  }
}

/** Does not count as a failed attempt: the model was not called. */
function wait(now: Progress, { waitMs = 0 }: GatewayFailure): FallbackStep {
  return { do: 'retry', progress: now, waitMs: toWait(waitMs) };
}

/** Happens once per model. */
function enlarge(candidates: Candidate[], now: Progress): FallbackStep {
  return now.enlarged ? goOn(candidates, now, 'next') : { do: 'enlarge', progress: { ...now, enlarged: true } };
}

type Retry = Extract<Remedy, { action: 'retry' }>;

function retry(
  candidates: Candidate[],
  now: Progress,
  remedy: Retry,
  failure: GatewayFailure,
  { random, limitMs }: { random: () => number; limitMs: number },
): FallbackStep {
  const onwards = goOn(candidates, now, remedy.then);
  const tries = onwards.do === 'reroute' ? remedy.tries : remedy.lastTries;
  const next = planRetry(now, failure, { tries, baseMs: remedy.baseMs, limitMs }, random);
  return next ? { do: 'retry', progress: { ...now, ...next.waited }, waitMs: next.waitMs } : onwards;
}

/** Does not call a model that other calls found unhealthy: uses another one, or retries this one after a while. */
function rest(
  candidates: Candidate[],
  now: Progress,
  { remedy, waitMs = 0 }: GatewayFailure,
  random: () => number,
): FallbackStep {
  const onwards = goOn(candidates, now, 'next');
  const rests = now.rests + (remedy.action === 'rest' ? 1 : 0);
  if (onwards.do === 'reroute' || (remedy.action === 'rest' && rests > remedy.tries)) return onwards;
  return { do: 'retry', progress: { ...now, rests }, waitMs: toWait(spread(waitMs, random)) };
}

/** Moves on to the next usable candidate, if any; with `next-gateway`, records the current gateway as unusable for the turn. */
function goOn(candidates: Candidate[], now: Progress, onwards: 'next' | 'next-gateway'): FallbackStep {
  const left = candidates[now.position]?.endpoint.name ?? '';
  const lost = onwards === 'next-gateway' ? [...now.lost, left] : now.lost;
  const position = candidates.findIndex(
    ({ endpoint, isBudgetModel }, i) => i > now.position && !isBudgetModel && !lost.includes(endpoint.name),
  );
  const to = candidates[position];
  const { enlarged: _enlarged, ...same } = now;
  return to ? { do: 'reroute', progress: { ...same, position, tries: 0, rests: 0, lost }, to } : { do: 'fail' };
}

/** Moves on to the model for runs that are out of budget. */
function fallBackToCheaper(candidates: Candidate[], now: Progress): FallbackStep {
  const position = candidates.findIndex(({ isBudgetModel }, i) => isBudgetModel && i > now.position);
  const to = candidates[position];
  return to ? { do: 'reroute', progress: { ...now, position, tries: 0, rests: 0 }, to } : { do: 'fail' };
}
