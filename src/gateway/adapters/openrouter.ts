/**
 * OpenRouter (https://openrouter.ai/docs/api-reference/overview): app attribution in headers, cost in the usage chunk, cost of broken
 * streams at `/generation`, and a built-in fallback over `models` without a round trip.
 */
import { z } from 'zod';
import { httpUrl, jsonSetting, textSetting } from '../../config/setting-types';
import { defineAdapter } from './adapter';
import { HOSTED, type Endpoint } from './endpoint';

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

export const openrouter = defineAdapter({
  name: 'openrouter',
  label: 'OpenRouter',
  description:
    'OpenRouter; which providers it may choose (JSON, see its "provider routing"), and whether it falls back to the next model by itself.',
  variables: {
    OPENROUTER_API_KEY: textSetting.meta({ example: 'key' }),
    OPENROUTER_BASE_URL: httpUrl.default('https://openrouter.ai/api/v1'),
    OPENROUTER_PROVIDER: jsonSetting(providerPreferences)
      .optional()
      .meta({ example: '{"sort":"throughput","data_collection":"deny"}' }),
    OPENROUTER_FALLBACK: z.enum(['on', 'off']).default('on'),
  },
  selectedBy: 'OPENROUTER_API_KEY',
  required: [],
  create: (settings) =>
    connectOpenRouter({
      apiKey: settings.OPENROUTER_API_KEY,
      baseUrl: settings.OPENROUTER_BASE_URL,
      provider: settings.OPENROUTER_PROVIDER,
      fallback: settings.OPENROUTER_FALLBACK === 'on',
    }),
});

/** `GET /key`; `limit_remaining` is null for a key without its own limit. */
const keyReport = z.object({ data: z.object({ limit_remaining: z.number().nullish() }) });

async function findKeyProblem(body: () => Promise<unknown>): Promise<string | undefined> {
  const left = keyReport.safeParse(await body()).data?.data.limit_remaining;
  return typeof left === 'number' && left <= 0 ? 'The key in OPENROUTER_API_KEY has no credit left.' : undefined;
}

export interface OpenRouterOptions {
  apiKey: string | undefined;
  baseUrl: string;
  /** Preferences among providers (https://openrouter.ai/docs/features/provider-routing). */
  provider?: object | undefined;
  /** Whether OpenRouter may fall back to the turn's next models by itself. */
  fallback?: boolean;
}

export function connectOpenRouter({ apiKey, baseUrl, provider, fallback = false }: OpenRouterOptions): Endpoint {
  return {
    ...HOSTED,
    name: openrouter.name,
    label: openrouter.label,
    baseUrl,
    urlVariable: 'OPENROUTER_BASE_URL',
    apiKey,
    keyVariable: 'OPENROUTER_API_KEY',
    headers: () => ({ 'HTTP-Referer': 'https://github.com/murmuration', 'X-Title': 'Murmuration' }),
    fallsBack: fallback,
    extras: (model, alternatives) => ({
      ...(fallback && alternatives.length > 0 ? { models: [model, ...alternatives] } : {}),
      ...(provider ? { provider } : {}),
    }),
    probePath: '/key',
    findKeyProblem,
    generationPath: '/generation',
  };
}
