/** The way of a turn through its models: in the order of the alias's strategy, and the same for all attempts of the turn. */
import type { Alias, Role, TurnRequest } from '../contract';
import { addressOf, asNoted, byLot, byPace, nameOf, type Strategy } from '../gateway/order';
import type { Candidate, Progress, Routes } from '../gateway/route';

export interface Way {
  candidates: Candidate[];
  /** As it was noted, with the order where it must be noted too. */
  progress: Progress;
}
export type FindWay = (request: TurnRequest, noted: Progress) => Promise<Way>;

export interface RoutingOptions {
  routes: Routes;
  /** The way through models that a role names itself. */
  through(models: readonly string[]): Candidate[];
  strategies: Record<Alias, Strategy>;
  /** The measured times to the first token, by {@link addressOf}. */
  firstTokenMs(models: string[]): Promise<(number | null)[]>;
}

/** The models that a role may speak through. */
export function modelsOf({ alias, models }: Role, routes: Routes): string[] {
  return alias ? routes[alias].map(({ model }) => model) : (models ?? []);
}

export function createRouting({ routes, through, strategies, firstTokenMs }: RoutingOptions): FindWay {
  return async function findWay({ definition: { alias, models }, run_id, turn }, noted) {
    if (!alias) return { candidates: through(models ?? []), progress: noted };
    const candidates = routes[alias];
    switch (strategies[alias]) {
      case 'fallback':
        return { candidates, progress: noted };
      case 'load-balance':
        return { candidates: byLot(candidates, `${run_id}\n${turn}`), progress: noted };
      case 'fastest-first': {
        if (noted.order) return { candidates: asNoted(candidates, noted.order), progress: noted };
        const ordered = byPace(candidates, await firstTokenMs(candidates.map(addressOf)));
        return { candidates: ordered, progress: { ...noted, order: ordered.map(nameOf) } };
      }
    }
  };
}
