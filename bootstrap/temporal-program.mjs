// @ts-check
// Gets the Temporal program onto this machine when it is not there: the official archive, or a build from the Go module
// proxy.

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { download } from './download.mjs';
import { CommandFailed, findProgram, runCommand } from './run-command.mjs';

const ARCHIVE = 'https://temporal.download/cli/archive/latest';
/** Newer tags do not resolve from the module proxy: they carry replace directives. */
const MODULE_VERSION = 'v1.5.1';
const PACKAGE = 'github.com/temporalio/cli/cmd/temporal';
/** What a cold build compiles, about; only for the progress line. */
const PACKAGES_ABOUT = 1300;

/** @typedef {{step: import('./progress.mjs').Step, signal: AbortSignal}} StepContext */

/**
 * @param {string} target
 * @param {StepContext} context
 */
export async function downloadTemporal(target, { step, signal }) {
  const folder = `${target}-download`;
  const archive = join(folder, 'temporal.tar.gz');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    step.update('downloading');
    const onBytes = (/** @type {number} */ done, /** @type {number | undefined} */ total) =>
      total && step.bytes(done, total);
    const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
    await download(`${ARCHIVE}?platform=${process.platform}&arch=${arch}`, archive, { signal, onBytes });
    await runCommand('tar', ['-xzf', archive, '-C', folder, 'temporal'], { signal });
    await moveIfItRuns(join(folder, 'temporal'), target, signal);
    step.update('downloaded');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} target
 * @param {StepContext} context
 */
export async function buildTemporal(target, { step, signal }) {
  if (!findProgram(['go'])) throw new Error('go is not on PATH');
  const folder = join(dirname(target), '..', 'temporal-build');
  mkdirSync(folder, { recursive: true });
  // The go line lets an older Go fetch the toolchain it needs by itself.
  writeFileSync(join(folder, 'go.mod'), 'module temporalcli\n\ngo 1.24.0\n');
  // A private flag of the user's, such as -mod=vendor, has no meaning in this folder. Without cgo no C compiler is
  // needed.
  const options = {
    cwd: folder,
    env: { ...process.env, GOFLAGS: '-mod=mod', GOWORK: 'off', CGO_ENABLED: '0' },
    signal,
  };
  try {
    step.update('Go build: fetching modules');
    const onModule = (/** @type {string} */ line) => step.update(`Go build: ${line.replace('go: ', '')}`);
    await runCommand('go', ['get', '-tool', `${PACKAGE}@${MODULE_VERSION}`], { ...options, onLine: onModule });
    let compiled = 0;
    const onPackage = (/** @type {string} */ line) =>
      step.update(`Go build: package ${(compiled += 1)} of about ${PACKAGES_ABOUT}, ${line}`);
    const unfinished = `${target}.new`;
    await runCommand('go', ['build', '-v', '-ldflags', '-s -w', '-o', unfinished, PACKAGE], {
      ...options,
      onLine: onPackage,
    });
    await moveIfItRuns(unfinished, target, signal);
    step.update('built with Go');
  } catch (error) {
    throw error instanceof CommandFailed ? new Error(['go build failed:', ...error.tail.slice(-5)].join(' ')) : error;
  }
}

/**
 * A temporary name until it is whole: nobody starts half a program.
 * @param {string} unfinished
 * @param {string} target
 * @param {AbortSignal} signal
 */
async function moveIfItRuns(unfinished, target, signal) {
  await runCommand(unfinished, ['--version'], { signal });
  renameSync(unfinished, target);
}
