/** A pool of single-use processes, with warm spares and a concurrency limit. */
import type { Child } from './child';
import { describeProblem } from './isolation';

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;
/** How long spares are kept after the last use of a pool. */
const IDLE_MS = 5 * 60_000;

export interface PoolOptions {
  /** Starts a process; resolves when it accepts an order. */
  start(): Promise<Child>;
  concurrency: number;
  /** The number of warm processes that wait while the pool is in use: one always, more while `hasMemory` allows it. The default is one. */
  spares?: number;
  hasMemory?(): boolean;
  /** Milliseconds without a use after which no spares are kept. */
  idleMs?: number;
}

export interface Pool {
  /** Rejects with the signal's reason when it is aborted: the caller leaves the queue, or its process is killed. */
  use<T>(work: (child: Child) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Starts a spare process if there is none, because a use is expected soon. */
  prepare(): void;
  /** Resolves when a spare process is warm. */
  warm(): Promise<void>;
  /** Why the last process did not start; undefined after a successful start. */
  problem(): string | undefined;
  close(): Promise<void>;
}

export function createPool(options: PoolOptions): Pool {
  const places = createPlaces(options.concurrency);
  const starter = createStarter(options);
  const idle = createIdleTimer(options.idleMs ?? IDLE_MS, () => void starter.stopSpares());
  return {
    async use(work, signal) {
      idle.restart();
      await places.take(signal);
      let child: Child | undefined;
      const stop = () => void child?.stop();
      try {
        child = await keepRunning(starter.take(signal));
        signal?.addEventListener('abort', stop, { once: true });
        const result = await work(child);
        signal?.throwIfAborted();
        return result;
      } finally {
        signal?.removeEventListener('abort', stop);
        if (child) await starter.stop(child);
        starter.prepare();
        places.leave();
        idle.restart();
      }
    },
    prepare() {
      idle.restart();
      starter.prepare();
    },
    async warm() {
      idle.restart();
      await keepRunning(starter.warm());
    },
    problem: starter.problem,
    async close() {
      idle.stop();
      await keepRunning(starter.close());
    },
  };
}

/**
 * Keeps spare processes. They are started one at a time, so that they do not slow down running programs. If starts fail, it retries with
 * increasing delays, so that a recovery is detected without a caller.
 */
function createStarter({ start, spares: most = 1, hasMemory = () => true }: PoolOptions) {
  const spares: Promise<Child>[] = [];
  const launcher = createLauncher(start, {
    onRetry() {
      if (spares.length === 0) void addSpare();
    },
    onIdle: () => prepare(),
    onFailed(launched) {
      const at = spares.indexOf(launched);
      if (at >= 0) void spares.splice(at, 1);
    },
  });
  const { launch, stop } = launcher;
  function addSpare(): Promise<Child> {
    const spare = launch();
    spares.push(spare);
    return spare;
  }
  function prepare(): void {
    if (launcher.isClosed() || launcher.problem() !== undefined) return;
    const isWanted = spares.length === 0 || (spares.length < most && !launcher.isAtWork() && hasMemory());
    if (isWanted) void addSpare();
  }
  const takeSpare = async (signal?: AbortSignal) => {
    const taken = spares.shift() ?? launch();
    return untilAborted(taken, signal).catch((error: unknown) => {
      // keep it for the next caller
      if (signal?.aborted && spares.length < most) spares.unshift(taken);
      else taken.then(stop, () => undefined);
      throw error;
    });
  };
  return {
    prepare,
    stop,
    async stopSpares() {
      const waiting = await Promise.allSettled(spares.splice(0));
      await Promise.all(waiting.map((one) => one.status === 'fulfilled' && stop(one.value)));
    },
    problem: launcher.problem,
    warm: async () => void (await (spares[0] ?? addSpare())),
    async take(signal?: AbortSignal): Promise<Child> {
      for (let left = spares.length + 1; ; left--) {
        const child = await takeSpare(signal);
        if (child.isAlive || left === 0) return child;
        // it was killed while it waited
        await stop(child);
      }
    },
    close: launcher.close,
  };
}

interface LauncherEvents {
  /** Called when it is time to retry after a failure. */
  onRetry(): void;
  /** Called when a start has finished, successfully or not. */
  onIdle(): void;
  onFailed(launched: Promise<Child>): void;
}

function createLauncher(start: () => Promise<Child>, { onRetry, onIdle, onFailed }: LauncherEvents) {
  const alive = new Set<Child>();
  const starting = new Set<Promise<Child>>();
  let problem: string | undefined;
  let closed = false;
  const retry = createBackoff(onRetry);
  const stop = async (child: Child) => {
    await child.stop();
    alive.delete(child);
  };
  const started = (child: Child) => {
    alive.add(child);
    problem = undefined;
    retry.reset();
  };
  const failed = (launched: Promise<Child>, error: unknown) => {
    problem = describeProblem(error);
    onFailed(launched);
    if (!closed) retry.schedule();
  };
  return {
    launch(): Promise<Child> {
      retry.cancel();
      const launched = start();
      starting.add(launched);
      void launched
        .then(started, (error: unknown) => failed(launched, error))
        .finally(() => starting.delete(launched))
        .then(onIdle);
      return launched;
    },
    stop,
    problem: () => problem,
    isClosed: () => closed,
    isAtWork: () => starting.size > 0,
    async close() {
      closed = true;
      retry.cancel();
      await Promise.allSettled(starting);
      await Promise.all([...alive].map(stop));
    },
  };
}

/** A waiting process does not keep this one alive; a caller that waits for a process does. */
async function keepRunning<T>(promise: Promise<T>): Promise<T> {
  const hold = setInterval(() => undefined, 1000);
  return promise.finally(() => clearInterval(hold));
}

/** Calls `expire` when `ms` have passed since the last restart. */
function createIdleTimer(ms: number, expire: () => void) {
  let timer: NodeJS.Timeout | undefined;
  const stop = () => clearTimeout(timer);
  return {
    stop,
    restart(): void {
      stop();
      timer = setTimeout(expire, ms).unref();
    },
  };
}

/** Schedules one retry at a time, with a delay that doubles after each failure. */
function createBackoff(run: () => void) {
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  const cancel = () => clearTimeout(timer);
  return {
    cancel,
    reset: () => void (failures = 0),
    schedule(): void {
      cancel();
      timer = setTimeout(run, Math.min(FIRST_RETRY_MS * 2 ** failures++, LONGEST_RETRY_MS)).unref();
    },
  };
}

/** The promise itself is not cancelled, so its result can be used by the next caller. */
async function untilAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise;
  signal.throwIfAborted();
  let onAbort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}

/** A semaphore with `count` places; waiters are admitted in first-in, first-out order. */
function createPlaces(count: number) {
  const waiting: (() => void)[] = [];
  let taken = 0;
  return {
    async take(signal?: AbortSignal): Promise<void> {
      signal?.throwIfAborted();
      if (taken < count) return void taken++;
      await new Promise<void>((resolve, reject) => {
        const abandon = () => {
          waiting.splice(waiting.indexOf(admit), 1);
          reject(signal?.reason as Error);
        };
        const admit = () => {
          signal?.removeEventListener('abort', abandon);
          resolve();
        };
        signal?.addEventListener('abort', abandon, { once: true });
        waiting.push(admit);
      });
    },
    /** Hands the place to the next waiter instead of freeing it, so that no newcomer can take it first. */
    leave(): void {
      const next = waiting.shift();
      if (next) next();
      else taken--;
    },
  };
}
