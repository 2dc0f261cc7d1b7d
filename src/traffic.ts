/** Assembles everything that controls model calls: limits, health, budgets, prices, routing and the cache. */
import type { RoutingStrategy } from './config/traffic';
import type { Config } from './config/config';
import { createAdmission } from './model-call/admission';
import { findLimits, UNLIMITED, type ModelLimits } from './model-call/planned-call';
import { createReuse } from './model-call/answer-cache';
import { createRouting } from './model-call/routing';
import { ALIASES, type Alias } from './contract/names';
import { createCallHealth } from './gateway/call-health';
import { createChat } from './gateway/chat';
import type { Endpoint } from './gateway/adapters/endpoint';
import { LONGEST_REQUESTED_WAIT_MS } from './gateway/failures';
import { checkModels } from './gateway/models';
import { addressCandidate } from './gateway/model-order';
import { createPrices } from './gateway/prices';
import type { Routes } from './gateway/model-fallback';
import { createModelList, createRoutes } from './gateway/model-lists';
import type { Logger } from './log';
import { createAnswers } from './redis/answers';
import { CALL_LEASE_MS } from './redis/limiter';
import type { RedisConnection } from './redis/connect';
import { createLedger } from './redis/ledger';
import { createLimiter } from './redis/limiter';
import type { ListRecordedRuns } from './redis/recorded-runs';
import { createFieldMemory } from './redis/refused-fields';
import type { ModelCapacity } from './redis/workers';

export function createTraffic(
  config: Config,
  endpoints: Endpoint[],
  redis: RedisConnection,
  log: Logger,
  recordedRuns?: ListRecordedRuns,
) {
  const windowMs = config.LIMIT_WINDOW_SECONDS * 1000;
  const limiter = createLimiter(redis, { windowMs, patienceMs: LONGEST_REQUESTED_WAIT_MS });
  const limits = toLimits(config.LIMITS);
  const prices = createPrices(config.PRICES);
  const routes = createRoutes(endpoints, { ...config, budgetModel: config.BUDGET_MODEL });
  const strategies = Object.fromEntries(ALIASES.map((alias) => [alias, config.routing[alias].strategy]));
  const callHealth = createCallHealth();
  // not awaited: a slow gateway must not delay the worker's start
  void checkModels(endpoints, routes, prices).then((warnings) => warnings.forEach((warning) => log.warn(warning)));
  return {
    routes,
    callHealth,
    rateLimitWaitMs: config.RATE_LIMIT_WAIT_SECONDS * 1000,
    capacity: listCapacity(routes, limits, windowMs),
    findWay: createRouting({
      routes,
      through: (models) => createModelList(endpoints, models, config.BUDGET_MODEL),
      strategies: strategies as Record<Alias, RoutingStrategy>,
      firstTokenMs: (models) => limiter.firstTokenMs(models),
    }),
    admission: createAdmission(
      callHealth.watch(createChat(createFieldMemory(redis))),
      createReuse(createAnswers(redis, config.CACHE_TTL_SECONDS)),
      {
        limiter,
        ledger: createLedger(redis, config.BUDGET_KEY_PERIOD, CALL_LEASE_MS, recordedRuns),
        prices,
        limits,
        budgets: {
          run: { usd: config.BUDGET_RUN_USD, tokens: config.BUDGET_RUN_TOKENS, calls: config.BUDGET_RUN_CALLS },
          session: { usd: config.BUDGET_SESSION_USD, tokens: config.BUDGET_SESSION_TOKENS },
          account: { usd: config.BUDGET_KEY_USD, tokens: config.BUDGET_KEY_TOKENS },
        },
      },
    ),
  };
}

/** All models that turns may use, without duplicates. */
function listCapacity(routes: Routes, set: Record<string, ModelLimits>, windowMs: number): ModelCapacity[] {
  const models = new Map<string, ModelCapacity>();
  for (const alias of ALIASES) {
    for (const candidate of routes[alias]) {
      const address = addressCandidate(candidate);
      const { requests, tokens, concurrency } = findLimits(candidate, set);
      const { model, endpoint } = candidate;
      const about = { gateway: endpoint.name, model, address, limits: { requests, tokens, concurrency }, windowMs };
      const known = models.get(address);
      models.set(address, { ...about, aliases: [...new Set([...(known?.aliases ?? []), alias])] });
    }
  }
  return [...models.values()];
}

function toLimits(settings: Config['LIMITS']): Record<string, ModelLimits> {
  const entries = Object.entries(settings).map(([name, set]): [string, ModelLimits] => [
    name,
    {
      ...UNLIMITED,
      requests: set.requests_per_minute,
      tokens: set.tokens_per_minute,
      concurrency: set.concurrency,
      inputWeight: set.input_weight,
      outputWeight: set.output_weight,
    },
  ]);
  return Object.fromEntries(entries);
}
