/** One name per concept: composer, list and system page call a swarm the same, and code shows the characters that it has. */
import { get, post } from '../support/readers';
import { until } from '../support/stack';
import { setScene } from './browser';

const scene = setScene();
beforeEach(() => scene.stack.gateway.reset());

test('a swarm has one name in the composer, the list and on the system page', async () => {
  const { body } = await post(`${scene.stack.url}/swarm/coordinate`, { message: 'Build it', wait: false });
  const { page, close } = await scene.visit('/dashboard');
  const card = page.locator('.swarm-card', { has: page.locator('input[value="coordinate"]') });
  const name = (await card.locator('.faint').textContent()) ?? '';
  expect(name).toBe('Whole pipeline');
  await page.goto(`${scene.stack.url}/dashboard/runs?swarm=coordinate`);
  await page.locator('.run-row', { hasText: 'Build it' }).getByText(name).waitFor();
  expect(await page.locator('select[aria-label=Swarm], label:has-text("Swarm") select').textContent()).toContain(name);
  await page.goto(`${scene.stack.url}/dashboard/system`);
  await page.getByRole('rowheader', { name }).waitFor();
  await post(`${scene.stack.url}/runs/${body.run_id}/cancel`, {});
  await close();
});

test('code has no ligatures', async () => {
  scene.stack.gateway.script('balanced-model', [{ tokens: { text: 'Use `a != b`:\n\n```python\na -> b\n```\n' } }]);
  const order = { swarm_id: 'one-voice', message: 'Compare', wait: false };
  const { body } = await post(`${scene.stack.url}/swarm/execute`, order);
  await until(async () => (await get(`${scene.stack.url}/runs/${body.run_id}`)).body.status !== 'running', 60_000);
  const { page, close } = await scene.visit(`/dashboard/runs/${body.run_id}`);
  await page.locator('.lane code').first().waitFor();
  const styles = await page.evaluate<string[]>(
    `[...document.querySelectorAll('.lane code, .lane pre, .mono')].map((code) => getComputedStyle(code).fontVariantLigatures)`,
  );
  expect(new Set(styles)).toEqual(new Set(['none']));
  await close();
});
