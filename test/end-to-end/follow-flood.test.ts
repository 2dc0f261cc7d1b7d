/** A client that requests to follow more runs than allowed affects neither the API nor other clients. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { get, Watcher } from '../support/readers';
import { createStack, type Stack } from '../support/stack';

const CLIENT = path.join(__dirname, '../support/flood-client.cjs');
const FLOOD_KEY = 'flood-has-a-key';
const KEY = 'innocent-has-one';
const bearer = { authorization: `Bearer ${KEY}` };
const SOCKET = `/ws/swarm?api_key=${KEY}`;
const FRAMES = 20_000;
/** Maximum memory growth of the API during the flood. Before frames were bounded it was 600 MB. */
const MOST_GROWTH_MB = 150;
/** Limit for the 95th percentile, because a single request may be delayed by other load. Before, some took 19 s and returned 503. */
const READY_WITHIN_MS = 500;

let stack: Stack;
beforeAll(async () => {
  stack = await createStack({
    API_KEYS: `flood:${FLOOD_KEY},innocent:${KEY}`,
    MAX_FOLLOWS_PER_SOCKET: '50',
    // the default is 6000, which takes a busy machine more than a minute to look up
    MAX_REQUESTS_PER_MINUTE_PER_KEY: '2000',
  });
});
afterAll(() => stack.stop());
beforeEach(() => stack.gateway.reset());

function residentMb(): number {
  const status = readFileSync(`/proc/${stack.api.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

/** Polls readiness and the API's memory until the work is done. */
async function watchApi(work: Promise<unknown>) {
  const seen = { statuses: new Set<number>(), ms: [] as number[], mostMb: 0 };
  let isOver = false;
  void work.finally(() => (isOver = true)).catch(() => undefined);
  while (!isOver) {
    const begun = performance.now();
    seen.statuses.add((await get(`${stack.url}/readyz`)).status);
    seen.ms.push(performance.now() - begun);
    seen.mostMb = Math.max(seen.mostMb, residentMb());
    await sleep(20);
  }
  await work;
  return seen;
}

test('20,000 frames that follow unknown runs: each gets a reply, the API stays ready, and another socket streams', async () => {
  stack.gateway.always('balanced-model', { tokens: { count: 100 }, intervalMs: 20 });
  const innocent = await Watcher.connect(stack.url, SOCKET);
  innocent.send({ swarm_id: 'one-voice', message: 'Count' });
  await innocent.frame(({ content }) => Boolean(content));
  const before = residentMb();
  // a separate process, so that its own delays do not count as delays of the API
  const flood = promisify(execFile)(process.execPath, [
    CLIENT,
    `${stack.url.replace('http', 'ws')}/ws/swarm?api_key=${FLOOD_KEY}`,
    String(FRAMES),
  ]);
  const { statuses, ms, mostMb } = await watchApi(flood);
  const [most95 = 0, slowest = 0] = [0.95, 1].map((part) => ms.sort((a, b) => a - b)[Math.ceil(ms.length * part) - 1]);
  const answers = JSON.parse((await flood).stdout) as Record<string, number>;
  const growthMb = Math.round(mostMb - before);
  process.stdout.write(
    `${FRAMES} frames: /readyz p95 ${Math.round(most95)} ms, at most ${Math.round(slowest)} ms, ${Math.round(before)} MB and ${growthMb} MB more\n`,
  );
  expect([...statuses]).toEqual([200]);
  expect(most95).toBeLessThan(READY_WITHIN_MS);
  expect(growthMb).toBeLessThan(MOST_GROWTH_MB);
  expect(Object.keys(answers).sort()).toEqual(['TOO_MANY_REQUESTS', 'UNKNOWN_RUN']);
  expect((await innocent.done()).event).toBe('run.completed');
  innocent.close();
}, 120_000);

test('a run above the limit of a socket is refused by name, and nothing is started; a run that ends frees a slot', async () => {
  stack.gateway.always('balanced-model', { tokens: { count: 400 }, intervalMs: 50 });
  const watcher = await Watcher.connect(stack.url, SOCKET);
  for (let i = 0; i < 50; i++) watcher.send({ swarm_id: 'one-voice', message: 'Count' });
  await watcher.frame(() => new Set(watcher.frames.map(({ run_id }) => run_id)).size === 50);
  watcher.send({ swarm_id: 'one-voice', message: 'Once more' });
  const refused = await watcher.frame(({ event }) => event === ('error' as string));
  expect(refused.error).toMatchObject({
    code: 'CALLER_LIMIT',
    message: expect.stringMatching(/MAX_FOLLOWS_PER_SOCKET is 50/),
  });
  await expect(get(`${stack.url}/runs/${refused.run_id}`, bearer)).resolves.toMatchObject({ status: 404 });
  const [first] = watcher.frames;
  watcher.send({ cancel: first?.run_id });
  await watcher.done(first?.run_id);
  watcher.send({ swarm_id: 'one-voice', message: 'Now' });
  await watcher.frame(() => new Set(watcher.frames.map(({ run_id }) => run_id)).size === 52);
  watcher.close();
});
