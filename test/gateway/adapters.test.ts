/** The headers that each kind of gateway receives. */
import { connectCompatible } from '../../src/gateway/adapters/compatible';
import type { Endpoint } from '../../src/gateway/adapters/endpoint';
import { connectLocal } from '../../src/gateway/adapters/local';
import { connectOpenRouter } from '../../src/gateway/adapters/openrouter';
import { connectPortkey, type PortkeyOptions } from '../../src/gateway/adapters/portkey';
import { hear, SCOPE } from '../support/endpoints';
import { CASE_TEXT, cases, createScriptedGateway, type ScriptedGateway } from '../support/scripted-gateway';

let gateway: ScriptedGateway;

beforeAll(async () => {
  gateway = await createScriptedGateway();
});
afterEach(() => gateway.reset());
afterAll(() => gateway.stop());

/** Calls the gateway and returns the headers that it received. */
async function headersAt(endpoint: Endpoint, scope = SCOPE): Promise<Record<string, unknown>> {
  gateway.script('m', cases.normalStream);
  expect(await hear(endpoint, { scope })).toMatchObject({ text: CASE_TEXT });
  return { ...gateway.calls('m').at(-1)?.headers };
}

function portkeyWith(more: Partial<PortkeyOptions> = {}): Endpoint {
  const none = { config: undefined, virtualKey: undefined, provider: undefined, providerKey: undefined };
  return connectPortkey({ apiKey: 'pk-1', baseUrl: gateway.url, ...none, ...more });
}

describe('OpenRouter', () => {
  it('receives the key and the name of the application', async () => {
    const headers = await headersAt(connectOpenRouter({ apiKey: 'or-1', baseUrl: gateway.url }));
    expect(headers).toMatchObject({ authorization: 'Bearer or-1', 'http-referer': expect.stringMatching(/^https:/) });
    expect(headers['x-title']).toBe('Murmuration');
  });
});

describe('the body', () => {
  async function bodyAt(endpoint: Endpoint, alternatives: string[] = []): Promise<unknown> {
    gateway.script('m', cases.normalStream);
    await hear(endpoint, { alternatives });
    return gateway.calls('m').at(-1)?.body;
  }
  const router = (more: object = {}) => connectOpenRouter({ apiKey: 'or-1', baseUrl: gateway.url, ...more });

  it('tells OpenRouter which models may answer instead, and which providers to use', async () => {
    const provider = { sort: 'throughput', data_collection: 'deny' };
    const body = await bodyAt(router({ fallback: true, provider }), ['n', 'o']);
    expect(body).toMatchObject({ model: 'm', models: ['m', 'n', 'o'], provider });
  });

  it('leaves the fallback to us if OpenRouter has it switched off, or if there is only one model', async () => {
    expect(await bodyAt(router(), ['n'])).not.toHaveProperty('models');
    expect(await bodyAt(router({ fallback: true }))).not.toHaveProperty('models');
  });

  it.each([
    ['https://api.openai.com/v1', 'max_completion_tokens'],
    ['https://vllm.example/v1', 'max_tokens'],
  ])('at %s says %s', (baseUrl, field) => {
    expect(connectCompatible({ baseUrl, apiKey: undefined }).tokenLimitField).toBe(field);
  });

  it('uses max_completion_tokens for OpenAI behind Portkey, and max_tokens for a custom host', () => {
    expect(portkeyWith({ provider: 'openai' }).tokenLimitField).toBe('max_completion_tokens');
    expect(portkeyWith({ provider: 'openai', customHost: 'http://x/v1' }).tokenLimitField).toBe('max_tokens');
  });
});

describe('Portkey', () => {
  it('receives its key in a separate header, and no Authorization', async () => {
    const headers = await headersAt(portkeyWith());
    expect(headers['x-portkey-api-key']).toBe('pk-1');
    expect(headers).not.toHaveProperty('authorization');
  });

  it('receives the key of the provider as Authorization if one is given', async () => {
    const headers = await headersAt(portkeyWith({ provider: 'openai', providerKey: 'sk-provider' }));
    expect(headers).toMatchObject({ authorization: 'Bearer sk-provider', 'x-portkey-provider': 'openai' });
  });

  it('receives only those headers for which there is a value', async () => {
    const plain = Object.keys(await headersAt(portkeyWith())).filter((name) => name.startsWith('x-portkey'));
    expect(plain.sort()).toEqual(['x-portkey-api-key', 'x-portkey-metadata', 'x-portkey-trace-id']);
    const full = await headersAt(portkeyWith({ config: 'pc-1', virtualKey: 'vk-1' }));
    expect(full).toMatchObject({ 'x-portkey-config': 'pc-1', 'x-portkey-virtual-key': 'vk-1' });
  });

  it('receives the run as trace id and its place in the swarm as metadata', async () => {
    const headers = await headersAt(portkeyWith());
    expect(headers['x-portkey-trace-id']).toBe('run-1');
    expect(JSON.parse(String(headers['x-portkey-metadata']))).toEqual({
      run_id: 'run-1',
      session_id: 'session-1',
      swarm: 'debate-swarm',
      turn: 'summary',
    });
  });

  it('receives names in any script, although headers are limited to Latin-1', async () => {
    const headers = await headersAt(portkeyWith(), { ...SCOPE, team_id: 'скворцы', turn: 'héros 🐦' });
    expect(JSON.parse(String(headers['x-portkey-metadata']))).toMatchObject({ swarm: 'скворцы', turn: 'héros 🐦' });
  });

  it('keeps its other secrets: keys in a config too, but no placeholders', () => {
    const config = JSON.stringify({
      targets: [{ provider: 'openai', api_key: 'sk-of-a-target' }, { api_key: 'none' }],
    });
    const endpoint = portkeyWith({ config, virtualKey: 'virtual-1', providerKey: 'provider-1' });
    expect(endpoint.secrets).toEqual(['virtual-1', 'provider-1', 'sk-of-a-target']);
    expect(portkeyWith({ config: 'pc-config-id' }).secrets).toEqual([]);
  });

  it('needs a key', async () => {
    const { error } = await hear(portkeyWith({ apiKey: undefined }));
    expect(error).toMatchObject({ code: 'GATEWAY_KEY_MISSING', message: expect.stringContaining('PORTKEY_API_KEY') });
    expect(gateway.requests).toHaveLength(0);
  });
});

describe('any other gateway', () => {
  it('receives the key as Authorization', async () => {
    const headers = await headersAt(connectCompatible({ apiKey: 'gw-1', baseUrl: gateway.url }));
    expect(headers.authorization).toBe('Bearer gw-1');
  });

  it('may have a base URL that ends with a slash', async () => {
    await headersAt(connectCompatible({ apiKey: undefined, baseUrl: `${gateway.url}/` }));
    expect(gateway.calls('m')[0]?.path).toBe('/v1/chat/completions');
  });

  it.each(['openrouter', 'portkey'])('receives nothing that is meant for %s', async (name) => {
    const headers = await headersAt(connectCompatible({ apiKey: 'gw-1', baseUrl: gateway.url }));
    expect(Object.keys(headers).filter((header) => header.includes(name) || header === 'http-referer')).toEqual([]);
  });
});

describe('the environment of the process', () => {
  const foreign = {
    OPENAI_API_KEY: 'sk-foreign',
    OPENAI_ORG_ID: 'org-1',
    OPENAI_PROJECT_ID: 'proj-1',
    OPENAI_ADMIN_KEY: 'sk-admin',
  };
  const before = { ...process.env };

  beforeEach(() => Object.assign(process.env, foreign));
  afterEach(() => {
    process.env = { ...before };
  });

  it.each<[string, () => Endpoint]>([
    ['OpenRouter', () => connectOpenRouter({ apiKey: 'or-1', baseUrl: gateway.url })],
    ['Portkey', () => portkeyWith()],
    ['a gateway without a key', () => connectCompatible({ apiKey: undefined, baseUrl: gateway.url })],
    ['the local model', () => connectLocal({ baseUrl: gateway.url })],
  ])('is not sent to %s', async (_, endpoint) => {
    const sent = JSON.stringify(await headersAt(endpoint()));
    for (const secret of Object.values(foreign)) expect(sent).not.toContain(secret);
  });
});

describe('the local model', () => {
  it('costs nothing, continues a text, and has long timeouts because it is slow', () => {
    const [here, there] = [
      connectLocal({ baseUrl: gateway.url }),
      connectOpenRouter({ apiKey: 'or-1', baseUrl: gateway.url }),
    ];
    expect(here).toMatchObject({ keyRequired: false, unreportedCostUsd: 0 });
    expect(there).toMatchObject({ keyRequired: true, unreportedCostUsd: null });
    expect([here.continues('m'), there.continues('m')]).toEqual(['prefill', 'instruct']);
    expect(here.firstTokenTimeoutMs).toBeGreaterThan(there.firstTokenTimeoutMs);
  });
});
