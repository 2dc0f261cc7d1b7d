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
  use<T>(work: (child: Child) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function createPool({ start, concurrency, layers }: PoolOptions): Pool {
  const alive = new Set<Child>();
  const waiting: (() => void)[] = [];
  let working = 0;
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
  const enter = async () => {
    if (working >= concurrency) await new Promise<void>((resolve) => waiting.push(resolve));
    else working++;
  };
  /** A place is handed on rather than freed, so that no newcomer takes it from one who waits. */
  const leave = () => {
    const next = waiting.shift();
    if (next) next();
    else working--;
  };
  return {
    layers,
    async use(work) {
      await enter();
      const child = take();
      try {
        return await work(child);
      } finally {
        await child.stop();
        alive.delete(child);
        if (!closed) warm ??= launch();
        leave();
      }
    },
    async close() {
      closed = true;
      await Promise.all([...alive].map((child) => child.stop()));
    },
  };
}
