/** Starts a TypeScript file of this suite as a child process that exits together with this one. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { compileHook } from '../support/scripted-gateway/spawn';

export interface Spawned {
  child: ChildProcess;
  /** Called with each line of its output, parsed as JSON. */
  onLine(listener: (line: unknown) => void): void;
  stop(): Promise<void>;
}

export function spawnTypeScript(file: string, args: string[]): Spawned {
  const program = `${compileHook()} require(${JSON.stringify(path.join(__dirname, file))})`;
  const child = spawn(process.execPath, ['-e', program, '--', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  // a write to the pipe of a child that has exited must not end its parent
  child.stdin?.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout! });
  return {
    child,
    onLine: (listener) => void lines.on('line', (line) => listener(JSON.parse(line))),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
