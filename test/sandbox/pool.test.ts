/** The pool of sandbox processes: how many run, how many wait warm, and what happens to those that die while waiting. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../../src/sandbox/host/child';
import { createPool, type PoolOptions } from '../../src/sandbox/host/pool';
import { hasMemoryForSpare, measureCapacity } from '../../src/sandbox/host/capacity';

const MB = 1024 ** 2;

interface FakeChild {
  isAlive: boolean;
  stop(): Promise<void>;
}

/** A pool of children that start immediately. */
function createHarness(options: Partial<PoolOptions> = {}) {
  const started: FakeChild[] = [];
  let starting = 0;
  let mostStarting = 0;
  const start = async () => {
    mostStarting = Math.max(mostStarting, ++starting);
    await sleep(5);
    starting--;
    const child: FakeChild = {
      isAlive: true,
      stop: () => Promise.resolve(void (child.isAlive = false)),
    };
    started.push(child);
    return child as unknown as Child;
  };
  const pool = createPool({ start, concurrency: 2, ...options });
  const warm = () => started.filter(({ isAlive }) => isAlive).length;
  return { pool, started, warm, mostStarting: () => mostStarting };
}

const settled = () => sleep(100);

test('no process starts before one is needed', async () => {
  const { pool, started } = createHarness({ spares: 4 });
  await settled();
  expect(started).toHaveLength(0);
  pool.prepare();
  pool.prepare();
  await settled();
  expect(started).toHaveLength(4);
  await pool.close();
});

test('no process waits after the pool has been idle, and the next program gets a new one', async () => {
  const { pool, started, warm } = createHarness({ spares: 2, idleMs: 300 });
  await pool.use(() => Promise.resolve());
  await settled();
  expect(warm()).toBe(2);
  await sleep(400);
  expect(warm()).toBe(0);
  const before = started.length;
  await pool.use((child) => Promise.resolve(expect(child.isAlive).toBe(true)));
  expect(started.length).toBeGreaterThan(before);
  await pool.close();
});

test('a program that runs longer than the idle time does not lose its process', async () => {
  const { pool } = createHarness({ spares: 1, idleMs: 50 });
  await pool.use(async (child) => {
    await sleep(200);
    expect(child.isAlive).toBe(true);
  });
  await pool.close();
});

test('several processes wait warm, and are started one after the other', async () => {
  const { pool, warm, mostStarting } = createHarness({ spares: 4 });
  pool.prepare();
  await settled();
  expect(warm()).toBe(4);
  expect(mostStarting()).toBe(1);
  await pool.use(() => Promise.resolve());
  await settled();
  expect(warm()).toBe(4);
  await pool.close();
});

test('one process waits warm even if there is no memory for more', async () => {
  const { pool, warm } = createHarness({ spares: 4, hasMemory: () => false });
  pool.prepare();
  await settled();
  expect(warm()).toBe(1);
  await pool.close();
});

test('no program gets a process that died while waiting, as long as another one lives', async () => {
  const { pool, started } = createHarness({ spares: 3 });
  pool.prepare();
  await settled();
  for (const child of started.slice(0, 3)) child.isAlive = false;
  await pool.use((child) => Promise.resolve(expect(child.isAlive).toBe(true)));
  await pool.close();
});

test('a caller that leaves while its process starts leaves it to the next caller', async () => {
  const { pool, started } = createHarness({ spares: 1 });
  await expect(pool.use(() => sleep(1), AbortSignal.timeout(1))).rejects.toThrow();
  await pool.use(() => Promise.resolve());
  await pool.close();
  expect(started.length).toBeLessThanOrEqual(2);
});

test.each([
  ['two programs at once, whatever the machine', { processors: 1, availableBytes: 100 * MB }, 2],
  ['as many as there are processors', { processors: 6, availableBytes: 64_000 * MB }, 6],
  ['as many as a quarter of the memory holds', { processors: 32, availableBytes: 16_384 * MB }, 5],
])('there is room for %s', (_, machine, concurrency) => {
  expect(measureCapacity(256 * MB, machine).concurrency).toBe(concurrency);
});

test('a further spare needs enough available memory', () => {
  expect(hasMemoryForSpare(256 * MB, 1024 * MB)).toBe(false);
  expect(hasMemoryForSpare(256 * MB, 8192 * MB)).toBe(true);
});
