/** The way of a turn through the models of its alias: which one is next, and what follows a failure. */
import { z } from 'zod';
import type { Alias } from '../contract';
import type { Endpoint } from './endpoints/endpoint';
import type { GatewayFailure } from './failures';

/** A model at a gateway. */
export interface Candidate {
  endpoint: Endpoint;
  model: string;
}

/** The candidates of each alias, in the order in which they are tried. */
export type Routes = Record<Alias, Candidate[]>;

/** How far a turn has come: the place in the list, how often this candidate was tried again, and gateways that are no use to it. */
export const progress = z.object({
  position: z.number().int().min(0),
  tries: z.number().int().min(0),
  lost: z.array(z.string()).default([]),
});
export type Progress = z.infer<typeof progress>;

export const START: Progress = { position: 0, tries: 0, lost: [] };

/** What to do after a failure. */
export type Step =
  | { do: 'retry'; progress: Progress; waitMs: number }
  | { do: 'reroute'; progress: Progress; to: Candidate }
  | { do: 'fail' };

const LONGEST_BACKOFF_MS = 30_000;

/** Decides the next step. `random` spreads the retries of parallel turns over a quarter of the wait. */
export function nextStep(candidates: Candidate[], now: Progress, failure: GatewayFailure, random = Math.random): Step {
  const { remedy } = failure;
  if (remedy.action === 'fail') return { do: 'fail' };
  const { to, position, lost } = next(candidates, now, remedy.action === 'retry' ? remedy.then : remedy.action);
  if (remedy.action === 'retry' && now.tries < (to ? remedy.tries : remedy.lastTries)) {
    const backoffMs = Math.min(remedy.baseMs * 2 ** now.tries, LONGEST_BACKOFF_MS);
    const waitMs = Math.round(failure.waitMs ?? backoffMs * (1 + random() / 4));
    return { do: 'retry', progress: { ...now, tries: now.tries + 1 }, waitMs };
  }
  return to ? { do: 'reroute', progress: { position, tries: 0, lost }, to } : { do: 'fail' };
}

/** The candidate that would take over, if there is one, and the gateways that are then no use any more. */
function next(candidates: Candidate[], now: Progress, onwards: 'next' | 'next-gateway') {
  const left = candidates[now.position]?.endpoint.name ?? '';
  const lost = onwards === 'next-gateway' ? [...now.lost, left] : now.lost;
  const position = candidates.findIndex(({ endpoint }, i) => i > now.position && !lost.includes(endpoint.name));
  return { to: candidates[position], position, lost };
}
