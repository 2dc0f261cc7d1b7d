/** Which models each alias tries, and at which gateways: from configuration, or from the gateways' default lists. */
import type { Config } from '../config/config';
import { ALIASES, type Alias } from '../contract/names';
import type { Endpoint } from './adapters/endpoint';
import type { Candidate, Routes } from './model-fallback';

/** Inputs of the routes; see {@link Config}. `budgetModel` is the model for runs that are out of budget. */
export type RouteOptions = Pick<Config, 'models'> &
  Partial<Pick<Config, 'routing'>> & { budgetModel?: string | undefined };

/** Builds routes: model by model, each at every gateway that has it. Configured lists apply to all gateways, default lists to their own. */
export function createRoutes(endpoints: Endpoint[], { models, routing, budgetModel }: RouteOptions): Routes {
  const listCandidates = (alias: Alias): Candidate[] => {
    const listModels = ({ defaultModels }: Endpoint) => models[alias] ?? defaultModels[alias];
    const all = [...new Set(endpoints.flatMap(listModels))];
    const candidates = all.flatMap((model) =>
      endpoints
        .filter((endpoint) => listModels(endpoint).includes(model))
        .map((endpoint): Candidate => ({ endpoint, model, ...findWeight(alias, model) })),
    );
    return budgetModel
      ? [...candidates, ...endpoints.map((endpoint) => toBudgetCandidate(endpoint, budgetModel))]
      : candidates;
  };
  const findWeight = (alias: Alias, model: string) => {
    const weight = routing?.[alias].weights[model];
    return weight === undefined ? {} : { weight };
  };
  return Object.fromEntries(ALIASES.map((alias) => [alias, listCandidates(alias)])) as Routes;
}

/** Builds the candidates for models that a role names itself: each model at every gateway, in this order. */
export function createModelList(endpoints: Endpoint[], models: readonly string[], budgetModel?: string): Candidate[] {
  const candidates = models.flatMap((model) => endpoints.map((endpoint): Candidate => ({ endpoint, model })));
  return budgetModel
    ? [...candidates, ...endpoints.map((endpoint) => toBudgetCandidate(endpoint, budgetModel))]
    : candidates;
}

function toBudgetCandidate(endpoint: Endpoint, model: string): Candidate {
  return { endpoint, model, isBudgetModel: true };
}
