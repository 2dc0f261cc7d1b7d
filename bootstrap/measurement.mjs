// @ts-check
// What `npm run bench` and `npm run eval` have in common: arguments, interruption, exit codes.

import { CalledOff, describeFailure } from './failure.mjs';
import { INTERRUPTED, listenForInterruption } from './interruption.mjs';

const USAGE_MISTAKE = 2;

/**
 * Never returns: sockets and timers of an interrupted run would keep the process for a while.
 * @template {{ help: boolean | undefined }} Wanted
 * @param {{
 *   usage: string,
 *   readArguments: (args: string[]) => Wanted,
 *   run: (wanted: Wanted, signal: AbortSignal) => Promise<number>,
 *   interrupted: string,
 * }} command `readArguments` throws on a mistake; `run` resolves to the exit code; `interrupted` is said after Ctrl-C.
 */
export async function runMeasurement(command) {
  process.exit(await exitCodeOf(command));
}

/** @param {Parameters<typeof runMeasurement>[0]} command */
async function exitCodeOf({ usage, readArguments, run, interrupted }) {
  let wanted;
  try {
    wanted = readArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    return USAGE_MISTAKE;
  }
  if (wanted.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const { signal } = listenForInterruption(false);
  try {
    return await run(wanted, signal);
  } catch (error) {
    if (signal.aborted || error instanceof CalledOff) {
      process.stderr.write(`${interrupted}\n`);
      return INTERRUPTED;
    }
    process.stderr.write(`${describeFailure(error).join('\n')}\n`);
    return 1;
  }
}
