/** What the page says about money and gateways: the budget's meter, limits and health of models. */
import type { Page } from 'playwright-core';
import { gatewaysReply } from '../../src/contract/gateways';
import { get, post } from '../support/readers';
import { until } from '../support/stack';
import { seriousFaults, setScene } from './browser';

const WAIT_SECONDS = 30;
const scene = setScene({
  LIMITS: JSON.stringify({
    'gateway/balanced-model': { requests_per_minute: 10, tokens_per_minute: 10_000_000, concurrency: 3 },
  }),
  PRICES: JSON.stringify({ 'balanced-model': { input: 10, output: 20 } }),
});
beforeEach(() => scene.stack.gateway.reset());

const finished = (page: Page) => page.locator('.run-kind .status-completed').waitFor();

test('a budget that a person gives is a meter with its figures; without one the figures stand alone', async () => {
  scene.stack.gateway.script('balanced-model', [{ tokens: { count: 100 } }, { tokens: { count: 100 } }]);
  const { page, close } = await scene.visit('/dashboard', { bypassCSP: true });
  await page.getByRole('radio', { name: 'One voice' }).check();
  await page.fill('#task', 'Count');
  await page.getByText('Budget', { exact: true }).click();
  await page.getByLabel('At most $').fill('0.01');
  await page.getByLabel('tokens').fill('4000');
  await page.getByLabel('tokens').press('Enter');
  await finished(page);
  const cost = page.getByRole('meter', { name: /^Cost of the budget: \$0\.00\d+ of \$0\.010$/ });
  await cost.waitFor();
  const runId = decodeURIComponent(page.url().split('/').pop() ?? '');
  const { body } = await get(`${scene.stack.url}/runs/${runId}`);
  expect(body.budget).toEqual({ usd: 0.01, tokens: 4000 });
  expect(body.cost_usd).toBeGreaterThan(0);
  expect(Number(await cost.getAttribute('value'))).toBeCloseTo(body.cost_usd, 9);
  const used = body.usage.prompt_tokens + body.usage.completion_tokens;
  await page.getByRole('meter', { name: `Tokens of the budget: ${used} of 4,000` }).waitFor();
  expect(await seriousFaults(page)).toEqual([]);

  const { body: free } = await post(`${scene.stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Count' });
  await page.goto(`${scene.stack.url}/dashboard/runs/${free.run_id}`);
  await finished(page);
  await page.locator('.facts', { hasText: 'Cost' }).waitFor();
  expect(await page.getByRole('meter').count()).toBe(0);
  await close();
});

test('the gateway view shows what of the limits is in use, who rests until when, and is reached by keyboard', async () => {
  const slow = { tokens: { count: 500 }, intervalMs: 30 };
  scene.stack.gateway.script('balanced-model', [slow, slow]);
  scene.stack.gateway.script('strategic-model', [
    {
      status: 429,
      body: { error: { code: 429, message: 'Slow down' } },
      wait: { ms: WAIT_SECONDS * 1000, as: 'retry-after' },
    },
  ]);
  for (const swarm_id of ['one-voice', 'one-voice', 'strategic-swarm'])
    await post(`${scene.stack.url}/swarm/execute`, { swarm_id, message: 'Count', wait: false });
  const { page, complaints, close } = await scene.visit('/dashboard', { bypassCSP: true });
  await page.getByRole('link', { name: 'Gateways' }).focus();
  await page.keyboard.press('Enter');
  const balanced = page.locator('.model', { hasText: 'balanced-model' });
  await balanced.getByRole('meter', { name: 'At once: 2 of 3' }).waitFor();
  await balanced.getByRole('meter', { name: /^Requests: [2-9] of 10$/ }).waitFor();
  await balanced.getByRole('meter', { name: /^Tokens: [\d,]+ of 10,000,000$/ }).waitFor();
  const strategic = page.locator('.model', { hasText: 'strategic-model' });
  await strategic.getByText('Resting', { exact: true }).waitFor();
  await strategic.getByText(/takes calls again in \d/).waitFor();
  await strategic.getByText('No limit is set.').waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  const { body } = await get(`${scene.stack.url}/gateways`);
  const { window_ms, gateways } = gatewaysReply.parse(body);
  expect(window_ms).toBe(60_000);
  const models = gateways.flatMap((gateway) => gateway.models);
  const resting = models.find(({ model }) => model === 'strategic-model');
  expect(resting).toMatchObject({ breaker: 'closed', requests: null, reason: { code: 'RATE_LIMITED' } });
  expect((resting?.resting_until ?? 0) - body.at).toBeGreaterThan(0);
  expect((resting?.resting_until ?? 0) - body.at).toBeLessThanOrEqual(WAIT_SECONDS * 1000);
  await until(
    async () => (await balanced.getByText('At once').locator('..').textContent())?.includes('0 of 3'),
    20_000,
  );
  await balanced.locator('.figures', { hasText: /First token\d/ }).waitFor();
  expect(complaints).toEqual([]);
  await close();
}, 120_000);
