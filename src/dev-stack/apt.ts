/** Installs packages on Debian-based systems with apt-get, if we are root. */
import { findProgram } from './installed-programs';
import type { ProgressStep } from './progress';
import { CommandError, runCommand } from './run-command';

/** Serialises installations: apt-get refuses to run in parallel. */
let last: Promise<unknown> = Promise.resolve();

/** Waits for other apt processes, such as the automatic updates of a new machine. */
const WAIT_FOR_OTHERS = ['-o', 'DPkg::Lock::Timeout=300'];

export function canAptInstall(): boolean {
  return process.getuid?.() === 0 && findProgram(['apt-get']) !== undefined;
}

/** Resolves to the errors of apt-get. */
export function aptInstall(packages: string[], step: ProgressStep, signal: AbortSignal): Promise<string[]> {
  const installing = last.then(() => install(packages, step, signal));
  last = installing.catch(() => undefined);
  return installing;
}

async function install(packages: string[], step: ProgressStep, signal: AbortSignal): Promise<string[]> {
  const complaints: string[] = [];
  // One broken package source fails the update, but the install may still work.
  for (const args of [['update'], [...WAIT_FOR_OTHERS, 'install', '-y', ...packages]]) {
    step.update(`apt-get ${args.join(' ')}`);
    await runCommand('apt-get', args, { env: { DEBIAN_FRONTEND: 'noninteractive' }, signal }).catch((error) => {
      if (!(error instanceof CommandError)) throw error;
      complaints.push(error.message, ...error.tail.slice(-3));
    });
  }
  return complaints;
}
