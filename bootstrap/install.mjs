// @ts-check
// Brings node_modules in line with package-lock.json. `npm install --no-save`, not `npm ci`: a lockfile may lack the
// optional binaries of other platforms, and an install that only adds is quick.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CalledOff, StartFailure } from './failure.mjs';
import { fingerprint, readRecord } from './fingerprint.mjs';
import { lockFor, withLock } from './lock.mjs';
import { runCommand } from './run-command.mjs';

/** npm says first what went wrong and then a stack. */
const ERROR_LINES = 6;
const ARGS = ['install', '--no-save', '--no-audit', '--no-fund', '--include=dev', '--loglevel=http'];

/**
 * @param {import('./environment.mjs').Environment} place
 * @param {import('./prepare.mjs').Context} context
 */
export async function installPackages(place, { progress, signal }) {
  await progress.run('node_modules', async (step) => {
    if (isInstalled(place.root)) return;
    await withLock(lockFor(place, 'install'), { step, signal }, async () => {
      if (isInstalled(place.root)) return;
      await npmInstall(place, step, signal);
      writeFileSync(recordFile(place.root), wanted(place.root));
    });
  });
}

/** @param {string} root */
function isInstalled(root) {
  return readRecord(recordFile(root)) === wanted(root);
}

/**
 * Native packages differ by platform, so a folder that was carried over to another one does not count.
 * @param {string} root
 */
function wanted(root) {
  return `${process.platform}-${process.arch} ${fingerprint(root, ['package-lock.json'])}`;
}

/** @param {string} root */
function recordFile(root) {
  return join(root, 'node_modules', '.murmuration');
}

/**
 * @param {import('./environment.mjs').Environment} place
 * @param {import('./progress.mjs').Step} step
 * @param {AbortSignal} signal
 */
async function npmInstall(place, step, signal) {
  let fetched = 0;
  /** @type {string[]} */
  const errors = [];
  step.update('npm install');
  const onLine = (/** @type {string} */ line) => {
    if (/^npm (error|ERR!)/.test(line)) errors.push(line);
    if (!line.includes('http fetch') || !line.includes('.tgz')) return;
    fetched += 1;
    step.update(`npm install, ${fetched} packages fetched`);
  };
  // Started by npm we know its own path; started by hand we take the npm on PATH.
  const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const [command = 'npm', ...before] = npm;
  try {
    await runCommand(command, [...before, ...ARGS], { cwd: place.root, signal, onLine });
  } catch (error) {
    if (error instanceof CalledOff) throw error;
    const detail = errors.length ? errors.slice(0, ERROR_LINES) : [String(error)];
    throw new StartFailure(
      'npm install failed.',
      'Check the connection to the npm registry, then start again.',
      detail,
    );
  }
  step.update(fetched ? `installed, ${fetched} packages fetched` : 'installed');
}
