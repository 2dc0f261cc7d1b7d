/** The way of a turn through the models of its alias: which one is next, and what follows a failure. */
import { z } from 'zod';
import type { Alias, ModelNames } from '../contract';
import { ALIASES } from '../contract/names';
import type { Endpoint } from './endpoints/endpoint';
import type { GatewayFailure, Remedy } from './failures';

/** A model at a gateway. */
export interface Candidate {
  endpoint: Endpoint;
  model: string;
  /** Share of the calls under `load-balance`, 1 unless given. */
  weight?: number;
  /** Takes over only where the budget no longer pays for the others. */
  economy?: true;
}

/** The candidates of each alias, in the order in which they are tried. */
export type Routes = Record<Alias, Candidate[]>;

/** The model that stands first for each alias. */
export function firstModels(routes: Routes): ModelNames {
  return Object.fromEntries(ALIASES.map((alias) => [alias, routes[alias][0]?.model]));
}

/** All models of each alias, in order of preference. */
export function modelsByAlias(routes: Routes): Partial<Record<Alias, string[]>> {
  return Object.fromEntries(ALIASES.map((alias) => [alias, routes[alias].map(({ model }) => model)]));
}

/** How far a turn has come: the place in the list, how often this candidate was tried again, and gateways that are no use to it. */
export const progress = z.object({
  position: z.number().int().min(0),
  tries: z.number().int().min(0),
  /** How often the turn waited because the model was left alone; that says nothing about its own calls. */
  rests: z.number().int().min(0).default(0),
  lost: z.array(z.string()).default([]),
  /** How long the text was when failures were last counted anew. */
  reached: z.number().int().min(0).default(0),
  /** The order of the models as this turn found it, where it depends on the moment. */
  order: z.array(z.string()).optional(),
});
export type Progress = z.infer<typeof progress>;

export const START: Progress = { position: 0, tries: 0, rests: 0, lost: [], reached: 0 };

/** What to do after a failure. */
export type Step =
  | { do: 'retry'; progress: Progress; waitMs: number }
  | { do: 'reroute'; progress: Progress; to: Candidate }
  | { do: 'fail' };

/** About 64 tokens, in UTF-16 units: less is no proof that a model gets on. */
const STRIDE = 256;

/**
 * Counts failures anew where the turn has got on since. Only what is longer than ever counts, so that one which begins again and again
 * comes to an end, too.
 */
export function withText(now: Progress, length: number): Progress {
  return length < now.reached + STRIDE ? now : { ...now, tries: 0, rests: 0, reached: length };
}

const LONGEST_BACKOFF_MS = 30_000;
/** So many waits are exactly those that the gateway asked for; after that ours is the least. */
const TAKEN_AT_ITS_WORD = 2;

/** Decides the next step. `random` keeps parallel turns from coming back in step. */
export function nextStep(candidates: Candidate[], now: Progress, failure: GatewayFailure, random = Math.random): Step {
  const { remedy, waitMs } = failure;
  switch (remedy.action) {
    case 'fail':
      return { do: 'fail' };
    case 'wait':
      return { do: 'retry', progress: now, waitMs: Math.ceil(waitMs ?? 0) };
    case 'rest':
    case 'probe':
      return rest(candidates, now, failure, random);
    case 'economy':
      return economise(candidates, now);
    case 'retry':
      return retry(candidates, now, remedy, waitMs, random);
    default:
      return goOn(candidates, now, remedy.action);
  }
}

type Retry = Extract<Remedy, { action: 'retry' }>;

function retry(
  candidates: Candidate[],
  now: Progress,
  remedy: Retry,
  askedMs: number | undefined,
  random: () => number,
) {
  const onwards = goOn(candidates, now, remedy.then);
  if (now.tries >= (onwards.do === 'reroute' ? remedy.tries : remedy.lastTries)) return onwards;
  const backoffMs = spread(Math.min(remedy.baseMs * 2 ** now.tries, LONGEST_BACKOFF_MS), random);
  // a short wait that is asked for again and again would use up all tries within seconds
  const leastMs = now.tries < TAKEN_AT_ITS_WORD ? 0 : backoffMs;
  const waitMs = Math.round(askedMs === undefined ? backoffMs : Math.max(askedMs, leastMs));
  return { do: 'retry', progress: { ...now, tries: now.tries + 1 }, waitMs } as const;
}

/** A model that others found ill is not asked: another one is, or this one after a while. */
function rest(
  candidates: Candidate[],
  now: Progress,
  { remedy, waitMs = 0 }: GatewayFailure,
  random: () => number,
): Step {
  const onwards = goOn(candidates, now, 'next');
  const rests = now.rests + (remedy.action === 'rest' ? 1 : 0);
  if (onwards.do === 'reroute' || (remedy.action === 'rest' && rests > remedy.tries)) return onwards;
  return { do: 'retry', progress: { ...now, rests }, waitMs: Math.ceil(spread(waitMs, random)) };
}

/** Up to a quarter longer. */
function spread(ms: number, random: () => number): number {
  return ms * (1 + random() / 4);
}

/** On to the candidate that would take over, if there is one; gateways that are no use to the turn are noted. */
function goOn(candidates: Candidate[], now: Progress, onwards: 'next' | 'next-gateway'): Step {
  const left = candidates[now.position]?.endpoint.name ?? '';
  const lost = onwards === 'next-gateway' ? [...now.lost, left] : now.lost;
  const position = candidates.findIndex(
    ({ endpoint, economy }, i) => i > now.position && !economy && !lost.includes(endpoint.name),
  );
  const to = candidates[position];
  return to ? { do: 'reroute', progress: { ...now, position, tries: 0, rests: 0, lost }, to } : { do: 'fail' };
}

/** On to the model for runs that are short of money. */
function economise(candidates: Candidate[], now: Progress): Step {
  const position = candidates.findIndex(({ economy }, i) => economy && i > now.position);
  const to = candidates[position];
  return to ? { do: 'reroute', progress: { ...now, position, tries: 0, rests: 0 }, to } : { do: 'fail' };
}
