/**
 * Shows the progress of a long start. On a terminal each running step has lines that are redrawn in place; elsewhere it prints a line
 * every five seconds. Everything goes to stderr, so that stdout contains only results.
 */
import { createLogUpdate } from 'log-update';
import { toPrintable, toPrintableLine } from '../printable';

const REDRAW_MS = 150;
const PLAIN_REDRAW_MS = 1000;
const PLAIN_LINE_MS = 5000;
const LABEL_WIDTH = 22;
const BAR_WIDTH = 20;

/** A running step. */
export interface ProgressStep {
  /** Sets the current action. A step that never calls this stays silent: it had nothing to do. */
  update(text: string): void;
  /** Sets the progress of a transfer; `update` has named it. */
  showBytes(done: number, total: number): void;
}

export interface ProgressDisplay {
  /** Prints a permanent line. */
  say(line: string): void;
  /** Runs one step; its last text stays on the screen if it had any. */
  run<Result>(label: string, work: (step: ProgressStep) => Promise<Result>): Promise<Result>;
}

/** Passed to each part of a start. */
export interface Context {
  progress: ProgressDisplay;
  signal: AbortSignal;
}

/** Passed to the work of one step. */
export interface StepContext {
  step: ProgressStep;
  signal: AbortSignal;
}

class ShownStep implements ProgressStep {
  text = '';
  shownAt = 0;
  private readonly startedAt = Date.now();
  private bytes: { done: number; total: number } | undefined;

  constructor(
    private readonly label: string,
    private readonly onUpdate: () => void,
  ) {}

  update(text: string): void {
    this.text = toPrintableLine(text);
    this.bytes = undefined;
    this.onUpdate();
  }

  showBytes(done: number, total: number): void {
    this.bytes = { done, total };
    this.onUpdate();
  }

  render(): string {
    const seconds = Math.floor((Date.now() - this.startedAt) / 1000);
    const bar = this.bytes ? ` ${renderBytes(this.bytes)}` : '';
    return `  ${this.label.padEnd(LABEL_WIDTH)} ${String(seconds).padStart(4)} s  ${this.text}${bar}`;
  }
}

function renderBytes({ done, total }: { done: number; total: number }): string {
  const share = Math.min(1, done / total);
  const bar = '='.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH);
  const megabytes = [done, total].map((bytes) => (bytes / 1e6).toFixed(0));
  return `[${bar}] ${String(Math.floor(share * 100)).padStart(3)} %  ${megabytes.join(' of ')} MB`;
}

interface Screen {
  redrawMs: number;
  /** Shows the current actions of the running steps. */
  refresh(steps: ShownStep[]): void;
  /** Prints a permanent line. */
  say(line: string): void;
}

/** A terminal: the lines of the running steps are at the bottom, redrawn in place. */
function createLiveScreen(stream: NodeJS.WriteStream): Screen {
  const foot = createLogUpdate(stream, { showCursor: true });
  return {
    redrawMs: REDRAW_MS,
    refresh: (steps) => (steps.length ? foot(steps.map((step) => step.render()).join('\n')) : foot.clear()),
    say: (line) => foot.persist(line),
  };
}

/** A file or a pipe: lines are only appended. */
function createPlainScreen(stream: NodeJS.WriteStream): Screen {
  const say = (line: string) => void stream.write(`${line}\n`);
  return {
    redrawMs: PLAIN_REDRAW_MS,
    refresh(steps) {
      for (const step of steps.filter(({ shownAt }) => Date.now() - shownAt >= PLAIN_LINE_MS)) {
        step.shownAt = Date.now();
        say(step.render());
      }
    },
    say,
  };
}

export function createProgress(stream: NodeJS.WriteStream = process.stderr): ProgressDisplay {
  const isTerminal = Boolean(stream.isTTY) && process.env.TERM !== 'dumb';
  const screen = isTerminal ? createLiveScreen(stream) : createPlainScreen(stream);
  const running = new Set<ShownStep>();
  const refresh = () => screen.refresh([...running].filter((step) => step.text));
  return {
    say: (line) => screen.say(toPrintable(line)),
    async run(label, work) {
      const step = new ShownStep(label, isTerminal ? () => undefined : refresh);
      const timer = setInterval(refresh, screen.redrawMs);
      running.add(step);
      try {
        const result = await work(step);
        running.delete(step);
        if (step.text) screen.say(step.render());
        return result;
      } finally {
        running.delete(step);
        clearInterval(timer);
        refresh();
      }
    },
  };
}
