/** Children of one kind: one is warm, each is used once, and so many are at work at most. */
import type { Child } from './child';

export interface PoolOptions {
  start(): Child;
  concurrency: number;
  /** The walls around its children, for people. */
  layers: string[];
}

export interface Pool {
  readonly layers: string[];
  /** Throws the signal's reason once it is aborted: who waits leaves the queue, and a child at work is killed. */
  use<T>(work: (child: Child) => Promise<T>, signal?: AbortSignal): Promise<T>;
  close(): Promise<void>;
}

export function createPool({ start, concurrency, layers }: PoolOptions): Pool {
  const alive = new Set<Child>();
  const places = createPlaces(concurrency);
  let closed = false;
  const launch = () => {
    const child = start();
    alive.add(child);
    return child;
  };
  let warm: Child | undefined = launch();
  const take = () => {
    const child = warm ?? launch();
    warm = undefined;
    return child;
  };
  return {
    layers,
    async use(work, signal) {
      await places.take(signal);
      const child = take();
      const stop = () => void child.stop();
      signal?.addEventListener('abort', stop, { once: true });
      try {
        const result = await work(child);
        signal?.throwIfAborted();
        return result;
      } finally {
        signal?.removeEventListener('abort', stop);
        await child.stop();
        alive.delete(child);
        if (!closed) warm ??= launch();
        places.leave();
      }
    },
    async close() {
      closed = true;
      await Promise.all([...alive].map((child) => child.stop()));
    },
  };
}

/** So many at a time, the others in the order in which they came. */
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
    /** A place is handed on rather than freed, so that no newcomer takes it from one who waits. */
    leave(): void {
      const next = waiting.shift();
      if (next) next();
      else taken--;
    },
  };
}
