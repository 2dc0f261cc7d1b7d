/** One process that runs one program: empty environment, walls around it, limits, and SIGKILL when it goes beyond them. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Overrun } from '../contract/checks';
import type { Order } from './inside/engine';
import { OUTPUT_OVERRUN, type News } from './inside/news';
import { memoryOf } from './memory-of';

const WATCH_INTERVAL_MS = 50;
/** The interpreter itself, its JavaScript engine and its compiled code. */
const OVERHEAD_BYTES = 400 * 1024 * 1024;
const WARM_UP_LIMIT_MS = 60_000;
const ERROR_LIMIT = 2000;

export interface ChildOptions {
  command: string[];
  memoryBytes: number;
}

/** How a child ended: by itself, at a limit, or `undefined` limit with what it wrote to stderr when it just broke. */
export interface ChildEnd {
  killed?: Overrun;
  complaint?: string;
}

/** A child that is started, and from its first word on ready for one order. */
export class Child {
  /** Resolves when it can take an order; rejects when it died before. */
  readonly ready: Promise<void>;
  /** Most memory that was seen, in bytes. */
  peakBytes = 0;
  private readonly process: ChildProcess;
  private readonly exited: Promise<void>;
  private onNews: (news: News) => void = () => undefined;
  private complaint = '';
  private killed: Overrun | undefined;

  constructor(private readonly options: ChildOptions) {
    const [program = '', ...args] = options.command;
    this.process = spawn(program, args, { env: {}, cwd: '/', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.exited = new Promise((resolve) => {
      this.process.once('exit', (code) => {
        if (code === OUTPUT_OVERRUN) this.killed ??= 'output';
        resolve();
      });
      this.process.once('error', (error) => {
        this.complaint ||= error.message;
        resolve();
      });
    });
    this.process.stderr?.on('data', (data: Buffer) => {
      this.complaint = (this.complaint + data.toString()).slice(0, ERROR_LIMIT);
    });
    this.process.on('message', (news: News) => this.onNews(news));
    this.ready = this.becomeReady();
    this.ready.catch(() => undefined);
    // a warm child does not keep its parent from ending
    this.process.unref();
    this.process.channel?.unref();
  }

  /** Has the order carried out; resolves at the process's end, when all that it had to say was said. */
  async carryOut(order: Order, wallMs: number, onNews: (news: News) => void): Promise<ChildEnd> {
    await this.ready;
    this.process.channel?.ref();
    this.process.ref();
    let finished = false;
    this.onNews = (news) => {
      if (news.kind === 'done') finished = true;
      onNews(news);
    };
    const timer = setTimeout(() => this.kill('time'), wallMs);
    const watch = setInterval(() => this.watchMemory(), WATCH_INTERVAL_MS);
    try {
      this.process.send(order);
      await this.exited;
    } finally {
      clearTimeout(timer);
      clearInterval(watch);
    }
    if (this.killed) return { killed: this.killed };
    return finished ? {} : { complaint: this.complaint || 'The interpreter ended without a word.' };
  }

  /** Ends it, whatever it does; not while its walls are being put up, because bubblewrap would leave a half behind. */
  async stop(): Promise<void> {
    await this.ready.catch(() => undefined);
    this.process.kill('SIGKILL');
    await this.exited;
    this.process.stderr?.destroy();
  }

  private async becomeReady(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const warm = new Promise<true>((resolve) => (this.onNews = (news) => news.kind === 'warm' && resolve(true)));
    const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, WARM_UP_LIMIT_MS).unref()));
    const isWarm = await Promise.race([warm, this.exited, limit]);
    clearTimeout(timer);
    if (isWarm) return;
    this.process.kill('SIGKILL');
    throw new Error(`A sandbox process did not start. ${this.complaint}`);
  }

  private kill(limit: Overrun): void {
    this.killed ??= limit;
    this.process.kill('SIGKILL');
  }

  private watchMemory(): void {
    const bytes = memoryOf(this.process.pid ?? -1);
    this.peakBytes = Math.max(this.peakBytes, bytes);
    if (bytes > this.options.memoryBytes + OVERHEAD_BYTES) this.kill('memory');
  }
}
