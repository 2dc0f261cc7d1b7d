/**
 * Watching a run in a real browser: it starts, streams, survives reloads, interrupted connections and killed workers, and can be stopped.
 */
import type { Page } from 'playwright-core';
import { until } from '../support/stack';
import { get, post } from '../support/readers';
import { createLine, setScene, shownText, type Line } from './browser';

const scene = setScene({ CONTINUATION: 'balanced-model=restart' });
let line: Line;
beforeAll(async () => void (line = await createLine(scene.stack.url)));
afterAll(() => line.stop());

const VOICES = ['optimistic-model', 'cautious-model', 'balanced-model'];

function speak(tokens: number, intervalMs: number): void {
  for (const model of VOICES)
    scene.stack.gateway.script(model, [{ tokens: { count: tokens, prefix: 'w' }, intervalMs }]);
}

async function startOneVoice(tokens: number, intervalMs: number, session_id?: string): Promise<string> {
  scene.stack.gateway.script('balanced-model', [{ tokens: { count: tokens, prefix: 'w' }, intervalMs }]);
  const { body } = await post(`${scene.stack.url}/swarm/execute`, {
    swarm_id: 'one-voice',
    message: 'Count',
    wait: false,
    ...(session_id ? { session_id } : {}),
  });
  return body.run_id as string;
}

/** All texts of a run, as the API returns them and as the page shows them; white space may differ. */
async function bothTexts(page: Page, runId: string) {
  const { body } = await get(`${scene.stack.url}/runs/${runId}`);
  const turns = body.turns as { turn: string; text: string }[];
  const shown = await Promise.all(turns.map(({ turn }) => shownText(page, turn)));
  return { shown: shown.map((text) => text.trim()), reported: turns.map(({ text }) => text.trim()) };
}

const finished = (page: Page) => page.locator('.run-kind .status-completed').waitFor();
const readRunId = (page: Page) => decodeURIComponent(page.url().split('/').pop() ?? '');

test('three clicks lead from the first page to a streaming debate, whose texts equal those of the result', async () => {
  speak(200, 20);
  const { page, complaints, close } = await scene.visit('/dashboard');
  let clicks = 0;
  const click = (selector: string) => ((clicks += 1), page.click(selector));
  await click('.examples .chip');
  await click('button[type="submit"]');
  await page.locator('.turn.speaking [data-turn="optimistic"]', { hasText: 'w3' }).waitFor();
  expect(clicks).toBeLessThanOrEqual(3);
  await page.locator('.node.status-running').nth(2).waitFor();
  expect(await page.locator('.lane').count()).toBe(3);
  await finished(page);
  const { shown, reported } = await bothTexts(page, readRunId(page));
  expect(reported.length).toBeGreaterThanOrEqual(4);
  expect(await page.locator('.node.status-completed').count()).toBe(reported.length);
  expect(shown).toEqual(reported);
  expect(complaints).toEqual([]);
  await close();
});

test('a reload during a run shows everything from the beginning exactly once, and continues', async () => {
  const runId = await startOneVoice(120, 20);
  const { page, close } = await scene.visit(`/dashboard/runs/${runId}`);
  await page.locator('[data-turn="answer"]', { hasText: 'w20' }).waitFor();
  await page.reload();
  await page.locator('[data-turn="answer"]', { hasText: 'w40' }).waitFor();
  expect(await shownText(page, 'answer')).toMatch(/^w0 w1 w2 /);
  await finished(page);
  const { shown, reported } = await bothTexts(page, runId);
  expect(shown).toEqual(reported);
  await close();
});

test('an interrupted connection loses nothing and repeats nothing', async () => {
  const runId = await startOneVoice(500, 20);
  const { page, close } = await scene.visit(`${line.url}/dashboard/runs/${runId}`);
  for (const word of ['w20', 'w60']) {
    await page.locator('[data-turn="answer"]', { hasText: word }).waitFor();
    line.cut();
    await page.locator('.line-lost').waitFor();
    await new Promise((resolve) => setTimeout(resolve, 300));
    line.mend();
    await page.locator('.line-open').waitFor();
  }
  await finished(page);
  const { shown, reported } = await bothTexts(page, runId);
  expect(shown).toEqual(reported);
  await close();
});

test('stop ends the run, and its text stays', async () => {
  const runId = await startOneVoice(2000, 20);
  const { page, close } = await scene.visit(`/dashboard/runs/${runId}`);
  await page.locator('[data-turn="answer"]', { hasText: 'w10' }).waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.locator('.run-kind .status-cancelled').waitFor();
  await until(() => scene.stack.gateway.open() === 0);
  const { shown, reported } = await bothTexts(page, runId);
  expect(shown).toEqual(reported);
  expect(shown[0]).toMatch(/^w0 w1 /);
  expect(await page.getByRole('button', { name: 'Stop' }).count()).toBe(0);
  await close();
});

test('turns that a stopped run never started are shown as not reached', async () => {
  scene.stack.gateway.script('strategic-model', [{ tokens: { count: 2000, prefix: 'w' }, intervalMs: 20 }]);
  const order = { swarm_id: 'strategic-swarm', message: 'Plan', wait: false };
  const { body } = await post(`${scene.stack.url}/swarm/execute`, order);
  const { page, close } = await scene.visit(`/dashboard/runs/${body.run_id}`);
  await page.locator('[data-turn="draft"]', { hasText: 'w10' }).waitFor();
  expect(await page.locator('.node', { hasText: 'Pending' }).count()).toBe(2);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.locator('.run-kind .status-cancelled').waitFor();
  await page.locator('.node.status-unreached', { hasText: 'Not reached' }).nth(1).waitFor();
  await close();
});

test('a run without turns shows the reason: it is queued, or there is no worker', async () => {
  const first = await startOneVoice(2000, 20, 'shared');
  await until(() => scene.stack.gateway.open() === 1);
  const second = await startOneVoice(5, 1, 'shared');
  const { page, close } = await scene.visit(`/dashboard/runs/${second}`);
  await page.getByRole('heading', { name: 'Queued behind 1 run' }).waitFor();
  await page.locator('.run-kind [data-state="queued"]', { hasText: 'Queued behind 1 run' }).waitFor();
  await post(`${scene.stack.url}/runs/${first}/cancel`, {});
  await finished(page);
  await scene.stack.worker.kill('SIGKILL');
  await page.goto(`${scene.stack.url}/dashboard/runs/${await startOneVoice(5, 1)}`);
  await page.getByRole('heading', { name: 'No worker is running' }).waitFor();
  await page.locator('.run-kind [data-state="no_worker"]').waitFor();
  expect(await page.getByRole('button', { name: 'Stop' }).count()).toBe(1);
  await scene.stack.startWorker();
  await finished(page);
  await close();
}, 120_000);

test('a rate limit is shown with its countdown', async () => {
  scene.stack.gateway.script('balanced-model', [
    {
      status: 429,
      body: { error: { code: 429, message: 'Slow down', metadata: { error_type: 'rate_limit_exceeded' } } },
      wait: { ms: 3000, as: 'retry-after' },
    },
    { tokens: { count: 5, prefix: 'w' } },
  ]);
  const { body } = await post(`${scene.stack.url}/swarm/execute`, {
    swarm_id: 'one-voice',
    message: 'Wait',
    wait: false,
  });
  const { page, close } = await scene.visit(`/dashboard/runs/${body.run_id}`);
  await page.locator('.note.waiting', { hasText: /Rate limited, retrying in [123] s/ }).waitFor();
  await page.locator('.node.status-waiting').waitFor();
  await finished(page);
  await page.locator('.note.past', { hasText: 'Rate limited, waited 3 s' }).waitFor();
  await close();
});

test('a worker is killed during a run: lanes show which text continued and which restarted, and end with the result', async () => {
  const reply = { tokens: { count: 150, prefix: 'w' }, intervalMs: 20 };
  for (const model of VOICES) {
    // hangs, so that the turn cannot end before its worker is killed
    scene.stack.gateway.script(model, [{ ...reply, fault: { kind: 'hang', at: 100 } }]);
    scene.stack.gateway.always(model, reply);
  }
  const order = { swarm_id: 'debate-swarm', message: 'Count', wait: false };
  const { body } = await post(`${scene.stack.url}/swarm/execute`, order);
  const { page, close } = await scene.visit(`/dashboard/runs/${body.run_id}`);
  for (const turn of ['optimistic', 'balanced'])
    await page.locator(`[data-turn="${turn}"]`, { hasText: 'w20' }).waitFor();
  await scene.stack.worker.kill('SIGKILL');
  await scene.stack.startWorker();
  const optimistic = page.locator('.lane', { hasText: 'Optimistic voice' });
  const balanced = page.locator('.lane', { hasText: 'Balanced voice' });
  await optimistic.locator('.note', { hasText: 'continued after' }).waitFor();
  await optimistic.locator('.block[data-resumed]').waitFor();
  await balanced.locator('.note', { hasText: 'restarted' }).waitFor();
  await balanced.locator('.note.dropped', { hasText: 'Discarded text of attempt 1' }).waitFor();
  await page.locator('.run-kind .status-completed').waitFor();
  const { shown, reported } = await bothTexts(page, body.run_id as string);
  expect(shown).toEqual(reported);
  await close();
}, 120_000);
