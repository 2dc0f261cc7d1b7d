/** Keyboard shortcuts, addresses of what is shown, exports, and the question for the API key, in a real browser. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { planText } from '../support/plan';
import { get, post } from '../support/readers';
import { createStack, until } from '../support/stack';
import { seriousFaults, setScene } from './browser';

const scene = setScene();
beforeEach(() => scene.stack.gateway.reset());

async function plan(message: string): Promise<string> {
  scene.stack.gateway.script('strategic-model', [
    { tokens: [planText('draft')] },
    { tokens: ['CRITIQUE'] },
    { tokens: [planText('plan')] },
  ]);
  const order = { swarm_id: 'strategic-swarm', message, wait: false };
  const { body } = await post(`${scene.stack.url}/swarm/execute`, order);
  const address = `${scene.stack.url}/runs/${body.run_id}`;
  await until(async () => (await get(address)).body.status !== 'running', 60_000);
  return body.run_id as string;
}

const focusedId = (page: Page) => page.evaluate<string>('document.activeElement.id');

test('?, /, n and Ctrl K work on every view, and letters that are typed stay letters', async () => {
  const runId = await plan('Plan the zebra crossing');
  const { page, complaints, close } = await scene.visit('/dashboard/system', { bypassCSP: true });
  await page.getByRole('heading', { name: 'System' }).waitFor();
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await help.getByText('Start a new run').waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await help.waitFor({ state: 'detached' });
  await page.keyboard.press('n');
  await until(async () => (await focusedId(page)) === 'task');
  await page.keyboard.type('n/?');
  expect(await page.locator('#task').inputValue()).toBe('n/?');
  await page.locator('h1').click();
  await page.keyboard.press('/');
  await page.waitForURL((url) => url.pathname === '/dashboard/runs');
  await until(() => page.evaluate<boolean>("document.activeElement.type === 'search'"));

  await page.keyboard.press('Control+k');
  const commands = page.getByRole('dialog', { name: 'Go to' });
  await commands.getByRole('option', { name: /Gateways/ }).waitFor();
  await page.keyboard.type('zebra');
  await commands.getByRole('option', { name: /zebra crossing/ }).waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname.endsWith(runId));
  await commands.waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
  await close();
});

test('arrows move between the runs of the list and the nodes of a graph', async () => {
  await plan('First of two');
  const runId = await plan('Second of two');
  const { page, close } = await scene.visit('/dashboard/runs?text=of+two');
  const link = (task: string) => page.locator('.run-task a', { hasText: task });
  await link('First of two').waitFor();
  await link('Second of two').focus();
  const focused = () => page.evaluate<string>('document.activeElement.textContent');
  await page.keyboard.press('ArrowDown');
  expect(await focused()).toBe('First of two');
  await page.keyboard.press('ArrowUp');
  expect(await focused()).toBe('Second of two');
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname.endsWith(runId));
  await page.locator('.node').first().focus();
  await page.keyboard.press('ArrowRight');
  expect(await focused()).toContain('Plan critic');
  await close();
});

test('tabs, turns and the lane in focus have an address, which is copied, opened again, and survives a reload', async () => {
  const runId = await plan('Plan it');
  const permissions = { permissions: ['clipboard-read', 'clipboard-write'], bypassCSP: true };
  const { page, complaints, close } = await scene.visit(`/dashboard/runs/${runId}`, permissions);
  await page.getByRole('tab', { name: 'Timeline' }).click();
  await page.locator('.timeline').waitFor();
  await page.getByRole('button', { name: 'Share' }).click();
  const dialog = page.getByRole('dialog', { name: 'Share' });
  await dialog.getByRole('button', { name: 'Copy link' }).click();
  await dialog.getByText('Copied').waitFor();
  const link = await page.evaluate<string>('navigator.clipboard.readText()');
  expect(link).toBe(`${scene.stack.url}/dashboard/runs/${runId}?tab=timeline`);
  expect(await seriousFaults(page)).toEqual([]);
  await page.goto(link);
  await page.locator('.timeline').waitFor();
  await page.getByRole('tab', { name: 'Lanes' }).click();
  expect(new URL(page.url()).search).toBe('');
  await page.goto(`${scene.stack.url}/dashboard/runs/${runId}?turn=critique`);
  await until(async () => (await focusedId(page)) === 'turn-critique');
  await page.goto(`${scene.stack.url}/dashboard/runs/${runId}`);
  await page.getByRole('button', { name: 'Focus the lane of Plan critic' }).click();
  await until(() => new URL(page.url()).searchParams.get('focus') === 'lane-run-critic');
  await page.reload();
  await page.locator('#lane-run-critic.focused').waitFor();
  await page.keyboard.press('Escape');
  await until(() => new URL(page.url()).search === '');
  await page.goto(`${scene.stack.url}/dashboard/runs/${runId}?focus=lane-nowhere`);
  await page.locator('#lane-run-critic').waitFor();
  expect(await page.locator('html.has-focus').count()).toBe(0);
  expect(complaints).toEqual([]);
  await close();
});

test('a run is saved as Markdown and as JSON', async () => {
  const runId = await plan('Plan *everything*');
  const { page, close } = await scene.visit(`/dashboard/runs/${runId}`);
  await page.getByRole('button', { name: 'Share' }).click();
  const save = async (name: string) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
    return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
  };
  const markdown = await save('Save as Markdown');
  expect(markdown.name).toBe(`${runId}.md`);
  expect(markdown.text).toContain('> Plan *everything*');
  expect(markdown.text).toContain('## Plan critic\n\n`strategic-model`\n\nCRITIQUE');
  const json = await save('Save as JSON');
  expect(JSON.parse(json.text).run_id).toBe(runId);
  await close();
});

test('the key is asked for once, in its field; it can be given later', async () => {
  const keyed = await createStack({ API_KEYS: 'me:otter-key' });
  const { page, close } = await scene.visit(`${keyed.url}/dashboard/runs`, { bypassCSP: true });
  const dialog = page.getByRole('dialog', { name: 'Enter your API key' });
  await dialog.waitFor();
  await until(() => page.evaluate<boolean>("document.activeElement.type === 'password'"));
  expect(await seriousFaults(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  // the list asks again every few seconds, and is refused each time
  await page.waitForResponse((response) => response.status() === 401);
  await page.waitForResponse((response) => response.status() === 401);
  expect(await dialog.count()).toBe(0);
  await page.getByRole('button', { name: 'Enter API key' }).click();
  await page.keyboard.type('otter-key');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'No runs yet' }).waitFor();
  await close();
  await keyed.stop();
});
