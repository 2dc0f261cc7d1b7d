// @ts-check
// Keeps child processes running: a child that dies is started again, a stop takes them down in order, and what a child
// says goes to its own log. Children get process groups of their own, so that Ctrl-C reaches only the supervisor.

import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLog, tailLog } from './log-files.mjs';
import { StartFailure } from './failure.mjs';

const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 5000;
/** A child that lived this long was well; its next death is a new story. */
const WELL_AFTER_MS = 10_000;
/** Early deaths in a row that mean "it does not start", not "it was hit". */
const HOPELESS_AFTER = 3;
/** A child that keeps dying is reported each time at first, then about once a minute. */
const REPORTS = 5;
const THEN_EVERY = 12;

/**
 * @typedef {object} ChildSpec
 * @property {string} name
 * @property {string} command
 * @property {string[]} args
 * @property {Record<string, string>} env
 * @property {string} cwd
 * @property {number} graceMs how long it may take to stop after SIGTERM
 */

/**
 * @typedef {object} Surroundings
 * @property {string} logDir
 * @property {ReturnType<typeof import('./pid-files.mjs').createPidFiles>} pidFiles
 * @property {(line: string) => void} say
 * @property {(failure: StartFailure) => void} giveUp called for a child that will not start, until `settled`
 */

/** One child and its successors. */
class Child {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;
  #delayMs = FIRST_DELAY_MS;
  #earlyDeaths = 0;
  #logStart = 0;
  #stopping = false;
  /** @type {Promise<void>} */
  #ended = Promise.resolve();
  #wakeUp = new AbortController();
  settled = false;

  /**
   * @param {ChildSpec} spec
   * @param {Surroundings} around
   */
  constructor(spec, around) {
    this.spec = spec;
    this.around = around;
  }

  start() {
    const { name, command, args, env, cwd } = this.spec;
    const log = openLog(this.around.logDir, name);
    this.#logStart = log.size;
    const startedAt = Date.now();
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', log.fd, log.fd], detached: true });
    log.close();
    this.#process = child;
    if (child.pid) this.around.pidFiles.record(name, child.pid);
    this.#ended = endOf(child).then((ending) => {
      this.#process = undefined;
      this.around.pidFiles.forget(name);
      if (!this.#stopping) void this.#startAgain(ending, Date.now() - startedAt);
    });
  }

  /** Asks it to end, and insists when its grace is over. */
  async stop() {
    this.#stopping = true;
    this.#wakeUp.abort();
    this.#process?.kill('SIGTERM');
    const insist = setTimeout(() => this.kill(), this.spec.graceMs);
    await this.#ended;
    clearTimeout(insist);
  }

  kill() {
    this.#stopping = true;
    this.#wakeUp.abort();
    this.#process?.kill('SIGKILL');
    this.around.pidFiles.forget(this.spec.name);
  }

  lastWords() {
    return tailLog(this.around.logDir, this.spec.name, this.#logStart);
  }

  /**
   * @param {string} ending
   * @param {number} livedMs
   */
  async #startAgain(ending, livedMs) {
    if (livedMs >= WELL_AFTER_MS) {
      this.#delayMs = FIRST_DELAY_MS;
      this.#earlyDeaths = 0;
    }
    this.#earlyDeaths += 1;
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
    if (this.#earlyDeaths >= HOPELESS_AFTER && !this.settled) return this.#giveUp(ending);
    this.#report(`${this.spec.name} ended (${ending}); starting it again in ${delayMs / 1000} s`);
    await sleep(delayMs, undefined, { signal: this.#wakeUp.signal }).catch(() => undefined);
    if (!this.#stopping) this.#tryToStart();
  }

  /** A machine short of memory or disk refuses the start itself; that is one more early death. */
  #tryToStart() {
    try {
      this.start();
    } catch (error) {
      void this.#startAgain(String(error), 0);
    }
  }

  /** @param {string} line */
  #report(line) {
    if (this.#earlyDeaths > REPORTS && this.#earlyDeaths % THEN_EVERY) return;
    this.around.say(line);
    if (this.#earlyDeaths === HOPELESS_AFTER) this.lastWords().forEach((word) => this.around.say(`  | ${word}`));
  }

  /** @param {string} ending */
  #giveUp(ending) {
    const { name } = this.spec;
    const what = `${name} does not start (${ending}).`;
    this.around.giveUp(
      new StartFailure(
        what,
        `See ${this.around.logDir}/${name}.log; mend what it says there and start again.`,
        this.lastWords(),
      ),
    );
  }
}

/** @param {import('node:child_process').ChildProcess} child @returns {Promise<string>} */
function endOf(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

/**
 * @param {Omit<Surroundings, 'giveUp'>} around
 */
export function createSupervisor(around) {
  /** @type {Child[]} */
  const children = [];
  /** @type {(failure: StartFailure) => void} */
  let giveUp = () => undefined;
  /** @type {Promise<never>} */
  const failed = new Promise((_resolve, reject) => (giveUp = reject));
  failed.catch(() => undefined);

  return {
    /** Rejects when a child will not start; never settles otherwise. */
    failed,
    /** @param {ChildSpec} spec */
    start(spec) {
      const child = new Child(spec, { ...around, giveUp });
      children.push(child);
      child.start();
    },
    /** From now on every death is answered by a new start. */
    settle() {
      for (const child of children) child.settled = true;
    },
    /** @param {string[]} order */
    async stopAll(order) {
      const inOrder = order.flatMap((name) => children.filter((child) => child.spec.name === name));
      for (const child of inOrder) await child.stop();
    },
    killAll() {
      for (const child of children) child.kill();
    },
    /** @param {string} name */
    lastWords(name) {
      return children.find((child) => child.spec.name === name)?.lastWords() ?? [];
    },
  };
}
