// @ts-check
// Keeps two starts (say `npm start` and `npm test` side by side) from doing the same work in the same folder. A lock is
// a file that names its process; one whose process is gone counts for nothing.

import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CalledOff } from './failure.mjs';
import { markOf } from './process-mark.mjs';

const POLL_MS = 300;

/**
 * Takes the lock, or says which process holds it.
 * @param {string} file
 * @returns {{release: () => void, heldBy?: undefined} | {heldBy: number, release?: undefined}}
 */
export function tryLock(file) {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify({ pid: process.pid, mark: markOf(process.pid) }));
  try {
    const heldBy = lockHolder(file);
    if (heldBy) return { heldBy };
    rmSync(file, { force: true });
    // A link appears with its content or not at all, so nobody ever reads half a lock.
    linkSync(draft, file);
    return { release: () => rmSync(file, { force: true }) };
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    return { heldBy: lockHolder(file) ?? 0 };
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Does the work while holding the lock, after waiting for whoever holds it now.
 * @template T
 * @param {string} file
 * @param {{step: import('./progress.mjs').Step, signal: AbortSignal}} context
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, { step, signal }, work) {
  let lock = tryLock(file);
  while (!lock.release) {
    if (signal.aborted) throw new CalledOff();
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
 * The lock file for work on this clone; it lies in the cache folder, so that nothing is littered here.
 * @param {import('./environment.mjs').Environment} place
 * @param {string} work
 */
export function lockFor({ cacheDir, root }, work) {
  const clone = createHash('sha256').update(root).digest('hex').slice(0, 16);
  return join(cacheDir, 'locks', `${work}-${clone}`);
}

/**
 * The pid of the living process that holds the lock.
 * @param {string} file
 * @returns {number | undefined}
 */
export function lockHolder(file) {
  try {
    const { pid, mark } = JSON.parse(readFileSync(file, 'utf8'));
    return mark !== undefined && markOf(pid) === mark ? pid : undefined;
  } catch {
    return undefined;
  }
}
