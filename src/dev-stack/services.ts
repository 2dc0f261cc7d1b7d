/**
 * The processes of one start: the arguments of each, the addresses they share, and how to detect that each is ready.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { StartFailure } from '../../bootstrap/failure.cjs';
import type { Environment } from './environment';
import { createReadiness } from './health';
import type { LocalModel } from './models';
import { choosePorts, isListening } from './ports';
import type { Parts } from './prepare';
import { REDIS_PORT, answersPing, isRedisToShare, redisServerArgs } from './redis-server';
import type { ChildSpec } from './supervise';
import {
  TEMPORAL_PORT,
  TEMPORAL_SERVER_ENV,
  TEMPORAL_UI_PORT,
  isTemporalServing,
  temporalServerArgs,
} from './temporal-server';

const LOCAL_MODEL_PORT = 8009;

/** The order in which children are stopped: clients before the servers that they call. */
export const STOP_ORDER = ['api', 'worker', 'local-model', 'temporal', 'redis'];

export interface Addresses {
  redisUrl: string;
  temporalAddress: string;
  /** Empty if unknown. */
  temporalUiUrl: string;
  /** Empty if there is none. */
  localModelUrl: string;
}

export interface Service {
  spec: ChildSpec;
  isReady: () => Promise<boolean>;
}

export interface ServicePlan {
  addresses: Addresses;
  /** Third-party servers started for the processes of this project. */
  servers: Service[];
  /** The processes of this project. */
  ours: Service[];
}

/** Returns the address of an existing Redis that we did not start, if any. */
export async function findForeignRedis({ env }: Environment): Promise<string | undefined> {
  if (env.REDIS_URL) return env.REDIS_URL;
  return (await isRedisToShare()) ? `redis://127.0.0.1:${REDIS_PORT}` : undefined;
}

/** Fails immediately if a configured address does not answer; children would only retry forever. */
export async function requireAnswer(name: string, address: string, defaultPort: number): Promise<void> {
  const { hostname, port } = parseAddress(name, address);
  if (await isListening(Number(port) || defaultPort, hostname.replace(/^\[|\]$/g, ''), 5000)) return;
  throw new StartFailure(
    `Nothing answers at ${hostname}:${port || defaultPort} (${name}).`,
    `Start it there, or unset ${name} and one is started here.`,
  );
}

function parseAddress(name: string, address: string): URL {
  try {
    return new URL(address.includes('://') ? address : `tcp://${address}`);
  } catch {
    throw new StartFailure(`${name}=${address} is not an address.`, `Set ${name} to host:port or a URL.`);
  }
}

export async function planServices(
  environment: Environment,
  parts: Parts,
  foreignRedis: string | undefined,
): Promise<ServicePlan> {
  const ports = await choosePorts(environment.runDir, {
    ...(parts.redis && { redis: REDIS_PORT }),
    ...(parts.temporal && { temporal: TEMPORAL_PORT, temporalUi: TEMPORAL_UI_PORT }),
    ...(parts.models && { localModel: LOCAL_MODEL_PORT }),
  });
  const addresses = chooseAddresses(environment.env, ports, foreignRedis);
  const servers = [
    ...(parts.redis && ports.redis ? [planRedis(environment, parts.redis, ports.redis)] : []),
    ...(parts.temporal && ports.temporal
      ? [planTemporal(environment, parts.temporal, ports.temporal, ports.temporalUi)]
      : []),
    ...(parts.models && ports.localModel ? [planLocalModel(environment, parts.models, ports.localModel)] : []),
  ];
  return { addresses, servers, ours: planOurs(environment, addresses) };
}

/** Configured addresses take precedence over those that we start; `ports` are the ports of the latter. */
function chooseAddresses(
  env: Record<string, string>,
  ports: Record<string, number>,
  foreignRedis: string | undefined,
): Addresses {
  const write = (port: number | undefined, path = '') => (port ? `http://127.0.0.1:${port}${path}` : '');
  return {
    redisUrl: foreignRedis ?? `redis://127.0.0.1:${ports.redis}`,
    temporalAddress: env.TEMPORAL_ADDRESS || `127.0.0.1:${ports.temporal}`,
    temporalUiUrl: env.TEMPORAL_UI_URL || write(ports.temporalUi),
    localModelUrl: env.LOCAL_MODEL_URL || write(ports.localModel, '/v1'),
  };
}

function planRedis({ dataDir, env, root }: Environment, program: string, port: number): Service {
  const dir = join(dataDir, 'redis');
  mkdirSync(dir, { recursive: true });
  const args = redisServerArgs({ port, dir });
  return {
    spec: { name: 'redis', command: program, args, env, cwd: root, graceMs: 10_000 },
    isReady: () => answersPing(port),
  };
}

function planTemporal(environment: Environment, program: string, port: number, uiPort: number | undefined): Service {
  const { dataDir, root } = environment;
  const args = temporalServerArgs({ port, ...(uiPort && { uiPort }), dbFile: join(dataDir, 'temporal.db') });
  const env = { ...environment.env, ...TEMPORAL_SERVER_ENV };
  return {
    spec: { name: 'temporal', command: program, args, env, cwd: root, graceMs: 10_000 },
    isReady: () => isTemporalServing(port),
  };
}

function planLocalModel({ env, root }: Environment, models: LocalModel[], port: number): Service {
  const args = [
    'dist/local-model/main.js',
    ...['--port', String(port)],
    ...(env.LOCAL_MODEL_SLOTS ? ['--slots', env.LOCAL_MODEL_SLOTS] : []),
    ...models.flatMap(({ id, path }) => ['--model', `${id}=${path}`]),
  ];
  return {
    spec: { name: 'local-model', command: process.execPath, args, env, cwd: root, graceMs: 3000 },
    isReady: async () => (await fetch(`http://127.0.0.1:${port}/v1/models`, { signal: AbortSignal.timeout(2000) })).ok,
  };
}

function planOurs(environment: Environment, addresses: Addresses): Service[] {
  const { dataDir, host, port, root } = environment;
  const env = {
    ...environment.env,
    REDIS_URL: addresses.redisUrl,
    TEMPORAL_ADDRESS: addresses.temporalAddress,
    // the server is ours, so the API sets its retention
    ...(!environment.env.TEMPORAL_ADDRESS && { RETENTION_MODE: environment.env.RETENTION_MODE || 'set' }),
    ...(addresses.temporalUiUrl && { TEMPORAL_UI_URL: addresses.temporalUiUrl }),
    ...(addresses.localModelUrl && { LOCAL_MODEL_URL: addresses.localModelUrl }),
    DATA_DIR: dataDir,
    PORT: String(port),
    HOST: host,
  };
  // The API reports the worker's health, so it answers for both.
  const isReady = createReadiness(environment);
  const common = { command: process.execPath, env, cwd: root };
  if (environment.env.ROLE === 'all')
    return [{ spec: { ...common, name: 'api', args: ['dist/api-and-worker.js'], graceMs: 10_000 }, isReady }];
  return [
    // Long enough for streaming activities to record their progress.
    { spec: { ...common, name: 'worker', args: ['dist/worker.js'], graceMs: 10_000 }, isReady },
    { spec: { ...common, name: 'api', args: ['dist/api/main.js'], graceMs: 5000 }, isReady },
  ];
}
