// @ts-check
// DATA_DIR/run: `<name>.pid` for people and scripts, and `started.json`, which also holds what proves that a pid is
// still the process we started. A start that was killed leaves both behind; the next one stops what is provably left of
// it.

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { markOf } from './process-mark.mjs';

const STALE_GRACE_MS = 8000;
const POLL_MS = 50;

/** @param {string} runDir */
export function createPidFiles(runDir) {
  const startedFile = join(runDir, 'started.json');
  /** @type {Record<string, {pid: number, mark: string | undefined}>} */
  const started = {};

  const save = () => writeFileSync(startedFile, `${JSON.stringify(started)}\n`);

  return {
    /**
     * @param {string} name
     * @param {number} pid
     */
    record(name, pid) {
      started[name] = { pid, mark: markOf(pid) };
      mkdirSync(runDir, { recursive: true });
      writeFileSync(join(runDir, `${name}.pid`), `${pid}\n`);
      save();
    },
    /** @param {string} name */
    forget(name) {
      if (!started[name]) return;
      delete started[name];
      rmSync(join(runDir, `${name}.pid`), { force: true });
      save();
    },
  };
}

/**
 * Stops what a killed start left running, in the given order, and removes its pid files.
 * @param {string} runDir
 * @param {string[]} order
 * @returns {Promise<string[]>} the names of what was stopped
 */
export async function stopLeftovers(runDir, order) {
  const started = readStarted(runDir);
  const left = order.filter((name) => isStillOurs(started[name]));
  for (const name of left) await stopProcess(started[name]?.pid ?? 0, () => isStillOurs(started[name]));
  for (const file of listPidFiles(runDir)) rmSync(join(runDir, file), { force: true });
  return left;
}

/** @param {number} pid @param {() => boolean} lives */
async function stopProcess(pid, lives) {
  const deadline = Date.now() + STALE_GRACE_MS;
  signalQuietly(pid, 'SIGTERM');
  while (lives()) {
    if (Date.now() > deadline) signalQuietly(pid, 'SIGKILL');
    await sleep(POLL_MS);
  }
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function signalQuietly(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // it has just ended by itself
  }
}

/** @param {{pid: number, mark?: string} | undefined} entry */
function isStillOurs(entry) {
  return entry?.mark !== undefined && markOf(entry.pid) === entry.mark;
}

/** @param {string} runDir @returns {Record<string, {pid: number, mark?: string}>} */
function readStarted(runDir) {
  try {
    return JSON.parse(readFileSync(join(runDir, 'started.json'), 'utf8'));
  } catch {
    return {};
  }
}

/** @param {string} runDir */
function listPidFiles(runDir) {
  try {
    return readdirSync(runDir).filter((file) => file.endsWith('.pid') || file === 'started.json');
  } catch {
    return [];
  }
}
