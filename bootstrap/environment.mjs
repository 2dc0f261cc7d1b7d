// @ts-check
// Reads what a start depends on: the environment, `.env`, folders and ports. The real environment wins over `.env`.

import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as util from 'node:util';
import { StartFailure } from './failure.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const GATEWAY_KEYS = ['GATEWAY_URL', 'PORTKEY_API_KEY', 'OPENROUTER_API_KEY'];

/**
 * @typedef {object} Environment
 * @property {string} root the repository
 * @property {Record<string, string>} env `.env` beneath the real environment
 * @property {string} dataDir where runs, logs and pids live
 * @property {string} runDir pid files and chosen ports
 * @property {string} logDir
 * @property {string} cacheDir what is worth sharing between clones: binaries and models
 * @property {number} port
 * @property {string} host
 * @property {string} apiUrl where this machine reaches the API
 * @property {boolean} wantsLocalModel
 */

/** Stops on a Node that lacks what the rest of these files needs. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (process.platform === 'win32') {
    throw new StartFailure('Windows itself is not supported.', 'Run the same command inside WSL.');
  }
  if (major > 20 || (major === 20 && minor >= 12)) return;
  throw new StartFailure(
    `Node ${process.versions.node} is too old.`,
    'Install Node 20.12 or newer (https://nodejs.org).',
  );
}

/**
 * @param {string} [root]
 * @returns {Environment}
 */
export function readEnvironment(root = ROOT) {
  const env = { ...readDotEnv(join(root, '.env')), ...definedOnly(process.env) };
  const dataDir = resolve(root, env.DATA_DIR || '.data');
  const port = readPort(env.PORT || '8000');
  const host = env.HOST || '127.0.0.1';
  return {
    root: resolve(root),
    env,
    dataDir,
    runDir: join(dataDir, 'run'),
    logDir: join(dataDir, 'log'),
    cacheDir: join(cacheHome(env), 'murmuration'),
    port,
    host,
    apiUrl: `http://${reachableHost(host)}:${port}`,
    wantsLocalModel: wantsLocalModel(env),
  };
}

/**
 * Whether a local model must be provided: no gateway is named, or `local` is one of several.
 * @param {Record<string, string>} env
 */
function wantsLocalModel(env) {
  if (env.LOCAL_MODEL_URL) return false;
  if (env.GATEWAYS) return splitList(env.GATEWAYS).includes('local');
  return !GATEWAY_KEYS.some((name) => env[name]);
}

/**
 * The items of a comma-separated value.
 * @param {string | undefined} text
 */
export function splitList(text) {
  return (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}

/** @param {string} file */
function readDotEnv(file) {
  return existsSync(file) ? definedOnly(util.parseEnv(readFileSync(file, 'utf8'))) : {};
}

/**
 * @param {Record<string, string | undefined>} env
 * @returns {Record<string, string>}
 */
function definedOnly(env) {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** @param {string} text */
function readPort(text) {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new StartFailure(
    `PORT=${text} is not a port number.`,
    'Set PORT to a number from 1 to 65535, such as PORT=8000.',
  );
}

/** @param {Record<string, string>} env */
function cacheHome(env) {
  if (env.XDG_CACHE_HOME) return resolve(env.XDG_CACHE_HOME);
  return process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache');
}

/** @param {string} host */
function reachableHost(host) {
  if (['0.0.0.0', '::', 'localhost'].includes(host)) return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
