/** Any other OpenAI-compatible base URL: vLLM, Ollama, llama.cpp, LiteLLM, api.openai.com. */
import { HOSTED, type Endpoint } from './endpoint';

export function compatible({ apiKey, baseUrl }: { apiKey: string | undefined; baseUrl: string }): Endpoint {
  return {
    ...HOSTED,
    name: 'gateway',
    label: 'The gateway at GATEWAY_URL',
    baseUrl,
    apiKey,
    keyVariable: 'GATEWAY_API_KEY',
    keyRequired: false,
    // its newest models refuse `max_tokens`, which is what every other server knows
    tokenLimitField: new URL(baseUrl).hostname === 'api.openai.com' ? 'max_completion_tokens' : 'max_tokens',
    headers: () => ({}),
  };
}
