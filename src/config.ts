/** Configuration from the environment. Read here and nowhere else; a bad value names its variable and stops the start. */
import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { CONTINUATIONS, type Continuation } from './contract/continuation';
import { ALIASES, DEFAULT_TASK_QUEUE, type Alias } from './contract/names';
import { trafficVariables, weightedModels, type Strategy } from './traffic-config';

const GATEWAYS = ['gateway', 'portkey', 'openrouter', 'local'] as const;
export type GatewayName = (typeof GATEWAYS)[number];

const text = z.string().trim().min(1).optional();
const url = z.url({ protocol: /^https?$/, error: 'must be an http or https address' });
const list = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean),
  )
  .pipe(z.array(z.string()).min(1, 'names nothing'));
const models = list.pipe(weightedModels).optional();
const whole = (fallback: number, min = 1, max = Number.MAX_SAFE_INTEGER) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

/** `model=how` pairs, a trailing `*` standing for any end; the first that fits holds. */
const continuations = list
  .pipe(
    z.array(
      z
        .string()
        .regex(
          new RegExp(`^\\S+=(${CONTINUATIONS.join('|')})$`),
          `holds model=how pairs, how being one of ${CONTINUATIONS.join(', ')}`,
        ),
    ),
  )
  .transform((pairs) =>
    pairs.map((pair) => {
      const at = pair.lastIndexOf('=');
      return { models: pair.slice(0, at), how: pair.slice(at + 1) as Continuation };
    }),
  );

const environment = z.object({
  PORT: whole(8000, 0, 65535),
  PORT_MCP: whole(0, 0, 65535),
  HOST: z.string().default('127.0.0.1'),
  CORS_ORIGINS: list.default(['*']),
  API_KEYS: list
    .pipe(z.array(z.string().regex(/^[\w.-]+:\S{8,}$/, 'holds name:key pairs, each key at least 8 characters long')))
    .default([]),
  DATA_DIR: z.string().default('.data'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must begin with redis:// or rediss://')
    .default('redis://127.0.0.1:6379'),
  TEMPORAL_ADDRESS: z.string().default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_API_KEY: text,
  TEMPORAL_TLS_CERT: text,
  TEMPORAL_TLS_KEY: text,
  TEMPORAL_TLS_CA: text,
  TEMPORAL_UI_URL: url.optional(),
  TASK_QUEUE: z.string().min(1).default(DEFAULT_TASK_QUEUE),
  GATEWAYS: list.pipe(z.array(z.enum(GATEWAYS)).transform((names) => [...new Set(names)])).optional(),
  GATEWAY_URL: url.optional(),
  GATEWAY_API_KEY: text,
  PORTKEY_API_KEY: text,
  PORTKEY_BASE_URL: url.default('https://api.portkey.ai/v1'),
  PORTKEY_CONFIG: text,
  PORTKEY_VIRTUAL_KEY: text,
  PORTKEY_PROVIDER: text,
  PORTKEY_PROVIDER_KEY: text,
  OPENROUTER_API_KEY: text,
  OPENROUTER_BASE_URL: url.default('https://openrouter.ai/api/v1'),
  LOCAL_MODEL_URL: url.default('http://127.0.0.1:8009/v1'),
  MODEL_STRATEGIC: models,
  MODEL_CODING: models,
  MODEL_DEBATE_1: models,
  MODEL_DEBATE_2: models,
  MODEL_FAST: models,
  CONTINUATION: continuations.default([]),
  ...trafficVariables,
  SWARMS_FILE: text,
  MEMORY_WINDOW_TOKENS: whole(3000),
  MEMORY_TTL_SECONDS: whole(30 * 24 * 3600),
  EVENTS_COMPACT_SECONDS: whole(600, 0),
  EVENTS_TTL_SECONDS: whole(24 * 3600, 60),
  SYNC_WAIT_SECONDS: whole(900),
  WORKER_TURNS: whole(200),
  WORKER_NAME: text,
  WORKER_GRACE_SECONDS: whole(2, 0),
  WORKER_METRICS_PORT: whole(0, 0, 65535),
});

/** Names of all that may be set. */
export const VARIABLES = Object.keys(environment.shape);

const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];

/** The whole configuration, parsed. Field names follow the variables of README.md. */
export type Config = z.infer<typeof environment> & {
  gateways: GatewayName[];
  models: Record<Alias, string[] | undefined>;
  /** How each alias goes through its models, and their shares. */
  routing: Record<Alias, { strategy: Strategy; weights: Record<string, number> }>;
};

/** Thrown for a bad value; its message names the variable. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** Reads the configuration from the environment and from `.env` in the working folder; the environment wins. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env, envFile = '.env'): Config {
  const fromFile = existsSync(envFile) ? parseEnv(readFileSync(envFile, 'utf8')) : {};
  // an empty value means "not set": compose files and shells pass such
  const isSet = ([, value]: [string, string | undefined]) => value !== undefined && value.trim() !== '';
  const setIn = (variables: NodeJS.Dict<string>) => Object.fromEntries(Object.entries(variables).filter(isSet));
  const given = { ...setIn(fromFile), ...setIn(env) };
  const parsed = environment.safeParse(given);
  if (!parsed.success) throw new ConfigError(describe(parsed.error));
  const values = parsed.data;
  const gateways = values.GATEWAYS ?? [firstThatIsSet(values)];
  refuseContradictions(values, gateways);
  return {
    ...values,
    gateways,
    models: byAlias((alias) => values[`MODEL_${alias}`]?.map(({ model }) => model)),
    routing: byAlias((alias) => ({
      strategy: values[`ROUTING_${alias}`],
      weights: Object.fromEntries((values[`MODEL_${alias}`] ?? []).map(({ model, weight }) => [model, weight])),
    })),
  };
}

/** `read` gets the alias as variables spell it. */
function byAlias<T>(read: (alias: Uppercase<Alias>) => T): Record<Alias, T> {
  const entries = ALIASES.map((alias) => [alias, read(alias.toUpperCase() as Uppercase<Alias>)] as const);
  return Object.fromEntries(entries) as Record<Alias, T>;
}

/** Values that are right by themselves and wrong together. */
function refuseContradictions(values: z.infer<typeof environment>, gateways: GatewayName[]): void {
  if (!LOOPBACK.includes(values.HOST) && values.API_KEYS.length === 0) {
    throw new ConfigError(
      `HOST: ${values.HOST} can be reached from outside, so API_KEYS must be set (name:key, comma-separated).`,
    );
  }
  if (gateways.includes('gateway') && !values.GATEWAY_URL)
    throw new ConfigError('GATEWAY_URL: must be set, GATEWAYS names it.');
  if (Boolean(values.TEMPORAL_TLS_CERT) !== Boolean(values.TEMPORAL_TLS_KEY)) {
    throw new ConfigError('TEMPORAL_TLS_CERT, TEMPORAL_TLS_KEY: one is of no use without the other.');
  }
}

function describe({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n');
}

function firstThatIsSet(values: z.infer<typeof environment>): GatewayName {
  if (values.GATEWAY_URL) return 'gateway';
  if (values.PORTKEY_API_KEY) return 'portkey';
  if (values.OPENROUTER_API_KEY) return 'openrouter';
  return 'local';
}
