// @ts-check
// Brings node_modules in line with package-lock.json; can also run as a program. Uses `npm install --no-save` instead of `npm ci`,
// which removes the whole folder first: a server that runs from it would lose its files.

import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { StartFailure, describeFailure } from './failure.cjs';
import { fingerprint, readRecord, writeRecord } from './fingerprint.cjs';
import { INTERRUPTED, listenForInterruption } from './interruption.cjs';
import { chooseLockFile, findCacheFolder, withLock } from './lock.cjs';
import { requireNode } from './node-version.mjs';

const ARGS = ['install', '--no-save', '--no-audit', '--no-fund', '--include=dev', '--loglevel=http'];
/** Number of error lines shown. npm first prints the reason, then a stack. */
const ERROR_LINES = 6;
const PLAIN_LINE_MS = 5000;
const REDRAW_MS = 150;

/**
 * Resolves to false if it was interrupted.
 * @param {string} root
 * @returns {Promise<boolean>}
 */
export async function installPackages(root) {
  if (isInstalled(root)) return true;
  const { signal, close } = listenForInterruption();
  const step = showStep('node_modules');
  try {
    await withLock(chooseLockFile(findCacheFolder(process.env), root, 'install'), { step, signal }, async () => {
      if (isInstalled(root)) return;
      await npmInstall(root, step, signal);
      writeRecord(chooseRecordFile(root), identifyPackages(root));
    });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  } finally {
    step.close();
    close();
  }
}

/** @param {string} root */
function isInstalled(root) {
  return readRecord(chooseRecordFile(root)) === identifyPackages(root);
}

/**
 * Native packages differ by platform, so a folder copied from another platform does not count as installed.
 * @param {string} root
 */
function identifyPackages(root) {
  return `${process.platform}-${process.arch} ${fingerprint(root, ['package-lock.json'])}`;
}

/** @param {string} root */
function chooseRecordFile(root) {
  return join(root, 'node_modules', '.murmuration');
}

/**
 * @param {string} root
 * @param {ReturnType<typeof showStep>} step
 * @param {AbortSignal} signal
 */
async function npmInstall(root, step, signal) {
  let fetched = 0;
  /** @type {string[]} */
  const errors = [];
  step.update('npm install');
  const ending = await runNpm(root, signal, (line) => {
    if (/^npm (error|ERR!)/.test(line)) errors.push(line);
    if (!line.includes('http fetch') || !line.includes('.tgz')) return;
    fetched += 1;
    step.update(`npm install, ${fetched} packages fetched`);
  });
  signal.throwIfAborted();
  if (ending !== 'exit code 0') {
    const detail = errors.length ? errors.slice(0, ERROR_LINES) : [`npm ended with ${ending}`];
    throw new StartFailure(
      'npm install failed.',
      'Check the connection to the npm registry, then start again.',
      detail,
    );
  }
  step.update(fetched ? `installed, ${fetched} packages fetched` : 'installed');
}

/**
 * Runs npm in its own process group, which an interruption ends as a whole: npm starts programs, too.
 * @param {string} cwd
 * @param {AbortSignal} signal
 * @param {(line: string) => void} onLine
 * @returns {Promise<string>} how it ended
 */
function runNpm(cwd, signal, onLine) {
  // When started by npm, we know npm's path; otherwise we use the npm on PATH.
  const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const [command = 'npm', ...before] = npm;
  const child = spawn(command, [...before, ...ARGS], { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', onLine);
  const stop = () => {
    try {
      if (child.pid) process.kill(-child.pid, 'SIGTERM');
    } catch {
      // it has just ended
    }
  };
  signal.addEventListener('abort', stop, { once: true });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, name) => resolve(name ?? `exit code ${code}`));
  });
}

/**
 * Shows the current action of the step on stderr: on a terminal one line that is redrawn in place, elsewhere a line every five seconds.
 * @param {string} label
 */
function showStep(label) {
  const { stderr } = process;
  const startedAt = Date.now();
  let shownAt = 0;
  let text = '';
  const show = () => {
    if (!text || (!stderr.isTTY && Date.now() - shownAt < PLAIN_LINE_MS)) return;
    shownAt = Date.now();
    const seconds = String(Math.floor((shownAt - startedAt) / 1000)).padStart(4);
    stderr.write(
      `${stderr.isTTY ? '\r\x1b[K' : ''}  ${label.padEnd(22)} ${seconds} s  ${text}${stderr.isTTY ? '' : '\n'}`,
    );
  };
  const timer = setInterval(show, REDRAW_MS);
  return {
    /** @param {string} line */
    update(line) {
      text = line;
      show();
    },
    close() {
      clearInterval(timer);
      shownAt = 0;
      show();
      if (text && stderr.isTTY) stderr.write('\n');
    },
  };
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    requireNode();
    const isDone = await installPackages(fileURLToPath(new URL('..', import.meta.url)));
    process.exitCode = isDone ? 0 : INTERRUPTED;
  } catch (error) {
    process.stderr.write(`${describeFailure(error).join('\n')}\n`);
    process.exitCode = 1;
  }
}
