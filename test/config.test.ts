/** Configuration: defaults, settings, and that an invalid value prevents the start and names its variable. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError, loadConfig, type Config } from '../src/config/config';

let folder: string;
beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), 'murmuration-config-'))));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function fileWith(text: string): string {
  const file = path.join(folder, `file-${++files}`);
  writeFileSync(file, text);
  return file;
}

const NO_FILE = '/nonexistent/.env';
const load = (env: NodeJS.ProcessEnv = {}, envFile = NO_FILE): Config => loadConfig(env, envFile);

/** Returns the message with which a configuration is rejected. */
function readRefusal(env: NodeJS.ProcessEnv, envFile = NO_FILE): string {
  try {
    load(env, envFile);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error(`${JSON.stringify(env)} should have been refused.`);
}

describe('by default', () => {
  it('everything is on this machine, and nothing needs a key', () => {
    expect(load()).toMatchObject({
      PORT: 8000,
      HOST: '127.0.0.1',
      ALLOWED_HOSTS: [],
      API_KEYS: [],
      DATA_DIR: '.data',
      LOG_LEVEL: 'info',
      REDIS_URL: 'redis://127.0.0.1:6379',
      TEMPORAL_ADDRESS: '127.0.0.1:7233',
      TEMPORAL_NAMESPACE: 'default',
      TASK_QUEUE: 'murmuration',
      PORTKEY_BASE_URL: 'https://api.portkey.ai/v1',
      OPENROUTER_BASE_URL: 'https://openrouter.ai/api/v1',
      gateways: ['local'],
    });
  });

  it('no alias has its own list', () => {
    expect(Object.values(load().models)).toEqual(Array(5).fill(undefined));
  });

  it.each(['GATEWAY_URL', 'CORS_ORIGINS', 'TEMPORAL_API_KEY', 'PORTKEY_API_KEY', 'OPENROUTER_API_KEY', 'SWARMS_FILE'])(
    '%s is not set',
    (name) => {
      expect(load()[name as keyof Config]).toBeUndefined();
    },
  );
});

describe('an empty value', () => {
  it('is not set', () => {
    const names = [
      'PORT',
      'HOST',
      'GATEWAYS',
      'GATEWAY_URL',
      'OPENROUTER_API_KEY',
      'MODEL_FAST',
      'API_KEYS',
      'SWARMS_FILE',
      'REDIS_URL',
    ];
    expect(load(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(load());
  });
});

describe('a bad value', () => {
  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', 'http'],
    ['LOG_LEVEL', 'loud'],
    ['REDIS_URL', '127.0.0.1:6379'],
    ['REDIS_URL', 'http://127.0.0.1:6379'],
    ['TEMPORAL_UI_URL', 'not a url'],
    ['GATEWAY_URL', 'not a url'],
    ['PORTKEY_BASE_URL', 'api.portkey.ai/v1'],
    ['OPENROUTER_BASE_URL', '/v1'],
    ['LOCAL_MODEL_URL', '8009'],
    ['GATEWAYS', 'openrouter,anthropic'],
    ['GATEWAYS', ','],
    ['API_KEYS', 'nameless-key'],
    ['API_KEYS', 'ann:short'],
    ['API_KEYS', 'ann:long-enough,bob'],
    ['API_KEYS', 'a nn:long-enough'],
    ['ALLOWED_HOSTS', 'https://swarm.example'],
    ['ALLOWED_HOSTS', 'swarm.example/'],
    ['ALLOWED_HOSTS', '*'],
    ['CORS_ORIGINS', 'app.example'],
    ['CORS_ORIGINS', 'https://app.example/'],
    ['CORS_ORIGINS', 'https://me:secret@app.example'],
    ['MEMORY_WINDOW_TOKENS', '0'],
    ['MEMORY_TTL_SECONDS', 'a month'],
    ['SYNC_WAIT_SECONDS', '0'],
    ['WORKER_TURNS', '1.5'],
  ])('of %s, such as "%s", prevents the start and is reported by name', (name, value) => {
    expect(readRefusal({ [name]: value })).toMatch(new RegExp(`^${name}\\b.*: `));
  });

  it.each([
    'GATEWAY_URL',
    'PORTKEY_BASE_URL',
    'PORTKEY_CUSTOM_HOST',
    'OPENROUTER_BASE_URL',
    'LOCAL_MODEL_URL',
    'TEMPORAL_UI_URL',
  ])('of %s that contains a user name or password is rejected, and not repeated', (name) => {
    for (const user of ['sk-secret', 'me:sk-secret', ':sk-secret', 'me:', '', '%73k-secret']) {
      const refusal = readRefusal({ [name]: `https://${user}@gateway.example/v1` });
      expect(refusal).toMatch(new RegExp(`^${name}: must not hold a user name or a password`));
      expect(refusal).not.toMatch(/secret|gateway\.example/);
    }
    expect(load({ [name]: 'https://gateway.example/v1?at=a@b' })).toBeDefined();
  });

  it('is reported on a separate line if there are several', () => {
    const lines = readRefusal({ PORT: 'x', LOG_LEVEL: 'loud', WORKER_TURNS: '0' }).split('\n');
    expect(lines.map((line) => line.split(':')[0])).toEqual(['PORT', 'LOG_LEVEL', 'WORKER_TURNS']);
  });

  it('of API_KEYS is not repeated, because it may be a secret', () => {
    expect(readRefusal({ API_KEYS: 'my-secret-key' })).not.toContain('my-secret-key');
  });
});

describe('values', () => {
  it('of CORS_ORIGINS may be all, a page without an origin, and programs with custom schemes', () => {
    for (const origin of ['*', 'null', 'https://a.test:8443', 'http://[::1]:3000', 'tauri://localhost'])
      expect(load({ CORS_ORIGINS: origin }).CORS_ORIGINS).toEqual([origin]);
    expect(load({ ALLOWED_HOSTS: 'a.test, b.test:8443,[fd00::1]' }).ALLOWED_HOSTS).toHaveLength(3);
  });

  it('are parsed to their types', () => {
    const config = load({ PORT: '0', WORKER_TURNS: '7', CORS_ORIGINS: ' https://a.test , ,https://b.test' });
    expect(config).toMatchObject({ PORT: 0, WORKER_TURNS: 7, CORS_ORIGINS: ['https://a.test', 'https://b.test'] });
  });

  it('of keys are trimmed', () => {
    expect(load({ OPENROUTER_API_KEY: ' or-1\n' }).OPENROUTER_API_KEY).toBe('or-1');
  });

  it('with unknown names are ignored', () => {
    expect(load({ PATH: '/bin', SOME_THING: 'x' })).toEqual(load());
  });
});

describe('the gateway', () => {
  const [own, portkey, openrouter] = [
    { GATEWAY_URL: 'http://gw.test/v1' },
    { PORTKEY_API_KEY: 'pk-1' },
    { OPENROUTER_API_KEY: 'or-1' },
  ];

  it.each<[string, NodeJS.ProcessEnv]>([
    ['gateway', { ...openrouter, ...portkey, ...own }],
    ['portkey', { ...openrouter, ...portkey }],
    ['openrouter', openrouter],
    ['local', {}],
  ])('is %s, the first that is set, with %j', (name, env) => {
    expect(load(env).gateways).toEqual([name]);
  });

  it('may be several, in the order in GATEWAYS', () => {
    expect(load({ ...own, GATEWAYS: 'openrouter, portkey ,local' }).gateways).toEqual([
      'openrouter',
      'portkey',
      'local',
    ]);
  });
});

describe('MODEL_*', () => {
  it.each([
    ['MODEL_STRATEGIC', 'strategic'],
    ['MODEL_CODING', 'coding'],
    ['MODEL_DEBATE_1', 'debate_1'],
    ['MODEL_DEBATE_2', 'debate_2'],
    ['MODEL_FAST', 'fast'],
  ] as const)('%s is the list of %s, in order, and of no other alias', (name, alias) => {
    const { models } = load({ [name]: ' one/a:free, two ,' });
    expect(models[alias]).toEqual(['one/a:free', 'two']);
    expect(Object.values(models).filter(Boolean)).toHaveLength(1);
  });
});

describe('HOST', () => {
  const keys = { API_KEYS: 'ann:0123456789' };

  it.each(['127.0.0.1', 'localhost', '::1'])('%s is open without keys', (HOST) => {
    expect(load({ HOST }).HOST).toBe(HOST);
  });

  it.each(['0.0.0.0', '::', '10.0.0.5', 'api.example.com'])('%s is rejected without API_KEYS', (HOST) => {
    expect(readRefusal({ HOST })).toMatch(/^HOST: .*API_KEYS/);
    expect(readRefusal({ HOST, API_KEYS: ' , ' })).toMatch(/API_KEYS/);
    expect(load({ HOST, ...keys })).toMatchObject({ HOST, API_KEYS: ['ann:0123456789'] });
  });
});

describe('.env', () => {
  it('is read, with the usual comments and quotes', () => {
    const file = fileWith('# models\nMODEL_FAST="one, two" # in order\nexport PORT=9000\n');
    expect(load({}, file)).toMatchObject({ PORT: 9000, models: { fast: ['one', 'two'] } });
  });

  it('is overridden by the environment', () => {
    const file = fileWith('PORT=9000\nHOST=localhost\n');
    expect(load({ PORT: '9001' }, file)).toMatchObject({ PORT: 9001, HOST: 'localhost' });
  });

  it('is rejected like the environment if it contains an invalid value', () => {
    expect(readRefusal({}, fileWith('PORT=x\n'))).toMatch(/^PORT: /);
  });
});

describe('a value that would cause surprises later is rejected at the start', () => {
  const loading = (env: NodeJS.ProcessEnv) => () => load(env);

  test.each([
    ['an empty list of models', { MODEL_FAST: ',' }, /^MODEL_FAST: /],
    ['a gateway without its URL', { GATEWAYS: 'gateway' }, /GATEWAY_URL/],
    ['an address that is not http', { GATEWAY_URL: 'ftp://x/v1' }, /^GATEWAY_URL: /],
    ['a certificate without its key', { TEMPORAL_TLS_CERT: '/x.pem' }, /TEMPORAL_TLS_KEY/],
  ])('%s', (_what, env, sentence) => expect(loading(env)).toThrow(sentence));

  test('but a gateway that is named twice counts once', () => {
    expect(load({ GATEWAYS: 'portkey,portkey' }).gateways).toEqual(['portkey']);
  });
});

describe('traffic', () => {
  it('has no limits, prices or budgets by default, and tries models in order', () => {
    const { LIMITS, PRICES, BUDGET_RUN_USD, BUDGET_KEY_PERIOD, routing } = load();
    expect([LIMITS, PRICES, BUDGET_RUN_USD, BUDGET_KEY_PERIOD]).toEqual([{}, {}, undefined, 'month']);
    expect(routing.fast).toEqual({ strategy: 'fallback', weights: {} });
  });

  it('reads weights from the lists of models', () => {
    const { models, routing } = load({ MODEL_FAST: 'a*3, b*0.5,c:free', ROUTING_FAST: 'load-balance' });
    expect(models.fast).toEqual(['a', 'b', 'c:free']);
    expect(routing.fast).toEqual({ strategy: 'load-balance', weights: { a: 3, b: 0.5, 'c:free': 1 } });
  });

  it('weights tokens of prompt and answer equally by default', () => {
    const { LIMITS } = load({ LIMITS: '{"openrouter/*": {"tokens_per_minute": 100, "output_weight": 4}}' });
    expect(LIMITS['openrouter/*']).toEqual({ tokens_per_minute: 100, input_weight: 1, output_weight: 4 });
  });

  it.each([
    ['LIMITS', 'sixty'],
    ['LIMITS', '{"*": {}}'],
    ['LIMITS', '{"*": {"requests_per_minute": 0}}'],
    ['LIMITS', '{"*": {"requests_per_minutes": 60}}'],
    ['LIMITS', '[60]'],
    ['LIMIT_WINDOW_SECONDS', '0'],
    ['PRICES', '{"m": {"input": -1, "output": 2}}'],
    ['PRICES', '{"m": {"input": "cheap", "output": 2}}'],
    ['PRICES', '{"m": {"input": 1}}'],
    ['PRICES', '{"m": {"input": 1e9, "output": 2}}'],
    ['BUDGET_RUN_USD', '-1'],
    ['BUDGET_RUN_TOKENS', '1.5'],
    ['BUDGET_KEY_PERIOD', 'year'],
    ['ROUTING_FAST', 'random'],
    ['MODEL_FAST', 'a*zero'],
    ['MODEL_FAST', 'a*0'],
    ['MODEL_FAST', 'a*'],
    ['MODEL_FAST', '*2'],
    ['MODEL_FAST', 'a b'],
    ['OPENROUTER_PROVIDER', '{"sorted": "price"}'],
    ['OPENROUTER_PROVIDER', 'price'],
    ['FIRST_TOKEN_TIMEOUT_SECONDS', 'soon'],
    ['PORTKEY_CUSTOM_HOST', 'somewhere'],
  ])('%s=%s prevents the start, and the message names the variable', (name, value) => {
    expect(readRefusal({ [name]: value })).toMatch(new RegExp(`^${name}`));
  });
});
