/** Configuration from the environment, read only here. An invalid value names its variable and prevents the start. */
import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { parseAuthority } from '../access/authority';
import { callerLimitVariables, storageVariables } from './caller-limits';
import { CONTINUATIONS, type Continuation } from '../contract/continuation';
import { ALIASES, DEFAULT_TASK_QUEUE, type Alias } from '../contract/names';
import { chooseGateway, findAdapter, GATEWAY_NAMES, gatewayVariables, type GatewayName } from '../gateway/adapters';
import { KEEP_ALIVE_SECONDS } from '../keep-alive';
import { ISOLATION_MODES } from '../sandbox/host/isolation';
import { httpUrl, textSetting } from './setting-types';
import { trafficVariables, weightedModels, type RoutingStrategy } from './traffic';

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

/** Valid as part of a Temporal worker version's name and as a file name. */
const versionPart = z
  .string()
  .regex(/^(?!__)[\w-]{1,200}$/, 'holds up to 200 letters, digits, - and _, and does not begin with __');

/** `model=how` pairs; a trailing `*` matches any suffix; the first match applies. */
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
  ROLE: z.enum(['api', 'worker', 'all']).default('api'),
  PORT: whole(8000, 0, 65535),
  PORT_MCP: whole(0, 0, 65535),
  HOST: z.string().default('127.0.0.1'),
  ALLOWED_HOSTS: list
    .pipe(
      z.array(
        z.string().refine((host) => parseAuthority(host) !== undefined, {
          error: 'holds host names or addresses, each with a port or without, such as murmuration.example:8443',
        }),
      ),
    )
    .default([]),
  CORS_ORIGINS: list
    .pipe(
      z.array(
        z
          .string()
          .regex(
            /^(?:\*|null|[a-z][a-z\d+.-]*:\/\/[^\s/?#@]+)$/i,
            'holds origins such as https://app.example (scheme, host, port, and nothing after), or * for all',
          ),
      ),
    )
    .optional(),
  API_KEYS: list
    .pipe(z.array(z.string().regex(/^[\w.-]+:\S{8,}$/, 'holds name:key pairs, each key at least 8 characters long')))
    .default([]),
  DATA_DIR: z.string().default('.data'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must begin with redis:// or rediss://')
    .default('redis://127.0.0.1:6379'),
  REDIS_TLS_CERT: textSetting,
  REDIS_TLS_KEY: textSetting,
  REDIS_TLS_CA: textSetting,
  TEMPORAL_ADDRESS: z.string().default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_API_KEY: textSetting,
  TEMPORAL_PROXY: textSetting,
  TEMPORAL_TLS_CERT: textSetting,
  TEMPORAL_TLS_KEY: textSetting,
  TEMPORAL_TLS_CA: textSetting,
  TEMPORAL_UI_URL: httpUrl.optional(),
  TASK_QUEUE: z.string().min(1).default(DEFAULT_TASK_QUEUE),
  GATEWAYS: list.pipe(z.array(z.enum(GATEWAY_NAMES)).transform((names) => [...new Set(names)])).optional(),
  GATEWAY_TLS_CERT: textSetting,
  GATEWAY_TLS_KEY: textSetting,
  GATEWAY_TLS_CA: textSetting,
  HTTP_PROXY: textSetting,
  HTTPS_PROXY: textSetting,
  NO_PROXY: textSetting,
  ...gatewayVariables,
  MODEL_STRATEGIC: models,
  MODEL_CODING: models,
  MODEL_DEBATE_1: models,
  MODEL_DEBATE_2: models,
  MODEL_FAST: models,
  CONTINUATION: continuations.default([]),
  ...trafficVariables,
  ...callerLimitVariables,
  ...storageVariables,
  SWARMS_FILE: textSetting,
  MEMORY_WINDOW_TOKENS: whole(3000),
  MEMORY_TTL_SECONDS: whole(30 * 24 * 3600),
  EVENTS_COMPACT_SECONDS: whole(600, 0),
  EVENTS_TTL_SECONDS: z.coerce.number().int().min(60).optional(),
  SYNC_WAIT_SECONDS: whole(900),
  KEEP_ALIVE_SECONDS: whole(KEEP_ALIVE_SECONDS, 1, 3600),
  RETENTION_DAYS: whole(30, 1, 3650),
  RETENTION_MODE: z.enum(['check', 'set']).default('check'),
  MCP_WAIT_SECONDS: whole(50),
  EXPRESS_LANE: z.enum(['on', 'off']).default('off'),
  WORKER_TURNS: whole(200),
  WORKER_NAME: textSetting,
  WORKER_DEPLOYMENT_NAME: versionPart.optional(),
  WORKER_BUILD_ID: versionPart.optional(),
  WORKER_PROMOTION: z.enum(['auto', 'manual']).default('auto'),
  WORKER_GRACE_SECONDS: whole(2, 0),
  SANDBOX_ISOLATION: z.enum(ISOLATION_MODES).default('auto'),
  WORKER_METRICS_PORT: whole(0, 0, 65535),
});

/** Names of all variables. */
export const VARIABLES = Object.keys(environment.shape);

const DAY_SECONDS = 24 * 3600;

const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];

/** The whole configuration, parsed. Field names are those of the variables; see docs/operate/configuration.md. */
export type Config = z.infer<typeof environment> & {
  /** Defaults to Temporal's retention of runs. */
  EVENTS_TTL_SECONDS: number;
  gateways: GatewayName[];
  models: Record<Alias, string[] | undefined>;
  /** Each alias's routing strategy and the weights of its models. */
  routing: Record<Alias, { strategy: RoutingStrategy; weights: Record<string, number> }>;
};

/** Thrown for an invalid value; its message names the variable. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** Reads the configuration from the environment and from `.env` in the working folder; the environment takes precedence. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env, envFile = '.env'): Config {
  const fromFile = existsSync(envFile) ? parseEnv(readFileSync(envFile, 'utf8')) : {};
  // an empty value means "not set": compose files and shells pass empty values
  const isSet = ([, value]: [string, string | undefined]) => value !== undefined && value.trim() !== '';
  const setIn = (variables: NodeJS.Dict<string>) =>
    nameProxies(Object.fromEntries(Object.entries(variables).filter(isSet)));
  const given = { ...setIn(fromFile), ...setIn(env) };
  const parsed = environment.safeParse(given);
  if (!parsed.success) throw new ConfigError(describe(parsed.error));
  const values = parsed.data;
  const gateways = values.GATEWAYS ?? [chooseGateway(values)];
  refuseContradictions(values, gateways);
  return {
    ...values,
    EVENTS_TTL_SECONDS: values.EVENTS_TTL_SECONDS ?? values.RETENTION_DAYS * DAY_SECONDS,
    gateways,
    models: byAlias((alias) => values[`MODEL_${alias}`]?.map(({ model }) => model)),
    routing: byAlias((alias) => ({
      strategy: values[`ROUTING_${alias}`],
      weights: Object.fromEntries((values[`MODEL_${alias}`] ?? []).map(({ model, weight }) => [model, weight])),
    })),
  };
}

const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

/** Accepts lower-case names of the proxy variables, which take precedence, as with curl. */
function nameProxies(variables: NodeJS.Dict<string>): NodeJS.Dict<string> {
  const small = PROXY_VARIABLES.flatMap((name) => {
    const value = variables[name.toLowerCase()];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...variables, ...Object.fromEntries(small) };
}

/** `read` receives the alias in upper case, as variable names spell it. */
function byAlias<T>(read: (alias: Uppercase<Alias>) => T): Record<Alias, T> {
  const entries = ALIASES.map((alias) => [alias, read(alias.toUpperCase() as Uppercase<Alias>)] as const);
  return Object.fromEntries(entries) as Record<Alias, T>;
}

/** Rejects values that are valid individually but not together. */
function refuseContradictions(values: z.infer<typeof environment>, gateways: GatewayName[]): void {
  if (!LOOPBACK.includes(values.HOST) && values.API_KEYS.length === 0) {
    throw new ConfigError(
      `HOST: ${values.HOST} can be reached from outside, so API_KEYS must be set (name:key, comma-separated).`,
    );
  }
  refuseMissingSettings(values, gateways);
  refuseHalfCertificates(values);
}

function refuseMissingSettings(values: Readonly<Record<string, unknown>>, gateways: GatewayName[]): void {
  for (const name of gateways.flatMap((gateway): readonly string[] => findAdapter(gateway).required))
    if (!values[name]) throw new ConfigError(`${name}: must be set, GATEWAYS names it.`);
}

function refuseHalfCertificates(values: z.infer<typeof environment>): void {
  for (const name of ['TEMPORAL_TLS', 'REDIS_TLS', 'GATEWAY_TLS'] as const) {
    if (Boolean(values[`${name}_CERT`]) !== Boolean(values[`${name}_KEY`]))
      throw new ConfigError(`${name}_CERT, ${name}_KEY: set both or neither.`);
  }
  if ((values.REDIS_TLS_CA ?? values.REDIS_TLS_CERT) && !values.REDIS_URL.startsWith('rediss://'))
    throw new ConfigError('REDIS_TLS_CA, REDIS_TLS_CERT: REDIS_URL must begin with rediss:// where they are set.');
}

function describe({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n');
}
