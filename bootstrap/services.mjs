// @ts-check
// The processes of one start: with what arguments each runs, which addresses they share, and how to tell that each is
// ready.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { StartFailure } from './failure.mjs';
import { createReadiness } from './health.mjs';
import { choosePorts, isListening } from './ports.mjs';
import { REDIS_PORT, answersPing, isRedisToShare, redisServerArgs } from './redis.mjs';
import {
  TEMPORAL_PORT,
  TEMPORAL_SERVER_ENV,
  TEMPORAL_UI_PORT,
  isTemporalServing,
  temporalServerArgs,
} from './temporal.mjs';

const LOCAL_MODEL_PORT = 8009;

/** The order in which children are stopped: who calls before who is called. */
export const STOP_ORDER = ['api', 'worker', 'local-model', 'temporal', 'redis'];

/**
 * @typedef {object} Addresses
 * @property {string} redisUrl
 * @property {string} temporalAddress
 * @property {string} temporalUiUrl empty when nobody told us
 * @property {string} localModelUrl empty when there is none
 */

/**
 * @typedef {object} Service
 * @property {import('./supervise.mjs').ChildSpec} spec
 * @property {() => Promise<boolean>} isReady
 */

/**
 * Which Redis is somebody else's, if any.
 * @param {import('./environment.mjs').Environment} place
 */
export async function findForeignRedis(place) {
  if (place.env.REDIS_URL) return place.env.REDIS_URL;
  return (await isRedisToShare()) ? `redis://127.0.0.1:${REDIS_PORT}` : undefined;
}

/**
 * Says at once when an address that was configured does not answer; children would only retry for ever.
 * @param {string} name
 * @param {string} address host:port or a URL
 * @param {number} defaultPort
 */
export async function requireAnswer(name, address, defaultPort) {
  const { hostname, port } = parseAddress(name, address);
  if (await isListening(Number(port) || defaultPort, hostname.replace(/^\[|\]$/g, ''), 5000)) return;
  throw new StartFailure(
    `Nothing answers at ${hostname}:${port || defaultPort} (${name}).`,
    `Start it there, or unset ${name} and one is started here.`,
  );
}

/** @param {string} name @param {string} address */
function parseAddress(name, address) {
  try {
    return new URL(address.includes('://') ? address : `tcp://${address}`);
  } catch {
    throw new StartFailure(`${name}=${address} is not an address.`, `Set ${name} to host:port or a URL.`);
  }
}

/**
 * @param {import('./environment.mjs').Environment} place
 * @param {import('./prepare.mjs').Parts} parts
 * @param {string | undefined} foreignRedis
 */
export async function planServices(place, parts, foreignRedis) {
  const ports = await choosePorts(place.runDir, {
    ...(parts.redis && { redis: REDIS_PORT }),
    ...(parts.temporal && { temporal: TEMPORAL_PORT, temporalUi: TEMPORAL_UI_PORT }),
    ...(parts.models && { localModel: LOCAL_MODEL_PORT }),
  });
  const addresses = addressesOf(place.env, ports, foreignRedis);
  const servers = [
    ...(parts.redis && ports.redis ? [redisService(place, parts.redis, ports.redis)] : []),
    ...(parts.temporal && ports.temporal
      ? [temporalService(place, parts.temporal, ports.temporal, ports.temporalUi)]
      : []),
    ...(parts.models && ports.localModel ? [localModelService(place, parts.models, ports.localModel)] : []),
  ];
  return { addresses, servers, ours: ourServices(place, addresses) };
}

/**
 * What was configured wins over what we start.
 * @param {Record<string, string>} env
 * @param {Record<string, number>} ports of what we start
 * @param {string | undefined} foreignRedis
 * @returns {Addresses}
 */
function addressesOf(env, ports, foreignRedis) {
  const started = (/** @type {number | undefined} */ port, path = '') =>
    port ? `http://127.0.0.1:${port}${path}` : '';
  return {
    redisUrl: foreignRedis ?? `redis://127.0.0.1:${ports.redis}`,
    temporalAddress: env.TEMPORAL_ADDRESS || `127.0.0.1:${ports.temporal}`,
    temporalUiUrl: env.TEMPORAL_UI_URL || started(ports.temporalUi),
    localModelUrl: env.LOCAL_MODEL_URL || started(ports.localModel, '/v1'),
  };
}

/**
 * @param {import('./environment.mjs').Environment} place
 * @param {string} program
 * @param {number} port
 * @returns {Service}
 */
function redisService(place, program, port) {
  const dir = join(place.dataDir, 'redis');
  mkdirSync(dir, { recursive: true });
  const args = redisServerArgs({ port, dir });
  return {
    spec: { name: 'redis', command: program, args, env: place.env, cwd: place.root, graceMs: 10_000 },
    isReady: () => answersPing(port),
  };
}

/**
 * @param {import('./environment.mjs').Environment} place
 * @param {string} program
 * @param {number} port
 * @param {number | undefined} uiPort
 * @returns {Service}
 */
function temporalService(place, program, port, uiPort) {
  const args = temporalServerArgs({ port, ...(uiPort && { uiPort }), dbFile: join(place.dataDir, 'temporal.db') });
  const env = { ...place.env, ...TEMPORAL_SERVER_ENV };
  return {
    spec: { name: 'temporal', command: program, args, env, cwd: place.root, graceMs: 10_000 },
    isReady: () => isTemporalServing(port),
  };
}

/**
 * @param {import('./environment.mjs').Environment} place
 * @param {{id: string, path: string}[]} models
 * @param {number} port
 * @returns {Service}
 */
function localModelService(place, models, port) {
  const args = [
    'dist/local-model/main.js',
    '--port',
    String(port),
    ...(place.env.LOCAL_MODEL_SLOTS ? ['--slots', place.env.LOCAL_MODEL_SLOTS] : []),
    ...models.flatMap(({ id, path }) => ['--model', `${id}=${path}`]),
  ];
  return {
    spec: { name: 'local-model', command: process.execPath, args, env: place.env, cwd: place.root, graceMs: 3000 },
    isReady: async () => (await fetch(`http://127.0.0.1:${port}/v1/models`, { signal: AbortSignal.timeout(2000) })).ok,
  };
}

/**
 * The two processes of this project's own.
 * @param {import('./environment.mjs').Environment} place
 * @param {Addresses} addresses
 * @returns {Service[]}
 */
function ourServices(place, addresses) {
  const env = {
    ...place.env,
    REDIS_URL: addresses.redisUrl,
    TEMPORAL_ADDRESS: addresses.temporalAddress,
    ...(addresses.temporalUiUrl && { TEMPORAL_UI_URL: addresses.temporalUiUrl }),
    ...(addresses.localModelUrl && { LOCAL_MODEL_URL: addresses.localModelUrl }),
    DATA_DIR: place.dataDir,
    PORT: String(place.port),
    HOST: place.host,
  };
  // The API knows how the worker is, so it answers for both.
  const isReady = createReadiness(place.apiUrl);
  const common = { command: process.execPath, env, cwd: place.root };
  return [
    // Long enough for activities that stream to note where they are.
    { spec: { ...common, name: 'worker', args: ['dist/worker.js'], graceMs: 10_000 }, isReady },
    { spec: { ...common, name: 'api', args: ['dist/api/main.js'], graceMs: 5000 }, isReady },
  ];
}
