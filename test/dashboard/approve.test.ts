/** Approvals: the card holds the text that is decided on, an inbox lists the runs that wait, and the graph leads to each turn. */
import type { Page } from 'playwright-core';
import { get, post } from '../support/readers';
import { until } from '../support/stack';
import { seriousFaults, setScene } from './browser';

const scene = setScene({ PRICES: JSON.stringify({ 'balanced-model': { input: 10, output: 20 } }) });
beforeEach(() => scene.stack.gateway.reset());

const SLOW_MS = 60_000;
const PARTS = ['architecture', 'steps', 'challenges', 'resources'];
/** A plan that has all parts, so that it needs no repair. */
const writePlan = (name: string) =>
  PARTS.map(
    (part, i) => `## ${i + 1}. ${part}\n\n${`The ${name} names the ${part} of the bridge in words. `.repeat(8)}\n`,
  ).join('\n');

async function startGated(message: string): Promise<string> {
  scene.stack.gateway.script('strategic-model', [
    { tokens: [writePlan('draft')] },
    { tokens: ['It lacks a river.'] },
    { tokens: [writePlan('final plan')] },
    { tokens: [writePlan('second draft')] },
    { tokens: ['Good.'] },
    { tokens: [writePlan('corrected plan')] },
  ]);
  const { body } = await post(`${scene.stack.url}/swarm/coordinate`, { message, approve_plan: true, wait: false });
  return body.run_id as string;
}
const openGate = (page: Page) => page.locator('.gate', { hasText: 'Approve this plan?' });
/** Whether an element is within the visible part of its container, sideways. */
const isInSight = (page: Page, element: string, container: string) =>
  page.evaluate<boolean>(`((inside, around) => inside.left >= around.left && inside.right <= around.right)(
    document.querySelector('${element}').getBoundingClientRect(),
    document.querySelector('${container}').getBoundingClientRect(),
  )`);
const stop = (runId: string) => post(`${scene.stack.url}/runs/${runId}/cancel`, {});

test('the card holds the plan that is decided on, not its draft, and the changes since the rejected one', async () => {
  const runId = await startGated('Build a bridge');
  const { page, complaints, close } = await scene.visit(`/dashboard/runs/${runId}`, { bypassCSP: true });
  const gate = openGate(page);
  const text = gate.locator('.gate-text');
  await text.getByText('The final plan names the steps').waitFor({ timeout: SLOW_MS });
  expect(await text.textContent()).not.toContain('The draft names');
  expect(await seriousFaults(page)).toEqual([]);
  await gate.getByRole('button', { name: 'Reject' }).click();
  await gate.getByText('Say what is wrong').waitFor();
  expect(await page.evaluate<string>('document.activeElement.tagName')).toBe('TEXTAREA');
  expect((await get(`${scene.stack.url}/runs/${runId}`)).body.gates).toHaveLength(1);
  await page.keyboard.type('It forgets the river.');
  await gate.getByRole('button', { name: 'Reject' }).click();
  await text.getByText('The corrected plan names the steps').waitFor({ timeout: SLOW_MS });
  await gate.getByText('The last plan was rejected: It forgets the river.').waitFor();
  await gate.getByLabel('Show changes since the rejected plan').check();
  await text.locator('del', { hasText: 'final' }).first().waitFor();
  await text.locator('ins', { hasText: 'corrected' }).first().waitFor();
  // the second plan is beyond the first one: the graph follows the run; a rejection is no failure
  await until(() => isInSight(page, '.node.status-waiting', '.pipeline'));
  expect(await page.locator('.node', { hasText: 'Your decision' }).allInnerTexts()).toEqual([
    expect.stringMatching(/Rejected/),
    expect.stringMatching(/Waiting/),
  ]);
  expect(await page.locator('.node.status-failed').count()).toBe(0);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.click('#tab-lanes');
  await page.click('#tab-approval');
  await until(() => isInSight(page, '#tab-approval', '.tabs'));
  await page.setViewportSize({ width: 1280, height: 900 });
  expect(await seriousFaults(page)).toEqual([]);
  expect(complaints).toEqual([]);
  await stop(runId);
  await close();
}, 180_000);

test('a plan of a megabyte is shown with its length, and is decided on like any other', async () => {
  const long = `${writePlan('long plan')}\n\n${'All of it is to be built as the plan says, and more. '.repeat(18_000)}`;
  scene.stack.gateway.script('strategic-model', [
    { tokens: [writePlan('draft')] },
    { tokens: ['Good.'] },
    { tokens: [long] },
  ]);
  const order = { message: 'Build a city', approve_plan: true, wait: false };
  const { body } = await post(`${scene.stack.url}/swarm/coordinate`, order);
  const { page, complaints, close } = await scene.visit(`/dashboard/runs/${body.run_id}`);
  await openGate(page)
    .getByText(/9\d\d,\d{3} characters/)
    .waitFor({ timeout: SLOW_MS });
  await openGate(page).getByText('The long plan names the steps').waitFor();
  await openGate(page).getByRole('button', { name: 'Approve' }).click();
  await openGate(page).waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
  await stop(body.run_id as string);
  await close();
}, 180_000);

test('a node of the graph shows its lane and scrolls the lane to its turn, from every tab', async () => {
  const runId = await startGated('Build a tower');
  const { page, close } = await scene.visit(`/dashboard/runs/${runId}`);
  await openGate(page).waitFor({ timeout: SLOW_MS });
  for (const tab of ['approval', 'result', 'plots', 'lanes']) {
    await page.click(`#tab-${tab}`);
    await page.locator('.node', { hasText: 'Strategist, draft' }).click();
    await page.locator('#panel-lanes').waitFor();
    await until(() => page.evaluate<boolean>(`document.activeElement.id === 'turn-plan/draft'`));
    const isAtTop = `((turn) => Math.abs(turn.getBoundingClientRect().top - turn.closest('.lane-body').getBoundingClientRect().top) < 40)(document.getElementById('turn-plan/draft'))`;
    expect({ tab, isAtTop: await page.evaluate<boolean>(isAtTop) }).toEqual({ tab, isAtTop: true });
  }
  await stop(runId);
  await close();
}, 120_000);

test('a run that waits is counted in the sidebar and in the title, marks the icon, and is decided in the inbox', async () => {
  const runId = await startGated('Build a lighthouse');
  const { page, close } = await scene.visit('/dashboard/runs', { bypassCSP: true });
  await page
    .locator('.run-row', { hasText: 'lighthouse' })
    .locator('[data-state="needs_approval"]')
    .waitFor({ timeout: SLOW_MS });
  await page.locator('.navigation .counter').waitFor();
  await until(async () => (await page.title()).startsWith('(1) Runs'));
  expect(await page.getAttribute('link[rel="icon"]', 'href')).toContain('attention');
  await page.goto(`${scene.stack.url}/dashboard`);
  await page.locator('.row [data-state="needs_approval"]').waitFor();
  await page.goto(`${scene.stack.url}/dashboard/live`);
  await page.locator('.tile [data-state="needs_approval"]').waitFor();
  await page.getByRole('link', { name: /Approvals/ }).click();
  const waiting = page.locator('.waiting-run', { hasText: 'lighthouse' });
  await waiting.getByText('The final plan names the steps').waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await waiting.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('heading', { name: 'Nothing needs approval' }).waitFor({ timeout: SLOW_MS });
  expect(await page.locator('.navigation .counter').count()).toBe(0);
  expect(await page.title()).toMatch(/^Approvals/);
  await stop(runId);
  await close();
}, 180_000);

test('the question about cost has its own words and a node, and is set when starting', async () => {
  scene.stack.gateway.script('balanced-model', [{ tokens: { count: 400 } }]);
  const { page, close } = await scene.visit('/dashboard');
  await page.getByRole('radio', { name: 'Weigh a question' }).check();
  await page.fill('#task', 'Should otters pay?');
  await page.getByLabel('Ask for approval every $').fill('0.0001');
  await page.getByLabel('Ask for approval every $').press('Enter');
  const gate = page.locator('.gate', { hasText: 'Approve more cost?' });
  await gate.getByText(/The run has spent \$0\.\d+, more than \$0\.0001/).waitFor({ timeout: SLOW_MS });
  await page.locator('.node.status-waiting', { hasText: 'Cost approval' }).waitFor();
  await gate.getByRole('button', { name: 'Reject and end the run' }).click();
  await page.keyboard.type('Too dear.');
  await gate.getByRole('button', { name: 'Reject and end the run' }).click();
  await page.locator('.run-kind .status-failed').waitFor({ timeout: SLOW_MS });
  await page.locator('.node.status-rejected', { hasText: 'Cost approval' }).waitFor();
  await close();
}, 120_000);

test('a person who wants it is notified when a run needs approval and when it ends', async () => {
  const { page, close } = await scene.visit('/dashboard', { permissions: ['notifications'] });
  await page.evaluate(`window.told = [];
    window.Notification = class { static permission = 'granted'; static requestPermission() { return Promise.resolve('granted'); }
      constructor(title, { body }) { told.push(title + ': ' + body); } }; undefined`);
  await page.getByRole('button', { name: 'Notifications' }).click();
  expect(await page.getAttribute('button[title^="Notify me"]', 'aria-pressed')).toBe('true');
  const runId = await startGated('Build a raft');
  await until(() => page.evaluate<boolean>(`told.includes('Needs approval: Build a raft')`), SLOW_MS);
  await stop(runId);
  await until(() => page.evaluate<boolean>(`told.includes('Cancelled: Build a raft')`), SLOW_MS);
  await close();
}, 180_000);
