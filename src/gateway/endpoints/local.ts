/** The embedded model (src/local-model): no key, no cost, slow to its first token, and it continues a text exactly. */
import { HOSTED, type Endpoint } from './endpoint';

export const LOCAL = 'local';

export function local({ baseUrl }: { baseUrl: string }): Endpoint {
  return {
    ...HOSTED,
    name: LOCAL,
    label: 'The local model',
    baseUrl,
    apiKey: undefined,
    keyVariable: '',
    keyRequired: false,
    headers: () => ({}),
    continues: () => 'prefill',
    probePath: '/models',
    // requests wait their turn on one core, and a long prompt is read at some hundred tokens a second
    firstTokenTimeoutMs: 20 * 60_000,
    idleTimeoutMs: 5 * 60_000,
    unreportedCostUsd: 0,
  };
}
