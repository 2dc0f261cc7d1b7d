/** The order in which a turn tries its models: by the alias's strategy, and the same for all attempts of the turn. */
import type { RoutingStrategy } from '../config/traffic';
import type { Alias, Role, TurnRequest } from '../contract';
import {
  addressCandidate,
  restoreOrder,
  orderByWeight,
  orderByFirstToken,
  nameCandidate,
} from '../gateway/model-order';
import type { Candidate, Progress, Routes } from '../gateway/model-fallback';

interface Way {
  candidates: Candidate[];
  /** The progress as recorded, with the order if the strategy needs it recorded. */
  progress: Progress;
}
export type FindWay = (request: TurnRequest, noted: Progress) => Promise<Way>;

export interface RoutingOptions {
  routes: Routes;
  /** The candidates for models that a role names itself. */
  through(models: readonly string[]): Candidate[];
  strategies: Record<Alias, RoutingStrategy>;
  /** The measured times to the first token, by the names that {@link addressCandidate} returns. */
  firstTokenMs(models: string[]): Promise<(number | null)[]>;
}

/** The models that a role may use. */
export function resolveModels({ alias, models }: Pick<Role, 'alias' | 'models'>, routes: Routes): string[] {
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
        return { candidates: orderByWeight(candidates, `${run_id}\n${turn}`), progress: noted };
      case 'fastest-first': {
        if (noted.order) return { candidates: restoreOrder(candidates, noted.order), progress: noted };
        const ordered = orderByFirstToken(candidates, await firstTokenMs(candidates.map(addressCandidate)));
        return { candidates: ordered, progress: { ...noted, order: ordered.map(nameCandidate) } };
      }
    }
  };
}
