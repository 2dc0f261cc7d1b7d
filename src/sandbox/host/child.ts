/**
 * A process that runs one program: with an empty environment, behind isolation layers and with limits; it is killed with SIGKILL if it
 * exceeds one.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setPriority } from 'node:os';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Overrun } from '../../contract/checks';
import { Channel, ChannelClosed } from './channel';
import { ANSWER_FD, OUTPUT_OVERRUN, REQUEST_FD, TAMPERED } from '../guest/protocol';
import { readResidentMemory } from './resident-memory';

const WATCH_INTERVAL_MS = 50;
/** Memory of the interpreter itself, its JavaScript engine and its compiled code. */
const OVERHEAD_BYTES = 400 * 1024 * 1024;
const WARM_UP_LIMIT_MS = 60_000;
const COMPLAINT_LIMIT = 2000;
/** Generated code yields to the streams of runs: on a contended core, this niceness gives it a third of the share of other processes. */
const NICENESS = 5;
/** The maximum time between the exit of a child and the end of its pipes, in either order. */
const ENDING_MS = 2000;

export interface ChildOptions {
  command: string[];
  /** A file for its standard input. */
  input?: string;
  memoryBytes: number;
  /** The maximum output of the program, in characters. */
  outputLimit: number;
}

/**
 * How a child ended. Empty if it answered all requests; otherwise the limit at which it was killed, how it broke the protocol, or what it
 * wrote to stderr before it exited.
 */
export interface ChildEnd {
  killed?: Overrun;
  tampered?: string;
  complaint?: string;
}

export type SendCommand = Channel['ask'];

export interface ConversationLimits {
  wallMs: number;
  onOutput(text: string): void;
}

/** A started child, which accepts requests once it is warm. */
export class Child {
  /** Resolves when it accepts requests; rejects if it exits before. */
  readonly ready: Promise<void>;
  /** The highest memory use that was observed, in bytes. */
  peakBytes = 0;
  /** Whether the process is still running. */
  isAlive = true;
  private readonly process: ChildProcess;
  private readonly channel: Channel;
  /** Resolves when the process has exited and no more data can arrive from it. */
  private readonly over: Promise<void>;
  private markWarm: () => void = () => undefined;
  private markSilent: () => void = () => undefined;
  private onOutput: (text: string) => void = () => undefined;
  private complaint = '';
  private killed: Overrun | undefined;
  private tampered: string | undefined;

  constructor(private readonly options: ChildOptions) {
    const [program = '', ...args] = options.command;
    const input = options.input === undefined ? undefined : openSync(options.input, 'r');
    const stdio = [input ?? 'ignore', 'ignore', 'pipe', 'pipe', 'pipe'] as const;
    this.process = spawn(program, args, { env: {}, cwd: '/', stdio: [...stdio] });
    if (input !== undefined) closeSync(input);
    lowerPriority(this.process.pid);
    const warm = new Promise<true>((resolve) => (this.markWarm = () => resolve(true)));
    const silent = new Promise<void>((resolve) => (this.markSilent = resolve));
    this.channel = this.openChannel();
    const exited = this.watchExit();
    this.over = exited.then(async () => {
      await Promise.race([silent, sleep(ENDING_MS, undefined, { ref: false })]);
      this.silence();
      this.process.stderr?.destroy();
    });
    this.collectComplaint();
    this.ready = this.becomeReady(warm);
    this.ready.catch(() => undefined);
    this.keepParent(false);
  }

  /** Calls `work` to send requests; resolves when the child has exited. Rethrows what `work` throws. */
  async converse(
    work: (ask: SendCommand) => Promise<void>,
    { wallMs, onOutput }: ConversationLimits,
  ): Promise<ChildEnd> {
    this.keepParent(true);
    await this.ready;
    this.onOutput = onOutput;
    const timer = setTimeout(() => this.kill('time'), wallMs);
    const watch = setInterval(() => this.watchMemory(), WATCH_INTERVAL_MS);
    try {
      const finished = await this.work(work);
      await this.over;
      return this.describeEnd(finished);
    } finally {
      clearTimeout(timer);
      clearInterval(watch);
    }
  }

  /** Kills the child, but not while its layers are being set up: bubblewrap would leave a half-started process behind. */
  async stop(): Promise<void> {
    this.keepParent(true);
    await this.ready.catch(() => undefined);
    this.silence();
    this.process.kill('SIGKILL');
    await this.over;
  }

  /** Whether `work` completed. */
  private async work(work: (ask: SendCommand) => Promise<void>): Promise<boolean> {
    try {
      await work((request) => this.channel.ask(request));
    } catch (error) {
      if (error instanceof ChannelClosed) return false;
      throw error;
    }
    this.channel.finish();
    return true;
  }

  private describeEnd(finished: boolean): ChildEnd {
    const { killed, tampered, complaint } = this;
    if (killed) return { killed };
    if (tampered !== undefined) return { tampered };
    return finished ? {} : { complaint: complaint || 'The interpreter ended without a word.' };
  }

  private openChannel(): Channel {
    // there are no pipes if the process could not be started
    const pipes = (this.process.stdio as ChildProcess['stdio'] | undefined) ?? [];
    return new Channel({
      requests: (pipes[REQUEST_FD] as Socket | undefined) ?? new PassThrough(),
      answers: (pipes[ANSWER_FD] as Socket | undefined) ?? new PassThrough(),
      outputLimit: this.options.outputLimit,
      onWarm: () => this.markWarm(),
      onOutput: (text) => this.onOutput(text),
      onOverrun: () => this.kill('output'),
      onTampering: (why) => this.endForTampering(why),
      onEnd: () => void this.endAfterItsPipe(),
    });
  }

  private watchExit(): Promise<void> {
    return new Promise((resolve) => {
      this.process.once('exit', (code) => {
        this.isAlive = false;
        if (code === OUTPUT_OVERRUN) this.killed ??= 'output';
        if (code === TAMPERED && !this.killed) this.tampered ??= 'the program reached for the host';
        resolve();
      });
      this.process.once('error', (error) => {
        this.isAlive = false;
        this.complaint ||= error.message;
        resolve();
      });
    });
  }

  private collectComplaint(): void {
    const { stderr } = this.process;
    stderr?.on('error', () => undefined);
    stderr?.on('data', (data: Buffer) => {
      this.complaint = (this.complaint + data.toString()).slice(0, COMPLAINT_LIMIT);
      // the rest is not needed
      if (this.complaint.length === COMPLAINT_LIMIT) stderr.destroy();
    });
  }

  private async becomeReady(warm: Promise<true>): Promise<void> {
    const limit = new AbortController();
    const late = sleep(WARM_UP_LIMIT_MS, undefined, { ref: false, signal: limit.signal }).catch(() => undefined);
    const isWarm = await Promise.race([warm, this.over, late]);
    limit.abort();
    if (isWarm) return;
    this.process.kill('SIGKILL');
    throw new Error(`A sandbox process did not start. ${this.tampered ?? this.complaint}`);
  }

  private kill(limit: Overrun): void {
    this.killed ??= limit;
    this.silence();
    this.process.kill('SIGKILL');
  }

  private endForTampering(why: string): void {
    if (!this.killed) this.tampered ??= why;
    this.markSilent();
    this.process.kill('SIGKILL');
  }

  /** A child that closes its pipe without exiting does more than run a program: this counts as tampering. */
  private async endAfterItsPipe(): Promise<void> {
    this.markSilent();
    await Promise.race([this.over, sleep(ENDING_MS, undefined, { ref: false })]);
    if (this.process.exitCode === null && this.process.signalCode === null) this.endForTampering('its pipe was closed');
  }

  /** Ignores all further data. */
  private silence(): void {
    this.channel.close();
    this.markSilent();
  }

  /** A waiting child does not keep the parent process alive; a working one does. */
  private keepParent(isKept: boolean): void {
    const handles = [this.process, ...((this.process.stdio as ChildProcess['stdio'] | undefined) ?? [])];
    for (const handle of handles as (ChildProcess | Socket | null)[]) {
      if (isKept) handle?.ref();
      else handle?.unref();
    }
  }

  private watchMemory(): void {
    const bytes = readResidentMemory(this.process.pid ?? -1);
    this.peakBytes = Math.max(this.peakBytes, bytes);
    if (bytes > this.options.memoryBytes + OVERHEAD_BYTES) this.kill('memory');
  }
}

/** Must run before the process starts others, which inherit its priority. */
function lowerPriority(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, NICENESS);
  } catch {
    // it has already exited
  }
}
