/** Configuration of model traffic: limits, prices, budgets and routing. */
import { z } from 'zod';
import { jsonSetting } from './setting-types';

const STRATEGIES = ['fallback', 'load-balance', 'fastest-first'] as const;

const positive = z.number().positive();
const limits = z
  .strictObject({
    requests_per_minute: positive.int().optional(),
    tokens_per_minute: positive.int().optional(),
    concurrency: positive.int().optional(),
    /** Weights of a prompt token and an answer token under `tokens_per_minute`. */
    input_weight: z.number().min(0).default(1),
    output_weight: z.number().min(0).default(1),
  })
  .refine((set) => set.requests_per_minute ?? set.tokens_per_minute ?? set.concurrency, {
    message: 'limits nothing: give requests_per_minute, tokens_per_minute or concurrency',
  });

/** Dollars per million tokens, as in price lists. */
const price = z.strictObject({ input: z.number().min(0).max(10_000), output: z.number().min(0).max(10_000) });

const strategy = z.enum(STRATEGIES).default('fallback');
const dollars = z.coerce.number().positive().optional();
const tokens = z.coerce.number().int().positive().optional();
/** Above the maximum of the built-in swarms with default settings (77 calls), and low enough to stop a runaway run. */
const RUN_CALLS = 120;
/** Ten calls with the longest message, or 120 calls with 166,000 tokens each. */
const RUN_TOKENS = 20_000_000;
const seconds = z.coerce.number().positive().max(86_400);

export const trafficVariables = {
  ROUTING_STRATEGIC: strategy,
  ROUTING_CODING: strategy,
  ROUTING_DEBATE_1: strategy,
  ROUTING_DEBATE_2: strategy,
  ROUTING_FAST: strategy,
  LIMITS: jsonSetting(z.record(z.string(), limits)).default({}),
  LIMIT_WINDOW_SECONDS: seconds.default(60),
  RATE_LIMIT_WAIT_SECONDS: seconds.default(90),
  PRICES: jsonSetting(z.record(z.string(), price)).default({}),
  BUDGET_RUN_USD: dollars,
  BUDGET_RUN_TOKENS: z.coerce.number().int().positive().default(RUN_TOKENS),
  BUDGET_RUN_CALLS: z.coerce.number().int().positive().default(RUN_CALLS),
  BUDGET_SESSION_USD: dollars,
  BUDGET_SESSION_TOKENS: tokens,
  BUDGET_KEY_USD: dollars,
  BUDGET_KEY_TOKENS: tokens,
  BUDGET_KEY_PERIOD: z.enum(['total', 'month', 'day']).default('month'),
  BUDGET_MODEL: z.string().trim().min(1).optional(),
  CACHE_TTL_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .default(24 * 3600),
  FIRST_TOKEN_TIMEOUT_SECONDS: seconds.optional(),
  IDLE_TIMEOUT_SECONDS: seconds.optional(),
};

/**
 * `fallback`: in configured order. `load-balance`: random, by weight. `fastest-first`: by measured time to first token, models without a
 * recent measurement first.
 */
export type RoutingStrategy = (typeof STRATEGIES)[number];

/** Models as written in a list: each may have a weight, `model*3`. */
export const weightedModels = z.array(z.string()).transform((entries, context) =>
  entries.map((entry) => {
    const [, model = '', weight] = /^([^*]*)(?:\*(.*))?$/.exec(entry) ?? [];
    const share = weight === undefined ? 1 : Number(weight || NaN);
    if (model.trim() === '' || /\s/.test(model.trim()))
      context.addIssue({ code: 'custom', message: `"${entry}" is not a model` });
    if (!(share > 0 && share < Infinity))
      context.addIssue({ code: 'custom', message: `"${entry}": the weight after * must be a number above 0` });
    return { model: model.trim(), weight: share };
  }),
);
