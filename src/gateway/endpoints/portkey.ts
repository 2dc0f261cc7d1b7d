/**
 * Portkey, hosted or the open-source gateway (https://portkey.ai/docs/api-reference/inference-api/headers): the key travels in a
 * header of its own, the run shows in Portkey's log as metadata, and the trace id is the run id.
 */
import { HOSTED, type Endpoint } from './endpoint';

export interface PortkeyOptions {
  apiKey: string | undefined;
  baseUrl: string;
  config: string | undefined;
  virtualKey: string | undefined;
  provider: string | undefined;
  /** Base URL of the provider, where it is not the provider's own. */
  customHost?: string | undefined;
  /** Key of the provider behind Portkey, where neither a config nor a virtual key holds it. */
  providerKey: string | undefined;
}

export function portkey(options: PortkeyOptions): Endpoint {
  const { apiKey, baseUrl, config, virtualKey, provider, providerKey, customHost } = options;
  return {
    ...HOSTED,
    name: 'portkey',
    label: 'Portkey',
    baseUrl,
    apiKey,
    keyVariable: 'PORTKEY_API_KEY',
    secrets: [virtualKey ?? [], providerKey ?? [], keysIn(config)].flat(),
    // OpenAI's own newest models refuse `max_tokens`; servers that only speak like OpenAI may know nothing else
    tokenLimitField: provider === 'openai' && !customHost ? 'max_completion_tokens' : 'max_tokens',
    // the open-source gateway reads a stream to its end although we have left
    stopsOnAbort: false,
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

/** A shorter value is a placeholder. Characters. */
const SHORTEST_KEY = 8;

/** The keys in a config that is JSON (`api_key`, `virtual_key`, `aws_secret_access_key`, ...), wherever they stand. */
function keysIn(config: string | undefined): string[] {
  const keys: string[] = [];
  const collect = (name: string, value: unknown): unknown => {
    if (/key|token|secret/i.test(name) && typeof value === 'string' && value.length >= SHORTEST_KEY) keys.push(value);
    return value;
  };
  try {
    JSON.parse(config ?? '{}', collect);
  } catch {
    // the id of a config that Portkey holds
  }
  return keys;
}

/** JSON for a header, which holds no letters beyond Latin-1: a swarm of the user's own may have any name. */
function toAscii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
