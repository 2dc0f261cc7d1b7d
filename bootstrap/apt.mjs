// @ts-check
// Packages of Debian and its kin, where we may install them: as root, with apt-get.

import { CommandFailed, findProgram, runCommand } from './run-command.mjs';

/** One installation at a time: apt-get refuses a second one beside it. @type {Promise<unknown>} */
let last = Promise.resolve();

/** For one that is not ours, such as the updates that a new machine begins by itself. */
const WAIT_FOR_OTHERS = ['-o', 'DPkg::Lock::Timeout=300'];

export function canAptInstall() {
  return process.getuid?.() === 0 && findProgram(['apt-get']) !== undefined;
}

/**
 * @param {string[]} packages
 * @param {import('./progress.mjs').Step} step
 * @param {AbortSignal} signal
 * @returns {Promise<string[]>} what apt-get complained about
 */
export function aptInstall(packages, step, signal) {
  const installing = last.then(() => install(packages, step, signal));
  last = installing.catch(() => undefined);
  return installing;
}

/**
 * @param {string[]} packages
 * @param {import('./progress.mjs').Step} step
 * @param {AbortSignal} signal
 */
async function install(packages, step, signal) {
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, signal };
  /** @type {string[]} */
  const complaints = [];
  // One broken package source fails the update, and the install may still work.
  for (const args of [['update'], [...WAIT_FOR_OTHERS, 'install', '-y', ...packages]]) {
    step.update(`apt-get ${args.join(' ')}`);
    await runCommand('apt-get', args, options).catch((error) => {
      if (!(error instanceof CommandFailed)) throw error;
      complaints.push(error.message, ...error.tail.slice(-3));
    });
  }
  return complaints;
}
