/** Puts together what decides about a model call: limits, health, budgets, prices, ways through the models, and the cache. */
import type { Config } from './config';
import { createAdmission } from './activities/admission';
import { limitsOf, UNLIMITED, type ModelLimits } from './activities/planned-call';
import { createReuse } from './activities/reuse';
import { createRouting } from './activities/routing';
import { ALIASES, type Alias } from './contract/names';
import { createChat } from './gateway/chat';
import type { Endpoint } from './gateway/endpoints/endpoint';
import { PATIENCE_MS } from './gateway/failures';
import { checkModels } from './gateway/models';
import { addressOf, type Strategy } from './gateway/order';
import { createPrices } from './gateway/prices';
import type { Routes } from './gateway/route';
import { createRoutes, createWay } from './gateway/routes';
import type { Logger } from './log';
import { createAnswers } from './redis/answers';
import type { RedisConnection } from './redis/connect';
import { createLedger } from './redis/ledger';
import { createLimiter } from './redis/limiter';
import type { ModelCapacity } from './redis/workers';

export function createTraffic(config: Config, endpoints: Endpoint[], redis: RedisConnection, log: Logger) {
  const windowMs = config.LIMIT_WINDOW_SECONDS * 1000;
  const limiter = createLimiter(redis, { windowMs, patienceMs: PATIENCE_MS });
  const limits = toLimits(config.LIMITS);
  const prices = createPrices(config.PRICES);
  const routes = createRoutes(endpoints, { ...config, economy: config.BUDGET_MODEL });
  const strategies = Object.fromEntries(ALIASES.map((alias) => [alias, config.routing[alias].strategy]));
  // a gateway that is slow to tell holds no worker up
  void checkModels(endpoints, routes, prices).then((warnings) => warnings.forEach((warning) => log.warn(warning)));
  return {
    routes,
    capacity: capacityOf(routes, limits, windowMs),
    findWay: createRouting({
      routes,
      through: (models) => createWay(endpoints, models, config.BUDGET_MODEL),
      strategies: strategies as Record<Alias, Strategy>,
      firstTokenMs: (models) => limiter.firstTokenMs(models),
    }),
    admission: createAdmission(createChat(), createReuse(createAnswers(redis, config.CACHE_TTL_SECONDS)), {
      limiter,
      ledger: createLedger(redis, config.BUDGET_KEY_PERIOD),
      prices,
      limits,
      budgets: {
        run: { usd: config.BUDGET_RUN_USD, tokens: config.BUDGET_RUN_TOKENS },
        session: { usd: config.BUDGET_SESSION_USD, tokens: config.BUDGET_SESSION_TOKENS },
        account: { usd: config.BUDGET_KEY_USD, tokens: config.BUDGET_KEY_TOKENS },
      },
    }),
  };
}

/** All models that turns may reach, once each. */
function capacityOf(routes: Routes, set: Record<string, ModelLimits>, windowMs: number): ModelCapacity[] {
  const models = new Map<string, ModelCapacity>();
  for (const alias of ALIASES) {
    for (const candidate of routes[alias]) {
      const address = addressOf(candidate);
      const { requests, tokens, concurrency } = limitsOf(candidate, set);
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
