// @ts-check
// Where Redis comes from: REDIS_URL, a server that already runs on this machine, a server program on PATH, or apt-get
// when we are root. Ours keeps an append-only file, so that streams and conversations outlive it.

import { existsSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { aptInstall, canAptInstall } from './apt.mjs';
import { StartFailure } from './failure.mjs';
import { findProgram, isExecutable, runCommand } from './run-command.mjs';

export const REDIS_PORT = 6379;
const PROGRAMS = ['redis-server', 'valkey-server', 'keydb-server'];
const ASK_TIMEOUT_MS = 500;
const HOW_TO_INSTALL =
  'Install it (Debian: sudo apt install redis-server; Fedora: sudo dnf install valkey; macOS: brew install redis), or set REDIS_URL.';

/**
 * The arguments of a Redis server of ours; without `dir` it keeps nothing on disk.
 * @param {{port: number, dir?: string}} options
 */
export function redisServerArgs({ port, dir }) {
  const storage = dir ? ['--appendonly', 'yes', '--appendfsync', 'everysec', '--dir', dir] : ['--appendonly', 'no'];
  // Eviction would drop parts of open runs; better a write that fails and says so.
  return [...storage, '--save', '', '--bind', '127.0.0.1', '--port', String(port), '--maxmemory-policy', 'noeviction'];
}

/**
 * The path of a Redis server program, installed first when that is possible.
 * @param {import('./prepare.mjs').Context} context
 * @returns {Promise<string>}
 */
export async function ensureRedisProgram({ progress, signal }) {
  const found = findRedisProgram();
  if (found) return found;
  return progress.run('Redis', async (step) => {
    const complaints = canAptInstall() ? await installWithApt(step, signal) : [];
    const installed = findRedisProgram();
    if (installed) return installed;
    throw new StartFailure('Redis was not found.', HOW_TO_INSTALL, complaints);
  });
}

function findRedisProgram() {
  const named = process.env.REDIS_BIN;
  return named && isExecutable(named) ? named : findProgram(PROGRAMS);
}

/**
 * @param {import('./progress.mjs').Step} step
 * @param {AbortSignal} signal
 * @returns {Promise<string[]>} what apt-get complained about
 */
async function installWithApt(step, signal) {
  const complaints = await aptInstall(['redis-server'], step, signal);
  if (findRedisProgram()) await stopPackagedService(signal);
  return complaints;
}

/** The package starts a service of its own, which nobody asked for. @param {AbortSignal} signal */
async function stopPackagedService(signal) {
  const [command, args] = existsSync('/run/systemd/system')
    ? ['systemctl', ['disable', '--now', 'redis-server']]
    : ['service', ['redis-server', 'stop']];
  await runCommand(/** @type {string} */ (command), /** @type {string[]} */ (args), { signal }).catch(() => undefined);
}

/**
 * Whether a Redis answers PING there without a password.
 * @param {number} port
 */
export async function answersPing(port) {
  return (await ask(port, ['PING'])).startsWith('+PONG');
}

/**
 * Whether a Redis that somebody else started on this machine may be used. One that belongs to another start of this
 * project may not: it would vanish under us when that one stops.
 * @param {number} [port]
 */
export async function isRedisToShare(port = REDIS_PORT) {
  if (!(await answersPing(port))) return false;
  const folder = (await ask(port, ['CONFIG', 'GET', 'dir'])).split('\r\n').at(-2) ?? '';
  return !existsSync(join(folder, '..', 'run', 'ports.json'));
}

/**
 * One command over a connection of its own; the raw answer, empty when there is none in time.
 * @param {number} port
 * @param {string[]} words
 * @returns {Promise<string>}
 */
function ask(port, words) {
  const request = `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    const answer = (/** @type {string} */ text) => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(ASK_TIMEOUT_MS, () => answer(''));
    socket.once('connect', () => socket.write(request));
    socket.once('data', (bytes) => answer(bytes.toString('utf8')));
    socket.once('error', () => answer(''));
  });
}
