// @ts-check
// Shows what a long start is doing. On a terminal each running step has one line that is redrawn in place; elsewhere a
// plain line per step every five seconds. Everything goes to stderr, so that stdout holds results only.

const REDRAW_MS = 150;
const PLAIN_LINE_MS = 5000;
const LABEL_WIDTH = 22;
const BAR_WIDTH = 20;

/** @typedef {ReturnType<typeof createProgress>} Progress */

/** One step as long as it runs. */
export class Step {
  text = '';
  startedAt = Date.now();
  shownAt = 0;
  /** @type {{done: number, total: number} | undefined} */
  #bytes;

  /**
   * @param {string} label
   * @param {() => void} onNews
   */
  constructor(label, onNews) {
    this.label = label;
    this.onNews = onNews;
  }

  /**
   * Says what the step is doing now. A step that never does stays silent: it had nothing to do.
   * @param {string} text
   */
  update(text) {
    this.text = text;
    this.#bytes = undefined;
    this.onNews();
  }

  /**
   * Says how far a transfer is; `update` has said of what.
   * @param {number} done
   * @param {number} total
   */
  bytes(done, total) {
    this.#bytes = { done, total };
    this.onNews();
  }

  seconds() {
    return Math.floor((Date.now() - this.startedAt) / 1000);
  }

  render() {
    const bar = this.#bytes ? ` ${renderBytes(this.#bytes)}` : '';
    return `  ${this.label.padEnd(LABEL_WIDTH)} ${String(this.seconds()).padStart(4)} s  ${this.text}${bar}`;
  }
}

/** @param {{done: number, total: number}} transfer */
function renderBytes({ done, total }) {
  const share = Math.min(1, done / total);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = `[${'='.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}]`;
  return `${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${megabytes(done)} of ${megabytes(total)} MB`;
}

/** @param {number} bytes */
function megabytes(bytes) {
  return (bytes / 1e6).toFixed(0);
}

/** A terminal: one line for each running step at the foot, redrawn in place. */
class LiveScreen {
  redrawMs = REDRAW_MS;
  #drawn = 0;

  /** @param {NodeJS.WriteStream} stream */
  constructor(stream) {
    this.stream = stream;
  }

  /** @param {Step[]} steps */
  refresh(steps) {
    this.say('', steps);
  }

  /**
   * @param {string} line one that stays, above the others
   * @param {Step[]} steps
   */
  say(line, steps) {
    const width = (this.stream.columns || 80) - 1;
    const lines = steps.map((step) => step.render().slice(0, width));
    const erase = this.#drawn ? `\x1b[${this.#drawn}A\x1b[0J` : '';
    this.stream.write(`${erase}${[...(line ? [line] : []), ...lines].map((text) => `${text}\n`).join('')}`);
    this.#drawn = lines.length;
  }
}

/** A file or a pipe: lines only ever follow each other. */
class PlainScreen {
  redrawMs = 1000;

  /** @param {NodeJS.WriteStream} stream */
  constructor(stream) {
    this.stream = stream;
  }

  /** @param {Step[]} steps */
  refresh(steps) {
    for (const step of steps.filter(({ shownAt }) => Date.now() - shownAt >= PLAIN_LINE_MS)) {
      step.shownAt = Date.now();
      this.say(step.render());
    }
  }

  /** @param {string} line */
  say(line) {
    this.stream.write(`${line}\n`);
  }
}

/** @param {NodeJS.WriteStream} [stream] */
export function createProgress(stream = process.stderr) {
  const isTerminal = Boolean(stream.isTTY) && process.env.TERM !== 'dumb';
  const screen = isTerminal ? new LiveScreen(stream) : new PlainScreen(stream);
  /** @type {Set<Step>} */
  const running = new Set();
  const shown = () => [...running].filter((step) => step.text);
  const refresh = () => screen.refresh(shown());

  return {
    /**
     * A line that stays.
     * @param {string} line
     */
    say: (line) => screen.say(line, shown()),
    /**
     * Runs one step; its last words stay on the screen when it had any.
     * @template T
     * @param {string} label
     * @param {(step: Step) => Promise<T>} work
     * @returns {Promise<T>}
     */
    async run(label, work) {
      const step = new Step(label, isTerminal ? () => undefined : refresh);
      const timer = setInterval(refresh, screen.redrawMs);
      running.add(step);
      try {
        const result = await work(step);
        running.delete(step);
        if (step.text) screen.say(step.render(), shown());
        return result;
      } finally {
        running.delete(step);
        clearInterval(timer);
        refresh();
      }
    },
  };
}
