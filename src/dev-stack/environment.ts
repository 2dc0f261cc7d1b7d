/** Inputs of a start: the environment, `.env`, folders and ports. The real environment overrides `.env`. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { StartFailure } from '../../bootstrap/failure.cjs';
import { findCacheFolder } from '../../bootstrap/lock.cjs';
import { chooseGateway, findAdapter } from '../gateway/adapters';

export interface Environment {
  /** The repository. */
  root: string;
  /** `.env`, overridden by the real environment. */
  env: Record<string, string>;
  /** Folder of runs, logs and pids. */
  dataDir: string;
  /** Folder of pid files and chosen ports. */
  runDir: string;
  logDir: string;
  /** Folder shared by all clones: programs and models. */
  cacheDir: string;
  port: number;
  host: string;
  /** The API's address from this machine. */
  apiUrl: string;
  wantsLocalModel: boolean;
}

export function readEnvironment(root: string): Environment {
  const env = { ...readDotEnv(join(root, '.env')), ...selectDefined(process.env) };
  const dataDir = resolve(root, env.DATA_DIR || '.data');
  const port = readPort(env.PORT || '8000');
  const host = env.HOST || '127.0.0.1';
  return {
    root: resolve(root),
    env,
    dataDir,
    runDir: join(dataDir, 'run'),
    logDir: join(dataDir, 'log'),
    cacheDir: findCacheFolder(env),
    port,
    host,
    apiUrl: `http://${toReachableHost(host)}:${port}`,
    wantsLocalModel: wantsLocalModel(env),
  };
}

/** Whether a local model must be provided: no gateway is configured, or `local` is one of several. */
function wantsLocalModel(env: Record<string, string>): boolean {
  if (env.LOCAL_MODEL_URL) return false;
  if (env.GATEWAYS) return splitList(env.GATEWAYS).includes('local');
  return selectGateway(env) === undefined;
}

/** Returns the label of the gateway that the environment selects; undefined for the local model. */
export function selectGateway(env: Record<string, string>): string | undefined {
  const { label, selectedBy } = findAdapter(chooseGateway(env));
  return selectedBy === null ? undefined : label;
}

/** Returns the items of a comma-separated value. */
export function splitList(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}

/** Returns the authentication headers of requests to our own API, if it has keys. */
export function writeKeyHeaders(env: Record<string, string>): Record<string, string> {
  const key = splitList(env.API_KEYS)[0]?.split(':').slice(1).join(':');
  return key ? { authorization: `Bearer ${key}` } : {};
}

function readDotEnv(file: string): Record<string, string> {
  return existsSync(file) ? selectDefined(parseEnv(readFileSync(file, 'utf8'))) : {};
}

function selectDefined(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new StartFailure(
    `PORT=${text} is not a port number.`,
    'Set PORT to a number from 1 to 65535, such as PORT=8000.',
  );
}

function toReachableHost(host: string): string {
  if (['0.0.0.0', '::', 'localhost'].includes(host)) return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
