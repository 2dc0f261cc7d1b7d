// @ts-check
// Prevents two starts (such as parallel `npm start` and `npm test`) from doing the same work in the same folder. A lock is a file that
// names its process, and becomes void when that process has ended, however it ended.

const { createHash } = require('node:crypto');
const { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { homedir } = require('node:os');
const { dirname, join, resolve } = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { identifyProcess } = require('./process-identity.cjs');

const POLL_MS = 300;

/**
 * Takes the lock, or returns the process that holds it.
 * @param {string} file
 * @returns {{release: () => void, heldBy?: undefined} | {heldBy: number, release?: undefined}}
 */
function tryLock(file) {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify({ pid: process.pid, identity: identifyProcess(process.pid) }));
  try {
    const heldBy = findLockHolder(file);
    if (heldBy) return { heldBy };
    rmSync(file, { force: true });
    // A link appears with its whole content or not at all, so a partial lock is never read.
    linkSync(draft, file);
    return { release: () => rmSync(file, { force: true }) };
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    return { heldBy: findLockHolder(file) ?? 0 };
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Waits for the process that holds the lock, then does the work while holding it.
 * @template T
 * @param {string} file
 * @param {{step: {update(text: string): void}, signal: AbortSignal}} context
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withLock(file, { step, signal }, work) {
  let lock = tryLock(file);
  while (!lock.release) {
    signal.throwIfAborted();
    step.update(`waiting for process ${lock.heldBy}, which is doing this`);
    await sleep(POLL_MS);
    lock = tryLock(file);
    if (lock.release) step.update('done by another process');
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/**
 * Returns the pid of the live process that holds the lock.
 * @param {string} file
 * @returns {number | undefined}
 */
function findLockHolder(file) {
  try {
    const { pid, identity } = JSON.parse(readFileSync(file, 'utf8'));
    return identity !== undefined && identifyProcess(pid) === identity ? pid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns the lock file for work on this clone. It is in the cache folder, to keep the clone clean.
 * @param {string} cacheDir
 * @param {string} root
 * @param {string} work
 */
function chooseLockFile(cacheDir, root, work) {
  const clone = createHash('sha256').update(root).digest('hex').slice(0, 16);
  return join(cacheDir, 'locks', `${work}-${clone}`);
}

/**
 * Returns the user's folder for data that clones share: programs, models, locks.
 * @param {Record<string, string | undefined>} env
 */
function findCacheFolder(env) {
  const caches = process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache');
  return join(env.XDG_CACHE_HOME ? resolve(env.XDG_CACHE_HOME) : caches, 'murmuration');
}

module.exports = { tryLock, withLock, findLockHolder, chooseLockFile, findCacheFolder };
