// @ts-check
// Picks ports for what we start, remembers them in DATA_DIR/run/ports.json so that addresses stay the same over starts,
// and finds out who sits on a port that we need.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { StartFailure } from './failure.mjs';

const TRIES = 200;

/**
 * Whether something accepts connections there.
 * @param {number} port
 * @param {string} [host]
 * @param {number} [timeoutMs]
 * @returns {Promise<boolean>}
 */
export function isListening(port, host = '127.0.0.1', timeoutMs = 1000) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host, timeout: timeoutMs });
    const answer = (/** @type {boolean} */ listening) => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
    socket.once('timeout', () => answer(false));
  });
}

/** @param {number} port @returns {Promise<boolean>} */
function canListen(port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * A free port for each name: the one it had last time, else the first free one from its default on.
 * @param {string} runDir
 * @param {Record<string, number>} defaults
 * @returns {Promise<Record<string, number>>}
 */
export async function choosePorts(runDir, defaults) {
  const file = join(runDir, 'ports.json');
  const before = readPorts(file);
  /** @type {Record<string, number>} */
  const chosen = {};
  for (const [name, first] of Object.entries(defaults)) {
    chosen[name] = await firstFree([before[name] ?? first, ...range(first)], Object.values(chosen));
  }
  mkdirSync(runDir, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...before, ...chosen })}\n`);
  return chosen;
}

/**
 * @param {number[]} candidates
 * @param {number[]} taken
 */
async function firstFree(candidates, taken) {
  for (const port of candidates) {
    if (taken.includes(port)) continue;
    // On macOS one may listen on 127.0.0.1 although somebody else has all addresses: both questions are needed.
    if (!(await isListening(port)) && (await canListen(port))) return port;
  }
  throw new StartFailure(`No free port from ${candidates[0]} on.`, 'Stop some of the programs that listen there.');
}

/** @param {number} first */
function range(first) {
  return Array.from({ length: TRIES }, (_unused, step) => first + step);
}

/** @param {string} file @returns {Record<string, number>} */
function readPorts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

/**
 * The pid of the process that listens on a port, where this system tells us.
 * @param {number} port
 * @returns {number | undefined}
 */
export function findListener(port) {
  try {
    return process.platform === 'linux' ? findInProc(port) : findByLsof(port);
  } catch {
    return undefined;
  }
}

/** @param {number} port */
function findByLsof(port) {
  const answer = execFileSync('lsof', ['-nP', '-t', `-iTCP:${port}`, '-sTCP:LISTEN'], { encoding: 'utf8' });
  return Number(answer.split('\n')[0]) || undefined;
}

/** @param {number} port */
function findInProc(port) {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6']
    .filter(existsSync)
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === '0A')
    .map((fields) => `socket:[${fields[9]}]`);
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return pids.map(Number).find((pid) => openFiles(pid).some((target) => sockets.includes(target)));
}

/** @param {number} pid */
function openFiles(pid) {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).map((fd) => readlinkSync(join(folder, fd)));
  } catch {
    return []; // another user's process, or one that has just ended
  }
}
