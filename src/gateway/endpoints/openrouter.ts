/**
 * OpenRouter (https://openrouter.ai/docs/api-reference/overview): app attribution in headers, cost in the usage chunk, the cost of
 * broken streams at `/generation`, and fallback of its own over `models`, which costs no round trip.
 */
import { HOSTED, type Endpoint } from './endpoint';

export interface OpenRouterOptions {
  apiKey: string | undefined;
  baseUrl: string;
  /** Preferences among providers (https://openrouter.ai/docs/features/provider-routing). */
  provider?: object | undefined;
  /** Whether OpenRouter may go on to the turn's next models by itself. */
  fallback?: boolean;
}

export function openrouter({ apiKey, baseUrl, provider, fallback = false }: OpenRouterOptions): Endpoint {
  return {
    ...HOSTED,
    name: 'openrouter',
    label: 'OpenRouter',
    baseUrl,
    apiKey,
    keyVariable: 'OPENROUTER_API_KEY',
    headers: () => ({ 'HTTP-Referer': 'https://github.com/murmuration', 'X-Title': 'Murmuration' }),
    fallsBack: fallback,
    extras: (model, alternatives) => ({
      ...(fallback && alternatives.length > 0 ? { models: [model, ...alternatives] } : {}),
      ...(provider ? { provider } : {}),
    }),
    probePath: '/key',
    generationPath: '/generation',
  };
}
