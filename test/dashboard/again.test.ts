/** Interrupts, forks and starts from an ended run in a real browser: what happened is shown as it happened. */
import type { Page } from 'playwright-core';
import { planText } from '../support/plan';
import { get, post } from '../support/readers';
import { until } from '../support/stack';
import { seriousFaults, setScene } from './browser';

const scene = setScene();
beforeEach(() => scene.stack.gateway.reset());

const finished = (page: Page) => page.locator('.run-kind .status-completed').waitFor();
const readRunId = (page: Page) => decodeURIComponent(page.url().split('?')[0]?.split('/').pop() ?? '');
const start = async (order: object): Promise<string> =>
  (await post(`${scene.stack.url}/swarm/execute`, { wait: false, ...order })).body.run_id as string;
const ended = (id: string) =>
  until(async () => (await get(`${scene.stack.url}/runs/${id}`)).body.status !== 'running', 60_000);

/** The vertical centre of an element; two elements beside each other have the same. */
async function findMiddle(page: Page, selector: string): Promise<number> {
  const box = await page.locator(selector).boundingBox();
  return box ? Math.round(box.y + box.height / 2) : NaN;
}

test('an interrupted turn is neutral, its second try stands beside it, and the guidance names what it interrupted', async () => {
  scene.stack.gateway.script('balanced-model', [
    { tokens: { count: 2000, prefix: 'w' }, intervalMs: 20 },
    { tokens: ['Otters', ' first.'] },
  ]);
  const runId = await start({ swarm_id: 'one-voice', message: 'Count' });
  const { page, complaints, close } = await scene.visit(`/dashboard/runs/${runId}`, { bypassCSP: true });
  await page.locator('[data-turn="answer"]', { hasText: 'w5' }).waitFor();
  await page.getByRole('button', { name: 'Send guidance' }).click();
  await page.getByRole('textbox', { name: 'Guidance' }).fill('Mind the otters.');
  await page.getByLabel('Interrupt and restart the turns in progress').check();
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.locator('[data-turn="answer~2"]', { hasText: 'Otters first.' }).waitFor();
  await finished(page);
  await page.locator('.tries .node.status-interrupted', { hasText: 'Interrupted' }).waitFor();
  await page.locator('.tries .node.status-completed', { hasText: '2nd try' }).waitFor();
  const [first, second] = [
    await findMiddle(page, '.tries .node.status-interrupted'),
    await findMiddle(page, '.tries .node.status-completed'),
  ];
  expect(first).toBe(second);
  await page.locator('#turn-answer .note.past', { hasText: 'Interrupted by guidance' }).waitFor();
  await page.locator('.interventions li', { hasText: 'Guidance, interrupted Speaker' }).waitFor();
  // nothing has failed, and nothing may look as if it had
  expect(await page.locator('.status-failed, .note.failed').count()).toBe(0);
  expect(await seriousFaults(page)).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});

test('the turns of a stopped run were stopped, and did not fail', async () => {
  scene.stack.gateway.script('balanced-model', [{ tokens: { count: 2000, prefix: 'w' }, intervalMs: 20 }]);
  const runId = await start({ swarm_id: 'one-voice', message: 'Count' });
  const { page, close } = await scene.visit(`/dashboard/runs/${runId}`);
  await page.locator('[data-turn="answer"]', { hasText: 'w5' }).waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.locator('.node.status-cancelled', { hasText: 'Cancelled' }).waitFor();
  await page.locator('.failure-reason.cancelled', { hasText: 'Cancelled' }).waitFor();
  expect(await page.locator('.status-failed, .note.failed').count()).toBe(0);
  await close();
});

async function plan(): Promise<string> {
  scene.stack.gateway.script('strategic-model', [
    { tokens: [planText('draft')] },
    { tokens: ['CRITIQUE'] },
    { tokens: [planText('PostgreSQL')] },
    { tokens: [planText('SQLite')] },
  ]);
  const runId = await start({ swarm_id: 'strategic-swarm', message: 'Plan a small shop' });
  await ended(runId);
  return runId;
}

test('a fork shows the words of its prompt that were edited, and lists mark it as a fork', async () => {
  const parent = await plan();
  const { body: prompts } = await get(`${scene.stack.url}/runs/${parent}/prompts`);
  const { system } = prompts.turns.find(({ turn }: { turn: string }) => turn === 'plan');
  const edit = { system: `${system} Prefer otters.`, alias: 'fast', instruction: 'Name a date.' };
  const { body } = await post(`${scene.stack.url}/runs/${parent}/fork`, { from: 'plan', edit });
  const { page, complaints, close } = await scene.visit(`/dashboard/runs/${body.run_id}`, { bypassCSP: true });
  const changes = page.locator('.fork-edit');
  await changes.getByText('What was changed: system prompt, extra instruction, model alias').waitFor();
  await changes.locator('ins', { hasText: 'Prefer otters.' }).waitFor();
  const prompt = changes.getByRole('region', { name: 'System prompt' });
  expect((await prompt.locator('ins').allTextContents()).join('').trim()).toBe('Prefer otters.');
  expect(await prompt.locator('del').count()).toBe(0);
  const alias = changes.getByRole('region', { name: 'Model alias' });
  expect(await alias.locator('del').textContent()).toBe('strategic');
  expect(await alias.locator('ins').textContent()).toBe('fast');
  expect(await seriousFaults(page)).toEqual([]);
  await ended(body.run_id as string);
  await page.goto(`${scene.stack.url}/dashboard/runs?swarm=strategic-swarm`);
  // Temporal's visibility store lags behind
  await page.locator(`.run-row a[href$="${body.run_id}"] .fork-mark`).waitFor();
  expect(await page.locator(`.run-row a[href$="${parent}"] .fork-mark`).count()).toBe(0);
  expect(complaints).toEqual([]);
  await close();
});

test('two runs are compared by cost, time, tokens, models and checks; what is the same is shown on request only', async () => {
  const parent = await plan();
  scene.stack.gateway.script('balanced-model', [{ tokens: [planText('SQLite')] }]);
  const { body } = await post(`${scene.stack.url}/runs/${parent}/fork`, { from: 'plan', edit: { alias: 'fast' } });
  await ended(body.run_id as string);
  const { page, complaints, close } = await scene.visit(`/dashboard/compare/${parent}/${body.run_id}`, {
    bypassCSP: true,
  });
  const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) });
  await row('Models').waitFor();
  expect(await row('Models').getByRole('cell').allTextContents()).toEqual([
    'strategic-model',
    'strategic-model, balanced-model',
    '',
  ]);
  await row('Time').waitFor();
  expect(await row('Status').count()).toBe(0);
  expect(await page.locator('.difference').count()).toBe(1);
  expect(await seriousFaults(page)).toEqual([]);
  await page.getByLabel(/Also show what is the same/).check();
  await row('Status').waitFor();
  await row('Turns').waitFor();
  await row('Tokens written').waitFor();
  // the task and two turns that were reused
  expect(await page.locator('.difference').count()).toBe(4);
  expect(await page.getByText('reused, without a call').count()).toBe(2);
  expect(complaints).toEqual([]);
  await close();
});

test('a run is run again as it was, and again with an edited task and the same options', async () => {
  scene.stack.gateway.always('balanced-model', { tokens: ['Done.'] });
  const first = await start({ swarm_id: 'one-voice', message: 'Count otters', temperature: 0.3, budget_tokens: 5000 });
  await ended(first);
  const { page, complaints, close } = await scene.visit(`/dashboard/runs/${first}`, { bypassCSP: true });
  await page.getByRole('button', { name: 'Run again', exact: true }).click();
  await page.waitForURL((url) => !url.pathname.endsWith(first));
  await finished(page);
  const second = readRunId(page);
  const request = async (id: string) => (await get(`${scene.stack.url}/runs/${id}/request`)).body;
  expect(await request(second)).toEqual(await request(first));
  await page.getByRole('link', { name: 'Edit and run again' }).click();
  const task = page.locator('#task');
  await task.waitFor();
  expect(await task.inputValue()).toBe('Count otters');
  expect(await page.getByRole('radio', { name: 'One voice' }).isChecked()).toBe(true);
  expect(await seriousFaults(page)).toEqual([]);
  await task.fill('Count eagles');
  await task.press('Control+Enter');
  await finished(page);
  expect(await request(readRunId(page))).toEqual({
    path: '/swarm/execute',
    body: { ...(await request(first)).body, message: 'Count eagles' },
  });
  const temperatures = scene.stack.gateway
    .calls('balanced-model')
    .map(({ body }) => (body as { temperature: number }).temperature);
  expect(temperatures).toEqual([0.3, 0.3, 0.3]);
  expect(complaints).toEqual([]);
  await close();
});

test('a failed run says why in its header, and a retry continues at the failed turn', async () => {
  scene.stack.gateway.script('strategic-model', [
    { tokens: [planText('draft')] },
    { status: 400, body: { error: { code: 400, message: 'No otters allowed' } } },
    { tokens: ['CRITIQUE'] },
    { tokens: [planText('PostgreSQL')] },
  ]);
  const runId = await start({ swarm_id: 'strategic-swarm', message: 'Plan a small shop' });
  await ended(runId);
  const { page, complaints, close } = await scene.visit(`/dashboard/runs/${runId}`, { bypassCSP: true });
  const reason = page.locator('.failure-reason.failed');
  await reason.getByText(/No otters allowed/).waitFor();
  await reason.getByRole('button', { name: 'Plan critic' }).waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Retry from Plan critic' }).click();
  await page.getByText('A retry: nothing was changed.').waitFor();
  await finished(page);
  // the draft was reused
  expect(scene.stack.gateway.calls('strategic-model')).toHaveLength(4);
  expect(await page.locator('.note.reused').count()).toBe(1);
  expect(await page.getByRole('button', { name: /^Retry/ }).count()).toBe(0);
  expect(complaints).toEqual([]);
  await close();
});
