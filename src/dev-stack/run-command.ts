/**
 * Runs another program to its end, passes on its output line by line, and stops its whole process group when the work is aborted
 * (npm, pip and go start further programs).
 */
import { execa, ExecaError } from 'execa';

const TAIL_LINES = 15;

/** The program could not be started or failed; `tail` holds the last lines that it wrote. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly tail: string[],
  ) {
    super(message);
    this.name = 'CommandError';
  }
}

interface CommandOptions {
  cwd?: string;
  /** Added to the environment of this process. */
  env?: Record<string, string>;
  signal?: AbortSignal;
  onLine?: (line: string) => void;
}

/** Resolves to the last lines that the program wrote. */
export async function runCommand(command: string, args: string[], options: CommandOptions = {}): Promise<string[]> {
  const { signal = new AbortController().signal, onLine = () => undefined, ...rest } = options;
  signal.throwIfAborted();
  const child = execa(command, args, { ...rest, stdin: 'ignore', all: true, buffer: false, detached: true });
  const stop = () => stopGroup(child.pid);
  signal.addEventListener('abort', stop, { once: true });
  const tail: string[] = [];
  try {
    for await (const line of child.iterable({ from: 'all' })) {
      onLine(line);
      if (line.trim()) tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
    }
    signal.throwIfAborted();
    return tail;
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof ExecaError ? new CommandError(`${command} ${describeEnding(error)}`, tail) : error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function describeEnding({ exitCode, signal, originalMessage = '' }: ExecaError): string {
  if (exitCode !== undefined) return `ended with exit code ${exitCode}`;
  return signal ? `was ended by ${signal}` : `did not start: ${originalMessage}`;
}

function stopGroup(pid: number | undefined): void {
  try {
    if (pid) process.kill(-pid, 'SIGTERM');
  } catch {
    // it has just ended by itself
  }
}
