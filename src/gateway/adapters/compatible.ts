/** Any other OpenAI-compatible base URL: vLLM, Ollama, llama.cpp, LiteLLM, api.openai.com. */
import { httpUrl, textSetting } from '../../config/setting-types';
import { defineAdapter } from './adapter';
import { HOSTED, type Endpoint } from './endpoint';

export const compatible = defineAdapter({
  name: 'gateway',
  label: 'The gateway at GATEWAY_URL',
  description: 'Base URL of any OpenAI-compatible gateway, and its key.',
  variables: {
    GATEWAY_URL: httpUrl.optional().meta({ example: 'https://gateway.example/v1' }),
    GATEWAY_API_KEY: textSetting.meta({ example: 'key' }),
  },
  selectedBy: 'GATEWAY_URL',
  required: ['GATEWAY_URL'],
  create: ({ GATEWAY_URL = '', GATEWAY_API_KEY }) =>
    connectCompatible({ baseUrl: GATEWAY_URL, apiKey: GATEWAY_API_KEY }),
});

export function connectCompatible({ apiKey, baseUrl }: { apiKey: string | undefined; baseUrl: string }): Endpoint {
  return {
    ...HOSTED,
    name: compatible.name,
    label: compatible.label,
    baseUrl,
    urlVariable: 'GATEWAY_URL',
    apiKey,
    keyVariable: 'GATEWAY_API_KEY',
    keyRequired: false,
    // its newest models reject `max_tokens`, the name that every other server knows
    tokenLimitField: new URL(baseUrl).hostname === 'api.openai.com' ? 'max_completion_tokens' : 'max_tokens',
    headers: () => ({}),
    // various server implementations, some of which send no finish reason or a non-standard one
    ends: 'clean',
  };
}
