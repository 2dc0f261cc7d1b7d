/**
 * Keeps child processes running: restarts a child that dies, stops them in order, and writes each child's output to its own log. Children
 * have their own process groups, so that Ctrl-C reaches only the supervisor.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartFailure } from '../../bootstrap/failure.cjs';
import { openLog, readLogTail } from './log-files';
import type { PidFiles } from './pid-files';

const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 5000;
/** A child that lived this long was healthy; its next death counts as its first. */
const WELL_AFTER_MS = 10_000;
/** Consecutive early deaths after which a child counts as unable to start. */
const HOPELESS_AFTER = 3;
/** A child that keeps dying is reported each time at first, then about once a minute. */
const REPORTS = 5;
const THEN_EVERY = 12;

export interface ChildSpec {
  name: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
  /** How long it may take to stop after SIGTERM. */
  graceMs: number;
}

interface Surroundings {
  logDir: string;
  pidFiles: PidFiles;
  say: (line: string) => void;
}

/** One child process and its restarts. */
class Child {
  /** Whether it was ready once: from then on, it is always restarted. */
  settled = false;
  private process: ChildProcess | undefined;
  private ended: Promise<void> = Promise.resolve();
  private delayMs = FIRST_DELAY_MS;
  private earlyDeaths = 0;
  private logStart = 0;
  private stopping = false;
  private wakeUp = new AbortController();

  /** `giveUp` is called for a child that does not start, until it is settled. */
  constructor(
    readonly spec: ChildSpec,
    private readonly around: Surroundings,
    private readonly giveUp: (failure: StartFailure) => void,
  ) {}

  start(): void {
    const { name, command, args, env, cwd } = this.spec;
    const log = openLog(this.around.logDir, name);
    this.logStart = log.size;
    const startedAt = Date.now();
    // The child holds its log open itself, so it can still write after the supervisor was killed.
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', log.fd, log.fd], detached: true });
    log.close();
    this.process = child;
    if (child.pid) this.around.pidFiles.record(name, child.pid);
    this.ended = waitForEnd(child).then((ending) => {
      this.process = undefined;
      this.around.pidFiles.forget(name);
      if (!this.stopping) void this.startAgain(ending, Date.now() - startedAt);
    });
  }

  /** Sends SIGTERM, and SIGKILL after the grace period. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wakeUp.abort();
    this.process?.kill('SIGTERM');
    const insist = setTimeout(() => this.kill(), this.spec.graceMs);
    await this.ended;
    clearTimeout(insist);
  }

  /** Stops and restarts it, unless everything is stopped in the meantime. */
  async restart(isClosing: () => boolean): Promise<void> {
    await this.stop();
    if (isClosing()) return;
    this.stopping = false;
    this.wakeUp = new AbortController();
    this.earlyDeaths = 0;
    this.tryToStart();
  }

  kill(): void {
    this.stopping = true;
    this.wakeUp.abort();
    this.process?.kill('SIGKILL');
    this.around.pidFiles.forget(this.spec.name);
  }

  readLastLines(): string[] {
    return readLogTail(this.around.logDir, this.spec.name, this.logStart);
  }

  private async startAgain(ending: string, livedMs: number): Promise<void> {
    if (livedMs >= WELL_AFTER_MS) {
      this.delayMs = FIRST_DELAY_MS;
      this.earlyDeaths = 0;
    }
    this.earlyDeaths += 1;
    const { delayMs } = this;
    this.delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
    if (this.earlyDeaths >= HOPELESS_AFTER && !this.settled) return this.giveUp(this.describeFailure(ending));
    this.report(`${this.spec.name} ended (${ending}); starting it again in ${delayMs / 1000} s`);
    await sleep(delayMs, undefined, { signal: this.wakeUp.signal }).catch(() => undefined);
    if (!this.stopping) this.tryToStart();
  }

  /** If memory or disk is short, starting the process itself fails; that counts as an early death. */
  private tryToStart(): void {
    try {
      this.start();
    } catch (error) {
      void this.startAgain(String(error), 0);
    }
  }

  private report(line: string): void {
    if (this.earlyDeaths > REPORTS && this.earlyDeaths % THEN_EVERY) return;
    this.around.say(line);
    if (this.earlyDeaths === HOPELESS_AFTER) this.readLastLines().forEach((last) => this.around.say(`  | ${last}`));
  }

  private describeFailure(ending: string): StartFailure {
    const { name } = this.spec;
    return new StartFailure(
      `${name} does not start (${ending}).`,
      `See ${this.around.logDir}/${name}.log; repair what it says there and start again.`,
      this.readLastLines(),
    );
  }
}

/** Resolves to a description of how it ended. */
function waitForEnd(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

export interface Supervisor {
  /** Rejects if a child does not start; never resolves. */
  failed: Promise<never>;
  start(spec: ChildSpec): void;
  /** From now on, every child that dies is restarted. */
  settle(): void;
  /** Restarts these children in parallel. */
  restart(names: string[]): Promise<void>;
  stopAll(order: string[]): Promise<void>;
  killAll(): void;
  /** Returns the child's last log lines since its start. */
  readLastLines(name: string): string[];
}

export function createSupervisor(around: Surroundings): Supervisor {
  const children: Child[] = [];
  let closing = false;
  let giveUp: (failure: StartFailure) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => (giveUp = reject));
  failed.catch(() => undefined);
  return {
    failed,
    start(spec) {
      const child = new Child(spec, around, giveUp);
      children.push(child);
      child.start();
    },
    settle() {
      for (const child of children) child.settled = true;
    },
    async restart(names) {
      const chosen = children.filter((child) => names.includes(child.spec.name));
      await Promise.all(chosen.map((child) => child.restart(() => closing)));
    },
    async stopAll(order) {
      closing = true;
      const inOrder = order.flatMap((name) => children.filter((child) => child.spec.name === name));
      for (const child of inOrder) await child.stop();
    },
    killAll() {
      closing = true;
      for (const child of children) child.kill();
    },
    readLastLines: (name) => children.find((child) => child.spec.name === name)?.readLastLines() ?? [],
  };
}
