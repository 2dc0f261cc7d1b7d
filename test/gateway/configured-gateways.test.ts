/** Gateways built from configuration, and the models that each alias tries in turn. */
import { loadConfig } from '../../src/config/config';
import { ALIASES, type Alias } from '../../src/contract/names';
import { createEndpoints } from '../../src/gateway/configured-gateways';
import { createRoutes } from '../../src/gateway/model-lists';

const NO_FILE = '/nonexistent/.env';

/** Returns what an alias tries, as `model@gateway`. */
function readWay(alias: Alias, env: NodeJS.ProcessEnv): string[] {
  const config = loadConfig(env, NO_FILE);
  return createRoutes(createEndpoints(config), config)[alias].map(({ endpoint, model }) => `${model}@${endpoint.name}`);
}
const listModels = (alias: Alias, env: NodeJS.ProcessEnv) => readWay(alias, env).map((step) => step.split('@')[0]);

const openrouter = { OPENROUTER_API_KEY: 'or-1' };
const two = { GATEWAYS: 'portkey,openrouter', PORTKEY_API_KEY: 'pk-1', ...openrouter };

describe('the gateways', () => {
  const listEndpoints = (env: NodeJS.ProcessEnv) => createEndpoints(loadConfig(env, NO_FILE));

  it('are in configured order', () => {
    expect(listEndpoints({ GATEWAYS: 'openrouter,local,portkey' }).map(({ name }) => name)).toEqual([
      'openrouter',
      'local',
      'portkey',
    ]);
  });

  it.each<[string, NodeJS.ProcessEnv, object]>([
    [
      'gateway',
      { GATEWAY_URL: 'http://gw.test/v1', GATEWAY_API_KEY: 'gw-1' },
      { baseUrl: 'http://gw.test/v1', apiKey: 'gw-1' },
    ],
    ['portkey', { PORTKEY_API_KEY: 'pk-1' }, { baseUrl: 'https://api.portkey.ai/v1', apiKey: 'pk-1' }],
    ['portkey', { PORTKEY_API_KEY: 'pk-1', PORTKEY_BASE_URL: 'http://pk.test/v1' }, { baseUrl: 'http://pk.test/v1' }],
    ['openrouter', openrouter, { baseUrl: 'https://openrouter.ai/api/v1', apiKey: 'or-1' }],
    ['openrouter', { ...openrouter, OPENROUTER_BASE_URL: 'http://or.test/v1' }, { baseUrl: 'http://or.test/v1' }],
    ['local', {}, { baseUrl: 'http://127.0.0.1:8009/v1', apiKey: undefined }],
    ['local', { LOCAL_MODEL_URL: 'http://lm.test/v1' }, { baseUrl: 'http://lm.test/v1' }],
  ])('%s gets its own address and key from %j', (name, env, expected) => {
    expect(listEndpoints(env)).toEqual([expect.objectContaining({ name, ...expected })]);
  });

  it('name variables that exist', () => {
    const config = loadConfig({ GATEWAYS: 'gateway,portkey,openrouter', GATEWAY_URL: 'http://gw.test/v1' }, NO_FILE);
    const variables = createEndpoints(config).map(({ keyVariable }) => keyVariable);
    expect(variables).toEqual(['GATEWAY_API_KEY', 'PORTKEY_API_KEY', 'OPENROUTER_API_KEY']);
  });

  it('pass all its settings to Portkey', () => {
    const portkey = {
      PORTKEY_CONFIG: 'pc-1',
      PORTKEY_VIRTUAL_KEY: 'vk-1',
      PORTKEY_PROVIDER: 'openai',
      PORTKEY_PROVIDER_KEY: 'sk-1',
    };
    const [endpoint] = listEndpoints({ PORTKEY_API_KEY: 'pk-1', ...portkey });
    expect(endpoint?.headers({ run_id: 'r', session_id: 's', team_id: 't', turn: 'a' })).toMatchObject({
      Authorization: 'Bearer sk-1',
      'x-portkey-config': 'pc-1',
      'x-portkey-virtual-key': 'vk-1',
      'x-portkey-provider': 'openai',
    });
  });
});

describe('a configured list', () => {
  it('is tried model by model, each at every gateway in order of preference', () => {
    const way = readWay('fast', { ...two, MODEL_FAST: 'one,two' });
    expect(way).toEqual(['one@portkey', 'one@openrouter', 'two@portkey', 'two@openrouter']);
  });

  it('applies to its own alias only', () => {
    const way = readWay('coding', { ...openrouter, MODEL_FAST: 'one' });
    expect(way).not.toContain('one@openrouter');
    expect(way.length).toBeGreaterThan(0);
  });

  it('also applies to the local model', () => {
    expect(readWay('fast', { MODEL_FAST: 'one,two' })).toEqual(['one@local', 'two@local']);
  });

  it('contains a model once, however often it is listed', () => {
    expect(readWay('fast', { ...openrouter, MODEL_FAST: 'one,two,one' })).toEqual(['one@openrouter', 'two@openrouter']);
  });

  it.each<[Alias, string]>([
    ['strategic', 'MODEL_STRATEGIC'],
    ['coding', 'MODEL_CODING'],
    ['debate_1', 'MODEL_DEBATE_1'],
    ['debate_2', 'MODEL_DEBATE_2'],
    ['fast', 'MODEL_FAST'],
  ])('for %s is %s', (alias, variable) => {
    expect(listModels(alias, { ...openrouter, [variable]: 'one' })).toEqual(['one']);
  });
});

describe('the default lists', () => {
  it.each<[Alias, string]>([
    ['strategic', 'anthropic/claude-3-opus'],
    ['coding', 'openai/gpt-4-turbo-preview'],
    ['debate_1', 'google/gemini-pro'],
    ['debate_2', 'meta-llama/llama-2-70b-chat'],
    ['fast', 'openai/gpt-3.5-turbo'],
  ])('of %s begins with %s, followed by its replacements', (alias, first) => {
    const models = listModels(alias, openrouter);
    expect(models[0]).toBe(first);
    expect(models.length).toBeGreaterThan(1);
  });

  it('give the voices of a debate different models, on the local model too', () => {
    for (const env of [openrouter, {}]) expect(listModels('debate_1', env)[0]).not.toBe(listModels('debate_2', env)[0]);
  });

  it('never send a hosted model to the local gateway, or the reverse', () => {
    for (const alias of ALIASES) {
      const way = readWay(alias, { ...openrouter, GATEWAYS: 'openrouter,local' });
      const hosted = listModels(alias, openrouter).map((model) => `${model}@openrouter`);
      const embedded = listModels(alias, {}).map((model) => `${model}@local`);
      expect(way).toEqual([...hosted, ...embedded]);
    }
  });

  it.each(['gateway', 'portkey', 'openrouter', 'local'])('leave no alias without a model at %s', (name) => {
    const env = { GATEWAYS: name, GATEWAY_URL: 'http://gw.test/v1' };
    for (const alias of ALIASES) expect(readWay(alias, env).length).toBeGreaterThan(0);
  });
});
