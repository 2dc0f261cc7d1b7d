/** The embedded model (src/local-model): no key, no cost, a slow first token, and exact continuation of a text. */
import { httpUrl } from '../../config/setting-types';
import { defineAdapter } from './adapter';
import { HOSTED, type Endpoint } from './endpoint';

/** The cautious voice uses the smaller model, so that a debate has two different models. */
const LARGE = 'qwen2.5-coder-1.5b-instruct';
const SMALL = 'qwen2.5-coder-0.5b-instruct';

export const local = defineAdapter({
  name: 'local',
  label: 'The local model',
  description: 'Where the embedded model is served; `npm start` and Docker Compose set it by themselves.',
  variables: { LOCAL_MODEL_URL: httpUrl.default('http://127.0.0.1:8009/v1') },
  selectedBy: null,
  required: [],
  create: ({ LOCAL_MODEL_URL }) => connectLocal({ baseUrl: LOCAL_MODEL_URL }),
});

export function connectLocal({ baseUrl }: { baseUrl: string }): Endpoint {
  return {
    ...HOSTED,
    isOurs: true,
    defaultModels: { strategic: [LARGE], coding: [LARGE], debate_1: [LARGE], debate_2: [SMALL, LARGE], fast: [LARGE] },
    name: local.name,
    label: local.label,
    baseUrl,
    urlVariable: 'LOCAL_MODEL_URL',
    apiKey: undefined,
    keyVariable: '',
    keyRequired: false,
    headers: () => ({}),
    continues: () => 'prefill',
    probePath: '/models',
    // requests are queued on one core, and a long prompt is processed at a few hundred tokens per second
    firstTokenTimeoutMs: 20 * 60_000,
    idleTimeoutMs: 5 * 60_000,
    unreportedCostUsd: 0,
  };
}
