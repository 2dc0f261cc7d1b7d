/**
 * `npm start`: starts the whole service on this machine and keeps it running; with a task, runs only that task and exits.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartFailure } from '../../../bootstrap/failure.cjs';
import { listenForInterruption } from '../../../bootstrap/interruption.cjs';
import { findLockHolder, tryLock } from '../../../bootstrap/lock.cjs';
import type { HealthReply } from '../../contract/service-replies';
import { readEnvironment, type Environment } from '../../dev-stack/environment';
import { createReadiness, listMissing, readHealth } from '../../dev-stack/health';
import { makePrivate } from '../../dev-stack/private-folder';
import { createProgress } from '../../dev-stack/progress';
import { createStack } from '../../dev-stack/stack';
import { watchSources } from '../../dev-stack/watch';
import { toPrintable } from '../../printable';
import { announce } from '../announce';
import { readCommandLine, USAGE, type Task } from '../command-line';
import { defineProgram, EXIT } from '../define-program';
import { runTask } from '../run-task';

const POLL_MS = 300;

type Interruption = ReturnType<typeof listenForInterruption>;

export const main = defineProgram(async ({ root, args }) => {
  const command = readCommandLine(args);
  if ('mistake' in command) return print(process.stderr, `${command.mistake}\n\n${USAGE}`, EXIT.wrongUsage);
  if ('help' in command) return print(process.stdout, USAGE, EXIT.completed);
  const environment = readEnvironment(root);
  if ('watch' in command) return runService(environment, listenForInterruption(), command.watch);
  return runOneTask(environment, listenForInterruption({ endsWithOutput: true }), command.task);
});

async function runService(environment: Environment, interruption: Interruption, watch: boolean): Promise<number> {
  const startedAt = Date.now();
  const { signal } = interruption;
  return withStack(environment, interruption, EXIT.completed, async (stack, progress) => {
    const started = await stack.start();
    process.stdout.write(toPrintable(announce(environment, started, (Date.now() - startedAt) / 1000)));
    if (watch) await watchSources(environment, { progress, signal }, (names) => stack.restart(names));
    await waitForAbort(signal);
    progress.say('Stopping.');
    return EXIT.completed;
  });
}

/** Uses the service that is running or being started by another process; otherwise starts its own. */
async function runOneTask(environment: Environment, interruption: Interruption, task: Task): Promise<number> {
  const { signal } = interruption;
  const isServed = await findService(environment, signal);
  if (signal.aborted) return EXIT.interrupted;
  if (isServed) return runTask(task, environment, signal);
  return withStack(environment, interruption, EXIT.interrupted, async (stack) => {
    await stack.start();
    return runTask(task, environment, signal);
  });
}

/** Locks the data folder during the work. Resolves to the exit code of the work, or to `whenInterrupted`. */
async function withStack(
  environment: Environment,
  { signal, onSecond }: Interruption,
  whenInterrupted: number,
  work: (stack: ReturnType<typeof createStack>, progress: ReturnType<typeof createProgress>) => Promise<number>,
): Promise<number> {
  const progress = createProgress();
  const open = makePrivate(environment);
  if (open.length) progress.say(`Others on this machine may be able to read: ${open.join(', ')}`);
  const lock = takeDataFolder(environment);
  const stack = createStack(environment, { progress, signal });
  onSecond(() => {
    stack.killAll();
    lock.release();
    process.exit(EXIT.interrupted);
  });
  try {
    return await work(stack, progress);
  } catch (error) {
    if (!signal.aborted) throw error;
    return whenInterrupted;
  } finally {
    await stack.stop();
    lock.release();
  }
}

/** Whether our API is available, now or once another process has finished starting it. */
function findService(environment: Environment, signal: AbortSignal): Promise<boolean> {
  const isReady = createReadiness(environment);
  return createProgress().run('service', async (step) => {
    while (!signal.aborted) {
      const holder = findLockHolder(chooseLockFile(environment));
      if (holder === undefined) return (await readHealth(environment)) !== undefined;
      if (await isReady()) return true;
      step.update(`waiting for process ${holder}, which ${describeStart(await readHealth(environment))}`);
      await sleep(POLL_MS);
    }
    return false;
  });
}

function describeStart(health: HealthReply | undefined): string {
  if (!health) return 'starts it';
  return `runs it without: ${listMissing(health).join(', ')} ${health.problems?.join(' ') ?? ''}`.trim();
}

function chooseLockFile({ runDir }: Environment): string {
  return join(runDir, 'supervisor.lock');
}

/** Two instances must not use the same data. */
function takeDataFolder(environment: Environment): { release: () => void } {
  const lock = tryLock(chooseLockFile(environment));
  if (lock.release) return lock;
  throw new StartFailure(
    `Murmuration already runs on ${environment.dataDir} (pid ${lock.heldBy}).`,
    `Stop it with: kill ${lock.heldBy}. Or set DATA_DIR and PORT for a second one beside it.`,
  );
}

async function waitForAbort(signal: AbortSignal): Promise<void> {
  // Waiting for a signal does not keep Node alive when there is no child process.
  const alive = setInterval(() => undefined, 1 << 30);
  if (!signal.aborted) await once(signal, 'abort');
  clearInterval(alive);
}

function print(stream: NodeJS.WriteStream, text: string, code: number): number {
  stream.write(`${text}\n`);
  return code;
}
