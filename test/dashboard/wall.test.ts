/**
 * Many runs on one page. By default a small wall for a few seconds; `DASHBOARD_RUNS=50 DASHBOARD_SECONDS=600` measures a full one: long
 * tasks (over 50 ms) per minute, the slowest frames, and memory, while three lanes of each run stream 20 tokens per second.
 */
import type { Page } from 'playwright-core';
import { until } from '../support/stack';
import { post } from '../support/readers';
import { setScene } from './browser';

const RUNS = Number(process.env.DASHBOARD_RUNS ?? 6);
const SECONDS = Number(process.env.DASHBOARD_SECONDS ?? 5);
const TOKENS_PER_SECOND = 20;
/** The time to start all runs and to open the page. */
const RUN_UP_SECONDS = 15 + RUNS / 2;
const LIMIT_MS = (SECONDS + 3 * RUN_UP_SECONDS + 60) * 1000;

const scene = setScene();

/** Records long tasks and the time between frames. */
const WATCH = `
  window.seen = { longTasks: [], frames: [] };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.longTasks.push(duration);
  }).observe({ type: 'longtask' });
  let last = performance.now();
  const frame = (now) => {
    seen.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  undefined;
`;

interface Seen {
  longTasks: number[];
  frames: number[];
}

async function startRuns(): Promise<void> {
  const tokens = Math.ceil((SECONDS + 2 * RUN_UP_SECONDS) * TOKENS_PER_SECOND);
  for (const model of ['optimistic-model', 'cautious-model', 'balanced-model'])
    scene.stack.gateway.always(model, {
      tokens: { count: tokens, prefix: 'word' },
      intervalMs: 1000 / TOKENS_PER_SECOND,
    });
  const order = { swarm_id: 'debate-swarm', wait: false, max_tokens: 100_000 };
  for (let run = 0; run < RUNS; run++)
    await post(`${scene.stack.url}/swarm/execute`, { ...order, message: `Question ${run + 1}` });
}

async function heapMb(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return Math.round(usedSize / 1e6);
}

const quantile = (values: number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * q)] ?? 0;

test(
  'a wall of streaming runs keeps the page responsive',
  async () => {
    await startRuns();
    const { page, close } = await scene.visit(`/dashboard/live`);
    // the server may also have runs of other suites
    const ours = page.locator('.tile', { hasText: 'Question' });
    const lanes = ours.locator('.last-words');
    await until(async () => (await lanes.count()) === 3 * RUNS, RUN_UP_SECONDS * 1000);
    await page.evaluate(WATCH);
    const before = { heap: await heapMb(page), words: await lanes.allTextContents() };
    await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
    const { longTasks, frames } = await page.evaluate<Seen>('seen');
    const after = { heap: await heapMb(page), words: await lanes.allTextContents() };
    const standing = after.words.filter((text, lane) => text === before.words[lane]);
    const report = {
      runs: RUNS,
      seconds: SECONDS,
      longTasksPerMinute: Math.round((longTasks.length * 60) / SECONDS),
      longestTaskMs: Math.round(Math.max(0, ...longTasks)),
      frameMs: [0.5, 0.95, 0.99].map((q) => Math.round(quantile(frames, q))),
      heapMb: [before.heap, after.heap],
    };
    process.stdout.write(`wall: ${JSON.stringify(report)}\n`);
    if (standing.length > 0) {
      const tiles = await ours.allInnerTexts();
      process.stdout.write(`wall: ${JSON.stringify({ calls: scene.stack.gateway.open(), tiles })}\n`);
    }
    expect(standing).toEqual([]);
    expect(quantile(frames, 0.5)).toBeLessThan(100);
    // a click: the page responds under load
    const asked = Date.now();
    await ours.first().click();
    await page.locator('.lane').first().waitFor();
    const answeredMs = Date.now() - asked;
    process.stdout.write(`wall: from the click to the first lane ${answeredMs} ms\n`);
    expect(answeredMs).toBeLessThan(5000);
    await close();
  },
  LIMIT_MS,
);
