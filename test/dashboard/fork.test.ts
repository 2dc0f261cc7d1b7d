/** Forking a run in a real browser: choosing a step, editing its prompt, and the lineage and differences of the new run. */
import type { Page } from 'playwright-core';
import { planText } from '../support/plan';
import { get, post } from '../support/readers';
import { until } from '../support/stack';
import { seriousFaults, setScene } from './browser';

const scene = setScene();
beforeEach(() => scene.stack.gateway.reset());

/** A plan by draft and critique; the second plan, of the fork, differs by one word. */
async function planTwice(): Promise<string> {
  scene.stack.gateway.script('strategic-model', [
    { tokens: [planText('draft')] },
    { tokens: ['CRITIQUE'] },
    { tokens: [planText('PostgreSQL')] },
    { tokens: [planText('SQLite')] },
  ]);
  const order = { swarm_id: 'strategic-swarm', message: 'Plan a small shop' };
  const { body } = await post(`${scene.stack.url}/swarm/execute`, order);
  return body.run_id as string;
}

const readRunId = (page: Page) => decodeURIComponent(page.url().split('/').pop() ?? '');
const finished = (page: Page) => page.locator('.run-kind .status-completed').waitFor();

test('a step is repeated with an edited prompt; the rest is reused, the runs link to each other, and the diff shows the word', async () => {
  const parent = await planTwice();
  const { page, complaints, close } = await scene.visit(`/dashboard/runs/${parent}`, { bypassCSP: true });
  await page.getByRole('button', { name: 'Fork', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Fork from a step' });
  const prompt = dialog.getByLabel('System prompt');
  await prompt.waitFor();
  expect(await dialog.getByRole('combobox', { name: 'Step' }).inputValue()).toBe('plan');
  expect(await prompt.inputValue()).toMatch(/plan/i);
  const start = dialog.getByRole('button', { name: 'Start the fork' });
  expect(await start.isDisabled()).toBe(true);
  expect(await seriousFaults(page)).toEqual([]);
  await prompt.fill('You plan, and you love SQLite.');
  await start.click();
  await page.getByText('Forked from').waitFor();
  await finished(page);
  const child = readRunId(page);
  const calls = scene.stack.gateway.calls();
  expect(calls).toHaveLength(4);
  expect(JSON.stringify(calls[3]?.body)).toContain('You plan, and you love SQLite.');
  await page.locator('.lineage', { hasText: '2 of 3 turns were reused' }).waitFor();
  expect(await page.locator('.note.reused').count()).toBe(2);
  expect(await seriousFaults(page)).toEqual([]);

  await page.getByRole('link', { name: 'Compare with it' }).click();
  const plan = page.locator('.difference', { hasText: 'PostgreSQL' });
  await plan.locator('del', { hasText: 'PostgreSQL' }).first().waitFor();
  await plan.locator('ins', { hasText: 'SQLite' }).first().waitFor();
  const changed = await plan.locator('del, ins').allTextContents();
  expect([...new Set(changed)].sort()).toEqual(['PostgreSQL', 'SQLite']);
  expect(await page.getByText('reused, without a call').count()).toBe(0);
  await page.getByLabel(/Also show what is the same/).check();
  expect(await page.getByText('reused, without a call').count()).toBe(2);

  await page.goto(`${scene.stack.url}/dashboard/runs/${parent}`);
  // Temporal's visibility store lags behind
  await page
    .locator('.lineage', { hasText: 'Forked once' })
    .getByRole('link', { name: /^At Strategist/ })
    .click();
  await page.getByText('Forked from').waitFor();
  expect(readRunId(page)).toBe(child);
  await page.getByRole('link', { name: 'an earlier run' }).click();
  await page.waitForURL((url) => url.pathname.endsWith(parent));
  expect(complaints).toEqual([]);
  await close();
});

test('a lane can be forked by keyboard alone, and Escape changes nothing', async () => {
  const parent = await planTwice();
  const { page, close } = await scene.visit(`/dashboard/runs/${parent}`);
  const button = page.getByRole('button', { name: 'Fork from Plan critic' });
  await button.focus();
  await page.keyboard.press('Enter');
  const prompt = page.getByLabel('System prompt');
  await prompt.waitFor();
  expect(await page.getByRole('combobox', { name: 'Step' }).inputValue()).toBe('critique');
  await page.keyboard.press('Escape');
  await prompt.waitFor({ state: 'detached' });
  await page.keyboard.press('Enter');
  await prompt.waitFor();
  await page.getByLabel('Extra instruction').focus();
  await page.keyboard.type('Mind the otters.');
  expect(await page.getByLabel('Extra instruction').inputValue()).toBe('Mind the otters.');
  for (let press = 0; press < 4; press++) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate<string>('document.activeElement.textContent')) === 'Start the fork') break;
  }
  await page.keyboard.press('Enter');
  await page.getByText('Forked from').waitFor();
  await finished(page);
  const asked = scene.stack.gateway.calls().filter(({ body }) => JSON.stringify(body).includes('Mind the otters.'));
  expect(asked).toHaveLength(1);
  await close();
});

test('a running run cannot be forked; once it is stopped, the interrupted step can be repeated', async () => {
  scene.stack.gateway.script('balanced-model', [{ tokens: { count: 400 }, intervalMs: 20 }, { tokens: ['Short.'] }]);
  const { body } = await post(`${scene.stack.url}/swarm/execute`, {
    swarm_id: 'one-voice',
    message: 'Count',
    wait: false,
  });
  const { page, close } = await scene.visit(`/dashboard/runs/${body.run_id}`);
  await page.locator('.turn.speaking').waitFor();
  expect(await page.getByRole('button', { name: /^Fork/ }).count()).toBe(0);
  expect((await get(`${scene.stack.url}/runs/${body.run_id}/prompts`)).body.error.code).toBe('RUN_NOT_ENDED');
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('button', { name: 'Fork', exact: true }).click();
  await page.getByLabel('Extra instruction').fill('Be short.');
  await page.getByRole('button', { name: 'Start the fork' }).click();
  await page.getByText('Forked from').waitFor();
  await finished(page);
  const asked = scene.stack.gateway.calls().filter(({ body }) => JSON.stringify(body).includes('Be short.'));
  expect(asked).toHaveLength(1);
  await close();
});

test('a stage is forked as a whole, and the API returns the prompts of its turns and the forks of a run', async () => {
  const json = JSON.stringify({ verdict: 'pass', decision: 'accept', confidence_score: 1, quality_score: 1 });
  scene.stack.gateway.scriptWhen({ lastMessageIncludes: 'JSON object' }, { tokens: [json] });
  scene.stack.gateway.scriptWhen({ bodyIncludes: 'You review code' }, { tokens: ['VERDICT: PASS'] });
  scene.stack.gateway.scriptWhen({ bodyIncludes: 'voice of a debate' }, { tokens: ['POSITION: for'] });
  const { body } = await post(`${scene.stack.url}/swarm/coordinate`, { message: 'Build it', tags: ['otters'] });
  const { page, close } = await scene.visit(`/dashboard/runs/${body.run_id}`);
  await page.getByRole('button', { name: 'Fork', exact: true }).click();
  await page.getByRole('combobox', { name: 'Step' }).selectOption('review');
  expect(await page.getByLabel('System prompt').count()).toBe(0);
  await page.getByLabel('Extra instruction').fill('Be strict.');
  await page.getByRole('button', { name: 'Start the fork' }).click();
  await page.locator('.lineage', { hasText: 'at Review' }).waitFor();
  await finished(page);
  const forks = async () => (await get(`${scene.stack.url}/runs?forked_from=${body.run_id}`)).body.runs;
  const [fork] = await until(async () => ((await forks()).length > 0 ? forks() : undefined));
  const forked_from = { run_id: body.run_id, from: 'review' };
  expect(fork).toMatchObject({ run_id: readRunId(page), forked_from, tags: ['otters'] });
  const { body: prompts } = await get(`${scene.stack.url}/runs/${fork.run_id}/prompts`);
  const reported = Object.fromEntries(
    prompts.turns.map(({ turn, instructions }: { turn: string; instructions: string[] }) => [turn, instructions]),
  );
  expect(reported).toMatchObject({ 'plan/draft': [], 'implement/draft': [], 'review/summary': ['Be strict.'] });
  const unknown = await get(`${scene.stack.url}/runs?forked_from=nobody`);
  expect([unknown.status, unknown.body.error.code]).toEqual([404, 'UNKNOWN_RUN']);
  await close();
});
