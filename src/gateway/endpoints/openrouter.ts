/** OpenRouter (https://openrouter.ai/docs/api-reference/overview): app attribution in headers, cost in the usage chunk. */
import { HOSTED, type Endpoint } from './endpoint';

export function openrouter({ apiKey, baseUrl }: { apiKey: string | undefined; baseUrl: string }): Endpoint {
  return {
    ...HOSTED,
    name: 'openrouter',
    label: 'OpenRouter',
    baseUrl,
    apiKey,
    keyVariable: 'OPENROUTER_API_KEY',
    headers: () => ({ 'HTTP-Referer': 'https://github.com/murmuration', 'X-Title': 'Murmuration' }),
    probePath: '/key',
  };
}
