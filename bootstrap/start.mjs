// @ts-check
// `npm start`: brings the whole service up on this machine and keeps it running; with a task, runs that one task and
// leaves.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { announce } from './announce.mjs';
import { USAGE, readCommandLine } from './command-line.mjs';
import { readEnvironment, requireNode } from './environment.mjs';
import { CalledOff, StartFailure, describeFailure } from './failure.mjs';
import { createReadiness, missingIn, readHealth } from './health.mjs';
import { INTERRUPTED, listenForInterruption } from './interruption.mjs';
import { lockHolder, tryLock } from './lock.mjs';
import { createProgress } from './progress.mjs';
import { runTask } from './run-task.mjs';
import { createStack } from './stack.mjs';

const POLL_MS = 300;

/** @typedef {import('./command-line.mjs').Task} Task */

async function main() {
  const { task, help, mistake } = readCommandLine(process.argv.slice(2));
  if (mistake) return print(process.stderr, `${mistake}\n\n${USAGE}`, 2);
  if (help) return print(process.stdout, USAGE, 0);
  requireNode();
  const place = readEnvironment();
  const interruption = listenForInterruption(Boolean(task));
  if (task && (await isServed(place, interruption.signal))) return runTask(task, place, interruption.signal);
  return withStack(place, interruption, task);
}

/**
 * @param {import('./environment.mjs').Environment} place
 * @param {import('./interruption.mjs').Interruption} interruption
 * @param {Task | undefined} task
 */
async function withStack(place, { signal, onSecond }, task) {
  const startedAt = Date.now();
  const progress = createProgress();
  const lock = takeDataFolder(place);
  const stack = createStack(place, { progress, signal });
  onSecond(() => {
    stack.killAll();
    lock.release();
    process.exit(INTERRUPTED);
  });
  try {
    const started = await stack.start();
    if (task) return await runTask(task, place, signal);
    process.stdout.write(announce(place, started, (Date.now() - startedAt) / 1000));
    await interrupted(signal);
    progress.say('Stopping.');
    return 0;
  } catch (error) {
    if (!(error instanceof CalledOff) && !signal.aborted) throw error;
    return task ? INTERRUPTED : 0;
  } finally {
    await stack.stop();
    lock.release();
  }
}

/**
 * Whether our API answers already, or will as soon as another start has brought it up.
 * @param {import('./environment.mjs').Environment} place
 * @param {AbortSignal} signal
 */
function isServed(place, signal) {
  const isReady = createReadiness(place.apiUrl);
  return createProgress().run('service', async (step) => {
    for (;;) {
      const holder = lockHolder(lockFile(place));
      if (holder === undefined) return (await readHealth(place.apiUrl)) !== undefined;
      if (await isReady()) return true;
      if (signal.aborted) throw new CalledOff();
      step.update(`waiting for process ${holder}, which ${describeStart(await readHealth(place.apiUrl))}`);
      await sleep(POLL_MS);
    }
  });
}

/** @param {import('./health.mjs').Health | undefined} health */
function describeStart(health) {
  if (!health) return 'starts it';
  return `runs it without: ${missingIn(health).join(', ')} ${health.problems?.join(' ') ?? ''}`.trim();
}

/** @param {import('./environment.mjs').Environment} place */
function lockFile(place) {
  return join(place.runDir, 'supervisor.lock');
}

/** Two starts on the same data would fight over it. @param {import('./environment.mjs').Environment} place */
function takeDataFolder(place) {
  const lock = tryLock(lockFile(place));
  if (lock.release) return lock;
  const what = `Murmuration already runs on ${place.dataDir} (pid ${lock.heldBy}).`;
  throw new StartFailure(
    what,
    `Stop it with: kill ${lock.heldBy}. Or set DATA_DIR and PORT for a second one beside it.`,
  );
}

/** @param {AbortSignal} signal @returns {Promise<void>} */
function interrupted(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    // Waiting for a signal alone does not keep Node alive when no child does.
    const alive = setInterval(() => undefined, 1 << 30);
    signal.addEventListener('abort', () => clearInterval(alive), { once: true });
  });
}

/**
 * @param {NodeJS.WriteStream} stream
 * @param {string} text
 * @param {number} code
 */
function print(stream, text, code) {
  stream.write(`${text}\n`);
  return code;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof CalledOff)) process.stderr.write(`${describeFailure(error).join('\n')}\n`);
  process.exitCode = error instanceof CalledOff ? INTERRUPTED : 1;
}
process.exit();
