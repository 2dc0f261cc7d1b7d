/** Common parts of `npm run bench` and `npm run eval`: arguments, interruption, exit codes. */
import { listenForInterruption } from '../../bootstrap/interruption.cjs';
import { defineProgram, EXIT, type Invocation } from './define-program';

interface Measurement<Options> {
  usage: string;
  /** Throws if the arguments are invalid. */
  readArguments: (args: string[]) => Options;
  /** Resolves to the exit code. */
  run: (options: Options, root: string, signal: AbortSignal) => Promise<number>;
  /** Printed after Ctrl-C. */
  interrupted: string;
}

export function defineMeasurement<Options extends { help: boolean }>({
  usage,
  readArguments,
  run,
  interrupted,
}: Measurement<Options>): (invocation: Invocation) => Promise<number> {
  return defineProgram(async ({ root, args }) => {
    let options;
    try {
      options = readArguments(args);
    } catch (error) {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
      return EXIT.wrongUsage;
    }
    if (options.help) {
      process.stdout.write(`${usage}\n`);
      return EXIT.completed;
    }
    const { signal } = listenForInterruption();
    try {
      return await run(options, root, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      process.stderr.write(`${interrupted}\n`);
      return EXIT.interrupted;
    }
  });
}
