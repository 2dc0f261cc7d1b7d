/** A program that bootstrap/run.mjs starts. */
import { INTERRUPTED } from '../../bootstrap/interruption.cjs';
import { describeFailure } from '../../bootstrap/failure.cjs';

export interface Invocation {
  /** The repository. */
  root: string;
  args: string[];
}

/** Exit codes that programs share. */
export const EXIT = { completed: 0, failed: 1, wrongUsage: 2, checksFailed: 3, interrupted: INTERRUPTED };

/** `run` resolves to the exit code; an error that it throws is printed. */
export function defineProgram(
  run: (invocation: Invocation) => Promise<number>,
): (invocation: Invocation) => Promise<number> {
  return async (invocation) => {
    try {
      return await run(invocation);
    } catch (error) {
      process.stderr.write(`${describeFailure(error).join('\n')}\n`);
      return EXIT.failed;
    }
  };
}
