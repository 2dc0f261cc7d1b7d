/** Execution, cost and gateways in the page: checks with their output, the budget meter, limits and health of models. */
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

const finished = (page: Page) => page.locator('.run-kind .status-completed').waitFor({ timeout: 60_000 });
const DOUBLE = 'Write a function double:\n>>> double(2)\n4\n>>> double(0)\n0\n';
const fence = (code: string) => `\`\`\`python\n${code}\n\`\`\``;

test('failing code is shown with its error and output at its turn, working code with its checks in the result', async () => {
  scene.stack.gateway.script('coding-model', [
    { tokens: [fence('print("one otter")\ndef double(x):\n    return x')] },
    { tokens: [fence('print("two otters")\ndef double(x):\n    return x + x')] },
    { tokens: ['VERDICT: PASS'] },
  ]);
  const order = { swarm_id: 'coding-swarm', message: DOUBLE, wait: false };
  const { body } = await post(`${scene.stack.url}/swarm/execute`, order);
  const { page, complaints, close } = await scene.visit(`/dashboard/runs/${body.run_id}`, { bypassCSP: true });
  await finished(page);
  const draft = page.locator('#turn-draft .execution');
  await draft.getByText('2 of 3 checks passed').waitFor();
  await draft.getByText('double(2) returned 2, expected 4').waitFor();
  await draft.getByText('Output', { exact: true }).click();
  await draft.locator('details pre', { hasText: 'one otter' }).waitFor();
  await page.locator('#turn-other-1 .execution', { hasText: '3 of 3 checks passed' }).waitFor();
  expect(await page.locator('.node', { hasText: 'Execution' }).allTextContents()).toEqual([
    expect.stringContaining('2 of 3 passed'),
    expect.stringContaining('3 of 3 passed'),
  ]);
  expect(await seriousFaults(page)).toEqual([]);
  await page.click('#tab-result');
  const report = page.getByRole('region', { name: 'Verification' });
  await report.getByText('All checks passed').waitFor();
  await report.getByText(/python, 3 of 3 checks passed, after 1 repair/).waitFor();
  expect(await report.locator('.check-list li').count()).toBe(3);
  await report.getByText('Output', { exact: true }).click();
  await report.locator('details pre', { hasText: 'two otters' }).waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});

test('an answer without code says that nothing was executed, and why', async () => {
  scene.stack.gateway.script('coding-model', [
    { tokens: ['<b>I would rather not.</b>'] },
    { tokens: ['VERDICT: REVISE'] },
  ]);
  const order = { swarm_id: 'coding-swarm', message: DOUBLE };
  const { body } = await post(`${scene.stack.url}/swarm/execute`, order);
  const { page, close } = await scene.visit(`/dashboard/runs/${body.run_id}`);
  await finished(page);
  await page.locator('#turn-draft .execution.skipped', { hasText: /Not executed: \w/ }).waitFor();
  await page.click('#tab-result');
  await page.locator('.verification.skipped', { hasText: 'Not executed' }).waitFor();
  expect(await page.locator('.verification header p').textContent()).toBe(body.verification.reason);
  await close();
});

test('a budget is shown as a meter with its figures; without a budget there are only figures', async () => {
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
  expect(body.budget).toEqual({ usd: 0.01, tokens: 4000, calls: 120 });
  expect(body.cost_usd).toBeGreaterThan(0);
  expect(Number(await cost.getAttribute('value'))).toBeCloseTo(body.cost_usd, 9);
  const used = body.usage.prompt_tokens + body.usage.completion_tokens;
  await page.getByRole('meter', { name: `Tokens of the budget: ${used} of 4,000` }).waitFor();
  expect(await seriousFaults(page)).toEqual([]);

  const { body: free } = await post(`${scene.stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Count' });
  await page.goto(`${scene.stack.url}/dashboard/runs/${free.run_id}`);
  await finished(page);
  await page.locator('.facts', { hasText: 'Cost' }).waitFor();
  // each run has a token limit, but no cost limit unless one is set
  await page.getByRole('meter', { name: /^Tokens of the budget: \d+ of 20M$/ }).waitFor();
  expect(await page.getByRole('meter').count()).toBe(1);
  await close();
});

test('the gateway view shows the use of limits and until when a model is paused, and is accessible by keyboard', async () => {
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
  await balanced.getByRole('meter', { name: 'Concurrency: 2 of 3' }).waitFor();
  await balanced.getByRole('meter', { name: /^Requests: [2-9] of 10$/ }).waitFor();
  await balanced.getByRole('meter', { name: /^Tokens: [\d,]+ of 10,000,000$/ }).waitFor();
  const strategic = page.locator('.model', { hasText: 'strategic-model' });
  await strategic.getByText('Cooling down', { exact: true }).waitFor();
  await strategic.getByText(/available again in \d/).waitFor();
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
    async () => (await balanced.getByText('Concurrency').locator('..').textContent())?.includes('0 of 3'),
    20_000,
  );
  await balanced.locator('.figures', { hasText: /First token\d/ }).waitFor();
  expect(complaints).toEqual([]);
  await close();
}, 120_000);
