/** Configuration: what holds by default, what may be set, and that a bad value stops the start and names its variable. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError, loadConfig, type Config } from '../src/config';

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

/** The sentence with which a configuration is refused. */
function refusalOf(env: NodeJS.ProcessEnv, envFile = NO_FILE): string {
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
      CORS_ORIGINS: ['*'],
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

  it('no alias has a list of its own', () => {
    expect(Object.values(load().models)).toEqual(Array(5).fill(undefined));
  });

  it.each(['GATEWAY_URL', 'TEMPORAL_API_KEY', 'PORTKEY_API_KEY', 'OPENROUTER_API_KEY', 'SWARMS_FILE'])(
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
    ['MEMORY_WINDOW_TOKENS', '0'],
    ['MEMORY_TTL_SECONDS', 'a month'],
    ['SYNC_WAIT_SECONDS', '0'],
    ['WORKER_TURNS', '1.5'],
  ])('of %s, such as "%s", stops the start and names it', (name, value) => {
    expect(refusalOf({ [name]: value })).toMatch(new RegExp(`^${name}\\b.*: `));
  });

  it('is named on a line of its own when there are several', () => {
    const lines = refusalOf({ PORT: 'x', LOG_LEVEL: 'loud', WORKER_TURNS: '0' }).split('\n');
    expect(lines.map((line) => line.split(':')[0])).toEqual(['PORT', 'LOG_LEVEL', 'WORKER_TURNS']);
  });

  it('of API_KEYS is not repeated: it may be a secret', () => {
    expect(refusalOf({ API_KEYS: 'my-secret-key' })).not.toContain('my-secret-key');
  });
});

describe('values', () => {
  it('are read as what they are', () => {
    const config = load({ PORT: '0', WORKER_TURNS: '7', CORS_ORIGINS: ' https://a.test , ,https://b.test' });
    expect(config).toMatchObject({ PORT: 0, WORKER_TURNS: 7, CORS_ORIGINS: ['https://a.test', 'https://b.test'] });
  });

  it('of keys lose the white space around them', () => {
    expect(load({ OPENROUTER_API_KEY: ' or-1\n' }).OPENROUTER_API_KEY).toBe('or-1');
  });

  it('that nobody knows are ignored', () => {
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

  it('may be several, in the order in which GATEWAYS names them', () => {
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

  it.each(['0.0.0.0', '::', '10.0.0.5', 'api.example.com'])('%s is refused without API_KEYS', (HOST) => {
    expect(refusalOf({ HOST })).toMatch(/^HOST: .*API_KEYS/);
    expect(refusalOf({ HOST, API_KEYS: ' , ' })).toMatch(/API_KEYS/);
    expect(load({ HOST, ...keys })).toMatchObject({ HOST, API_KEYS: ['ann:0123456789'] });
  });
});

describe('.env', () => {
  it('is read, comments and quotes as usual', () => {
    const file = fileWith('# models\nMODEL_FAST="one, two" # in order\nexport PORT=9000\n');
    expect(load({}, file)).toMatchObject({ PORT: 9000, models: { fast: ['one', 'two'] } });
  });

  it('gives way to the environment', () => {
    const file = fileWith('PORT=9000\nHOST=localhost\n');
    expect(load({ PORT: '9001' }, file)).toMatchObject({ PORT: 9001, HOST: 'localhost' });
  });

  it('is refused like the environment when a value in it is bad', () => {
    expect(refusalOf({}, fileWith('PORT=x\n'))).toMatch(/^PORT: /);
  });
});

describe('a value that would surprise later is refused at the start', () => {
  const loading = (env: NodeJS.ProcessEnv) => () => load(env);

  test.each([
    ['an empty list of models', { MODEL_FAST: ',' }, /^MODEL_FAST: /],
    ['a gateway without its URL', { GATEWAYS: 'gateway' }, /GATEWAY_URL/],
    ['an address that is not http', { GATEWAY_URL: 'ftp://x/v1' }, /^GATEWAY_URL: /],
    ['a certificate without its key', { TEMPORAL_TLS_CERT: '/x.pem' }, /TEMPORAL_TLS_KEY/],
  ])('%s', (_what, env, sentence) => expect(loading(env)).toThrow(sentence));

  test('while a gateway that is named twice counts once', () => {
    expect(load({ GATEWAYS: 'portkey,portkey' }).gateways).toEqual(['portkey']);
  });
});

describe('traffic', () => {
  it('has no limits, prices or budgets by default, and goes through models in order', () => {
    const { LIMITS, PRICES, BUDGET_RUN_USD, BUDGET_KEY_PERIOD, routing } = load();
    expect([LIMITS, PRICES, BUDGET_RUN_USD, BUDGET_KEY_PERIOD]).toEqual([{}, {}, undefined, 'month']);
    expect(routing.fast).toEqual({ strategy: 'fallback', weights: {} });
  });

  it('takes weights from the lists of models', () => {
    const { models, routing } = load({ MODEL_FAST: 'a*3, b*0.5,c:free', ROUTING_FAST: 'load-balance' });
    expect(models.fast).toEqual(['a', 'b', 'c:free']);
    expect(routing.fast).toEqual({ strategy: 'load-balance', weights: { a: 3, b: 0.5, 'c:free': 1 } });
  });

  it('counts tokens of prompt and answer alike unless told otherwise', () => {
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
  ])('%s=%s stops the start, and the sentence names the variable', (name, value) => {
    expect(refusalOf({ [name]: value })).toMatch(new RegExp(`^${name}`));
  });
});
