/** The part of the configuration that is about traffic: limits, prices, budgets and ways through the models. */
import { z } from 'zod';

const STRATEGIES = ['fallback', 'load-balance', 'fastest-first'] as const;

/** A value that is JSON, checked by a schema. */
function json<S extends z.ZodType>(schema: S) {
  return z
    .string()
    .transform((value, context): unknown => {
      try {
        return JSON.parse(value);
      } catch {
        context.addIssue({ code: 'custom', message: 'is not JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);
}

const positive = z.number().positive();
const limits = z
  .strictObject({
    requests_per_minute: positive.int().optional(),
    tokens_per_minute: positive.int().optional(),
    concurrency: positive.int().optional(),
    /** What a token of the prompt and one of the answer count for under `tokens_per_minute`. */
    input_weight: z.number().min(0).default(1),
    output_weight: z.number().min(0).default(1),
  })
  .refine((set) => set.requests_per_minute ?? set.tokens_per_minute ?? set.concurrency, {
    message: 'limits nothing: give requests_per_minute, tokens_per_minute or concurrency',
  });
export type LimitSettings = z.infer<typeof limits>;

/** Dollars for a million tokens, as price lists give them. */
const price = z.strictObject({ input: z.number().min(0).max(10_000), output: z.number().min(0).max(10_000) });

/** https://openrouter.ai/docs/features/provider-routing */
const providerPreferences = z.strictObject({
  order: z.array(z.string()).optional(),
  only: z.array(z.string()).optional(),
  ignore: z.array(z.string()).optional(),
  allow_fallbacks: z.boolean().optional(),
  require_parameters: z.boolean().optional(),
  data_collection: z.enum(['allow', 'deny']).optional(),
  zdr: z.boolean().optional(),
  quantizations: z.array(z.string()).optional(),
  sort: z.union([z.enum(['price', 'throughput', 'latency']), z.looseObject({})]).optional(),
  max_price: z.looseObject({}).optional(),
  preferred_min_throughput: z.union([z.number(), z.looseObject({})]).optional(),
  preferred_max_latency: z.union([z.number(), z.looseObject({})]).optional(),
});

const strategy = z.enum(STRATEGIES).default('fallback');
const dollars = z.coerce.number().positive().optional();
const tokens = z.coerce.number().int().positive().optional();
const seconds = z.coerce.number().positive().max(86_400);

export const trafficVariables = {
  ROUTING_STRATEGIC: strategy,
  ROUTING_CODING: strategy,
  ROUTING_DEBATE_1: strategy,
  ROUTING_DEBATE_2: strategy,
  ROUTING_FAST: strategy,
  LIMITS: json(z.record(z.string(), limits)).default({}),
  LIMIT_WINDOW_SECONDS: seconds.default(60),
  PRICES: json(z.record(z.string(), price)).default({}),
  BUDGET_RUN_USD: dollars,
  BUDGET_RUN_TOKENS: tokens,
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
  OPENROUTER_PROVIDER: json(providerPreferences).optional(),
  OPENROUTER_FALLBACK: z.enum(['on', 'off']).default('on'),
  PORTKEY_CUSTOM_HOST: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).optional(),
};

export type Strategy = (typeof STRATEGIES)[number];

/** Models as they stand in a list: each may carry its share of the calls, `model*3`. */
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
