/**
 * Portkey, hosted or the open-source gateway (https://portkey.ai/docs/api-reference/inference-api/headers): the key has its own header,
 * the run appears in Portkey's log as metadata, and the trace id is the run id.
 */
import { httpUrl, textSetting } from '../../config/setting-types';
import { defineAdapter } from './adapter';
import { HOSTED, type Endpoint } from './endpoint';

export const portkey = defineAdapter({
  name: 'portkey',
  label: 'Portkey',
  description:
    "Portkey: its key alone, or with a config, a virtual key, or a provider (also one of your own, at a custom host) and that provider's key.",
  variables: {
    PORTKEY_API_KEY: textSetting.meta({ example: 'key' }),
    PORTKEY_BASE_URL: httpUrl.default('https://api.portkey.ai/v1'),
    PORTKEY_CONFIG: textSetting.meta({ example: 'pc-...' }),
    PORTKEY_VIRTUAL_KEY: textSetting.meta({ example: 'virtual key' }),
    PORTKEY_PROVIDER: textSetting.meta({ example: 'openai' }),
    PORTKEY_PROVIDER_KEY: textSetting.meta({ example: 'key' }),
    PORTKEY_CUSTOM_HOST: httpUrl.optional().meta({ example: 'http://vllm.internal:8000/v1' }),
  },
  selectedBy: 'PORTKEY_API_KEY',
  required: [],
  create: (settings) =>
    connectPortkey({
      apiKey: settings.PORTKEY_API_KEY,
      baseUrl: settings.PORTKEY_BASE_URL,
      config: settings.PORTKEY_CONFIG,
      virtualKey: settings.PORTKEY_VIRTUAL_KEY,
      provider: settings.PORTKEY_PROVIDER,
      providerKey: settings.PORTKEY_PROVIDER_KEY,
      customHost: settings.PORTKEY_CUSTOM_HOST,
    }),
});

export interface PortkeyOptions {
  apiKey: string | undefined;
  baseUrl: string;
  config: string | undefined;
  virtualKey: string | undefined;
  provider: string | undefined;
  /** Base URL of the provider, if it differs from the provider's default. */
  customHost?: string | undefined;
  /** Key of the provider behind Portkey, if neither a config nor a virtual key contains it. */
  providerKey: string | undefined;
}

export function connectPortkey(options: PortkeyOptions): Endpoint {
  const { apiKey, baseUrl, config, virtualKey, provider, providerKey, customHost } = options;
  return {
    ...HOSTED,
    name: portkey.name,
    label: portkey.label,
    baseUrl,
    urlVariable: 'PORTKEY_BASE_URL',
    apiKey,
    keyVariable: 'PORTKEY_API_KEY',
    secrets: [virtualKey ?? [], providerKey ?? [], keysIn(config)].flat(),
    // OpenAI's own newest models reject `max_tokens`; servers that only imitate OpenAI may know nothing else
    tokenLimitField: provider === 'openai' && !customHost ? 'max_completion_tokens' : 'max_tokens',
    // Portkey hides a crash of the upstream behind a clean end, so `ends` stays `declared`
    // the open-source gateway reads a stream to its end even after we disconnect
    stopsOnAbort: false,
    readReply: (headers) => ({
      ...HOSTED.readReply(headers),
      option: headers.get('x-portkey-last-used-option-index') ?? undefined,
    }),
    headers: ({ run_id, session_id, team_id, turn }) => ({
      Authorization: providerKey ? `Bearer ${providerKey}` : null,
      'x-portkey-api-key': apiKey ?? null,
      'x-portkey-config': config ?? null,
      'x-portkey-virtual-key': virtualKey ?? null,
      'x-portkey-provider': provider ?? null,
      'x-portkey-custom-host': customHost ?? null,
      'x-portkey-trace-id': run_id,
      'x-portkey-metadata': toAscii(JSON.stringify({ run_id, session_id, swarm: team_id, turn })),
    }),
  };
}

/** Shorter values are placeholders. Characters. */
const SHORTEST_KEY = 8;

/** Returns the keys in a JSON config (`api_key`, `virtual_key`, `aws_secret_access_key`, ...), at any depth. */
function keysIn(config: string | undefined): string[] {
  const keys: string[] = [];
  const collect = (name: string, value: unknown): unknown => {
    if (/key|token|secret/i.test(name) && typeof value === 'string' && value.length >= SHORTEST_KEY) keys.push(value);
    return value;
  };
  try {
    JSON.parse(config ?? '{}', collect);
  } catch {
    // not JSON: the id of a config stored at Portkey
  }
  return keys;
}

/** Escapes JSON for a header, which cannot contain characters beyond Latin-1: a user-defined swarm may have any name. */
function toAscii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
