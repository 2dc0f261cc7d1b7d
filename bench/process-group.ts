/** The processes of one benchmark run: each has a log and a pid file (for the guard of src/dev-stack), and none outlives the run. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';

export interface Member {
  readonly name: string;
  /** The last part of its name: its role in whichever system it belongs to. */
  readonly role: string;
  readonly pid: number;
  /** Sends SIGKILL; the process has ended when this resolves. */
  kill(): Promise<void>;
}

const TAIL_LINES = 8;
const LOOK_EVERY_MS = 30;
const READY_LIMIT_MS = 60_000;
/** The environment variables that a program needs; others would let settings of the machine affect the measurement. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'NODE_OPTIONS'];

/** The data of a benchmark is discarded, so its processes are killed instead of stopped. */
export class ProcessGroup {
  private readonly children = new Map<string, ChildProcess>();
  private disbanded = false;
  private readonly onExit = () => this.children.forEach((child) => child.kill('SIGKILL'));

  /** The processes also run in `folder`, so that they do not find the repository's `.env`. */
  constructor(readonly folder: string) {
    process.once('exit', this.onExit);
  }

  launch(name: string, program: string, args: string[], env: NodeJS.ProcessEnv = {}): Member {
    if (this.disbanded) throw new Error('The run is over.');
    const log = openSync(this.file(name, 'log'), 'a');
    const child = spawn(program, args, {
      cwd: this.folder,
      stdio: ['ignore', log, log],
      env: { ...Object.fromEntries(PASSED_ON.map((key) => [key, process.env[key]])), ...env },
    });
    closeSync(log);
    this.children.set(name, child);
    writeFileSync(this.file(name, 'pid'), String(child.pid));
    const gone = new Promise<void>((resolve) => {
      child.once('exit', resolve);
      child.once('error', () => resolve());
    });
    return {
      name,
      role: name.split('-').pop() ?? name,
      pid: child.pid ?? -1,
      kill: async () => {
        child.kill('SIGKILL');
        await gone;
      },
    };
  }

  /** Waits until the process is ready; fails with its last output if it ends before. */
  async ready({ name }: Member, answers: () => Promise<boolean>): Promise<void> {
    for (const until = Date.now() + READY_LIMIT_MS; Date.now() < until; await sleep(LOOK_EVERY_MS)) {
      const child = this.children.get(name);
      if (!child || child.exitCode !== null || child.signalCode !== null) break;
      if (await answers().catch(() => false)) return;
    }
    throw new Error(`${name} does not start.\n${this.output(name).slice(-TAIL_LINES).join('\n')}`);
  }

  /** Returns all lines that a process has logged. */
  output(name: string): string[] {
    return readFileSync(this.file(name, 'log'), 'utf8').split('\n').filter(Boolean);
  }

  /** Returns the product's warnings: it logs JSON, and only warnings here. */
  warnings(): string[] {
    return [...this.children.keys()].flatMap((name) => {
      const lines = this.output(name).filter((line) => line.startsWith('{'));
      const [last] = lines.slice(-1);
      return last ? [`${name} logged ${lines.length} line${lines.length === 1 ? '' : 's'}, at last: ${last}`] : [];
    });
  }

  async disband(): Promise<void> {
    this.disbanded = true;
    const gone = [...this.children.values()].map((child) => {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      child.kill('SIGKILL');
      return new Promise((resolve) => child.once('exit', resolve));
    });
    await Promise.all(gone);
    for (const name of this.children.keys()) rmSync(this.file(name, 'pid'), { force: true });
    process.off('exit', this.onExit);
  }

  private file(name: string, extension: string): string {
    return path.join(this.folder, `${name}.${extension}`);
  }
}
