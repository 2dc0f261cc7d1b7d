/** The layout while a run goes on: nothing moves that a person reads, text is followed until the person scrolls, and all voices fit. */
import type { Page } from 'playwright-core';
import { get, post } from '../support/readers';
import { until } from '../support/stack';
import { setScene } from './browser';

const scene = setScene();
beforeEach(() => scene.stack.gateway.reset());

const SLOW_MS = 60_000;
const MOST_SHIFT = 0.05;
const NOTEBOOK = { viewport: { width: 1280, height: 720 } };
const VOICES = ['optimistic-model', 'cautious-model', 'balanced-model'];
const sentence = 'Otters weigh the costs of each stone, and keep the best one under an arm. ';
const prose = (count: number) =>
  Array.from({ length: count }, (_, i) => `${i}. ${sentence}${i % 4 === 3 ? '\n\n' : ''}`);

/** Records each layout shift since the page began to load, without those that follow an input, and the elements that moved. */
const WATCH_SHIFTS = `window.shifts = []; new PerformanceObserver((list) => {
  const write = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(' ');
  for (const { value, hadRecentInput, startTime, sources } of list.getEntries())
    if (!hadRecentInput) shifts.push({ value, at: Math.round(startTime), moved: sources.map(({ node, previousRect, currentRect }) =>
      (node?.className || node?.nodeName || 'removed') + ': ' + write(previousRect) + ' -> ' + write(currentRect)) });
}).observe({ type: 'layout-shift', buffered: true }); undefined`;

interface Shift {
  value: number;
  /** Milliseconds since the page began to load. */
  at: number;
  moved: string[];
}

const readShifts = (page: Page) => page.evaluate<Shift[]>('shifts');
const sum = (shifts: Shift[]) => shifts.reduce((total, { value }) => total + value, 0);

/** Fails with a list of what moved. */
function expectStill(what: string, shifts: Shift[]): void {
  process.stdout.write(`layout shift: ${what} ${sum(shifts).toFixed(4)}\n`);
  if (sum(shifts) >= MOST_SHIFT) throw new Error(`${what} moved: ${JSON.stringify(shifts, null, 1)}`);
}

async function startDebate(pieces: number, intervalMs: number): Promise<string> {
  for (const model of VOICES) scene.stack.gateway.always(model, { tokens: prose(pieces), intervalMs });
  const order = { swarm_id: 'debate-swarm', message: 'Should otters vote?', wait: false };
  const { body } = await post(`${scene.stack.url}/swarm/execute`, order);
  return body.run_id as string;
}

test('a live debate and a finished one do not move while they are read', async () => {
  const runId = await startDebate(30, 40);
  const { page, close } = await scene.visit(`/dashboard/runs/${runId}`, NOTEBOOK);
  await page.evaluate(WATCH_SHIFTS);
  await page.locator('.run-kind .status-completed').waitFor({ timeout: SLOW_MS });
  const live = await readShifts(page);
  await page.goto(`${scene.stack.url}/dashboard/runs/${runId}`);
  await page.evaluate(WATCH_SHIFTS);
  await page.locator('.run-kind .status-completed').waitFor();
  await page.locator('[data-turn="summary"]').waitFor();
  // the description and the lists of the page come after the text
  await page.waitForLoadState('networkidle').catch(() => undefined);
  const finished = await readShifts(page);
  expectStill('live debate', live);
  expectStill('finished run', finished);
  await close();
}, 180_000);

test.each(['before', 'after'])(
  'a run with a gate, opened %s the question comes, does not move',
  async (when) => {
    scene.stack.gateway.always('strategic-model', { tokens: prose(12), intervalMs: 20 });
    const order = { message: 'Build a dam', approve_plan: true, wait: false };
    const { body } = await post(`${scene.stack.url}/swarm/coordinate`, order);
    const address = `${scene.stack.url}/runs/${body.run_id}`;
    if (when === 'after') await until(async () => (await get(address)).body.state === 'needs_approval', SLOW_MS);
    const { page, close } = await scene.visit(`/dashboard/runs/${body.run_id}`, NOTEBOOK);
    await page.evaluate(WATCH_SHIFTS);
    await page.locator('.gate-text .block').first().waitFor({ timeout: SLOW_MS });
    await page.waitForLoadState('networkidle').catch(() => undefined);
    expectStill(`gated run, opened ${when} the question`, await readShifts(page));
    await post(`${address}/cancel`, {});
    await close();
  },
  120_000,
);

interface Box {
  top: number;
  bottom: number;
  width: number;
  height: number;
}

test('on a notebook all three voices of a debate are side by side, with room for their text', async () => {
  const runId = await startDebate(40, 200);
  const { page, close } = await scene.visit(`/dashboard/runs/${runId}`, NOTEBOOK);
  await page.locator('.turn.speaking').nth(2).waitFor({ timeout: SLOW_MS });
  const boxes = await page.evaluate<Box[]>(
    `[...document.querySelectorAll('.lane-body')].slice(0, 3).map((box) => box.getBoundingClientRect().toJSON())`,
  );
  expect(new Set(boxes.map(({ top }) => Math.round(top))).size).toBe(1);
  for (const { width, height, bottom } of boxes) {
    expect(width).toBeGreaterThan(280);
    expect(height).toBeGreaterThan(180);
    expect(bottom).toBeLessThanOrEqual(720);
  }
  await page.getByText('Graph', { exact: true }).click();
  await until(async () => (await page.locator('.graph[open]').count()) === 0);
  await post(`${scene.stack.url}/runs/${runId}/cancel`, {});
  await close();
}, 120_000);

const isAtEnd = (page: Page, lane: string) =>
  page.evaluate<boolean>(
    `((box) => box !== null && box.scrollHeight > box.clientHeight + 100 && box.scrollHeight - box.scrollTop - box.clientHeight < 60)(document.querySelector('${lane} .lane-body'))`,
  );

test('a lane is followed when other lanes appear and when the window changes, until the person scrolls up', async () => {
  for (const model of VOICES) scene.stack.gateway.always(model, { tokens: prose(400), intervalMs: 60 });
  const order = { swarm_id: 'debate-swarm', message: 'Should otters vote?', wait: false };
  const { body } = await post(`${scene.stack.url}/swarm/execute`, order);
  const { page, close } = await scene.visit(`/dashboard/runs/${body.run_id}`, NOTEBOOK);
  const lane = '#lane-run-optimistic';
  await until(() => isAtEnd(page, lane), SLOW_MS);
  for (const viewport of [{ width: 900, height: 700 }, { width: 1280, height: 900 }, NOTEBOOK.viewport]) {
    await page.setViewportSize(viewport);
    await page.waitForTimeout(500);
    await until(() => isAtEnd(page, lane), SLOW_MS);
  }
  expect(await page.locator(`${lane} .jump`).count()).toBe(0);
  await page.locator(`${lane} .lane-body`).hover();
  await page.mouse.wheel(0, -400);
  const jump = page.locator(lane).getByRole('button', { name: 'Jump to latest' });
  await jump.waitFor();
  await page.waitForTimeout(500);
  expect(await isAtEnd(page, lane)).toBe(false);
  await jump.click();
  await until(() => isAtEnd(page, lane), SLOW_MS);
  // what is selected in the growing paragraph stays selected
  await page.evaluate(
    `getSelection().selectAllChildren(document.querySelector('${lane} .block:last-child p, ${lane} .block:last-child li'))`,
  );
  const selected = await page.evaluate<string>('getSelection().toString()');
  expect(selected.length).toBeGreaterThan(10);
  await page.waitForTimeout(1500);
  expect(await page.evaluate<string>('getSelection().toString()')).toBe(selected);
  await page.evaluate('getSelection().removeAllRanges()');
  await until(() => isAtEnd(page, lane), SLOW_MS);
  // one lane alone, by keyboard
  await page.locator(lane).getByRole('button', { name: 'Focus the lane of Optimistic voice' }).press('Enter');
  const box = await page.locator(lane).boundingBox();
  expect(box).toMatchObject({ x: 0, y: 0, width: 1280, height: 720 });
  expect(await page.locator('.navigation').isVisible()).toBe(false);
  await page.keyboard.press('Escape');
  await page.locator('.navigation').waitFor();
  await post(`${scene.stack.url}/runs/${body.run_id}/cancel`, {});
  await close();
}, 180_000);
