/** What a turn was asked, the timeline of a run, and the versions of its code, in a real browser. */
import { get, post } from '../support/readers';
import { until } from '../support/stack';
import { planText } from '../support/plan';
import { seriousFaults, setScene } from './browser';

const scene = setScene({ CONTINUATION: 'balanced-model=restart' });
beforeEach(() => scene.stack.gateway.reset());

const start = async (order: object, path = '/swarm/execute'): Promise<string> =>
  (await post(scene.stack.url + path, { wait: false, ...order })).body.run_id as string;
const ended = (id: string) =>
  until(async () => (await get(`${scene.stack.url}/runs/${id}`)).body.status !== 'running', 60_000);
const clipboard = { permissions: ['clipboard-read', 'clipboard-write'], bypassCSP: true };

test('the input of a turn is what its model received, with the answers that it quotes, and has an address', async () => {
  scene.stack.gateway.script('strategic-model', [
    { tokens: [planText('draft')] },
    { tokens: ['CRITIQUE'] },
    { tokens: [planText('plan')] },
  ]);
  const id = await start({ swarm_id: 'strategic-swarm', message: 'Plan a small shop', temperature: 0.2 });
  await ended(id);
  const { page, complaints, close } = await scene.visit(`/dashboard/runs/${id}`, clipboard);
  await page.getByRole('button', { name: 'Input of Plan critic' }).click();
  const dialog = page.getByRole('dialog', { name: 'Input of Plan critic' });
  const messages = dialog.locator('.message-text');
  await messages.first().waitFor();
  const received = scene.stack.gateway.calls('strategic-model')[1]?.body as { messages: { content: string }[] };
  expect(await messages.allTextContents()).toEqual(received.messages.map(({ content }) => content));
  expect(await dialog.locator('.quoted').first().getAttribute('data-from')).toBe('Strategist, draft');
  expect(await seriousFaults(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Copy message 1' }).click();
  await dialog.getByText('Copied').waitFor();
  const copied = await page.evaluate<string>('navigator.clipboard.readText()');
  expect(copied).toBe(received.messages[0]?.content);

  await dialog.getByRole('tab', { name: 'Parameters' }).click();
  expect(await dialog.locator('.parameters').textContent()).toMatch(/strategic.*0\.2/);
  await dialog.getByRole('tab', { name: 'Attempts' }).click();
  await dialog.locator('.steps li', { hasText: 'Called strategic-model' }).waitFor();
  await dialog.locator('.steps li', { hasText: 'Completed (stop)' }).waitFor();
  await dialog.getByRole('tab', { name: 'Raw events' }).click();
  const events = (await dialog.locator('.raw').textContent())?.split('\n').map((line) => JSON.parse(line)) ?? [];
  expect(events.map(({ event }) => event)).toEqual(expect.arrayContaining(['turn.started', 'turn.completed']));
  expect(new Set(events.map(({ turn }) => turn))).toEqual(new Set(['critique']));
  expect(await seriousFaults(page)).toEqual([]);

  await page.reload();
  await dialog.locator('.raw').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.waitForURL(({ search }) => search === '');
  expect(complaints).toEqual([]);
  await close();
});

test('an unknown turn, and events that are not stored any more, have a message', async () => {
  scene.stack.gateway.script('balanced-model', [{ tokens: ['Done.'] }]);
  const id = await start({ swarm_id: 'one-voice', message: 'Count' });
  await ended(id);
  const { page, close } = await scene.visit(`/dashboard/runs/${id}?inspect=nobody`);
  await page.getByText('turn: there is no turn "nobody"; there are answer.').waitFor();
  await page.getByRole('tab', { name: 'Raw events' }).click();
  await page.getByText('The events of this turn are not stored any more.').waitFor();
  await close();
});

test('the timeline shows calls, text, waits and questions to people as spans', async () => {
  scene.stack.gateway.script('balanced-model', [
    {
      status: 429,
      body: { error: { code: 429, message: 'Slow down', metadata: { error_type: 'rate_limit_exceeded' } } },
      wait: { ms: 1500, as: 'retry-after' },
    },
    { tokens: { count: 40, prefix: 'w' }, intervalMs: 10 },
  ]);
  const id = await start({ swarm_id: 'one-voice', message: 'Count' });
  await ended(id);
  const { page, complaints, close } = await scene.visit(`/dashboard/runs/${id}`, { bypassCSP: true });
  await page.getByRole('tab', { name: 'Timeline' }).click();
  const row = page.locator('.timeline-row', { hasText: 'Speaker' });
  await row.getByRole('img', { name: /^Rate limited: 1\.[4-9] s|^Rate limited: 2/ }).waitFor();
  await row.getByRole('img', { name: /^Receiving text, attempt 2: / }).waitFor();
  expect(await seriousFaults(page)).toEqual([]);

  const gated = await start({ message: 'Build it', approve_plan: true }, '/swarm/coordinate');
  await until(async () => (await get(`${scene.stack.url}/runs/${gated}`)).body.gates.length > 0, 60_000);
  await page.goto(`${scene.stack.url}/dashboard/runs/${gated}`);
  await page.getByRole('tab', { name: 'Timeline' }).click();
  await page.getByRole('img', { name: /^Waiting for a person: .*, open$/ }).waitFor();
  await post(`${scene.stack.url}/runs/${gated}/cancel`, {});
  expect(complaints).toEqual([]);
  await close();
});

const DOUBLE = 'Write a function double:\n>>> double(2)\n4\n>>> double(0)\n0\n';
const fence = (code: string) => `Here:\n\n\`\`\`python\n${code}\n\`\`\``;

test('two versions of the code are compared line by line, with their checks and why one is the answer', async () => {
  scene.stack.gateway.script('coding-model', [
    { tokens: [fence('def double(x):\n    # twice\n    return x')] },
    { tokens: [fence('def double(x):\n    # twice\n    return x + x')] },
    { tokens: ['VERDICT: PASS'] },
  ]);
  const id = await start({ swarm_id: 'coding-swarm', message: DOUBLE });
  await ended(id);
  const { page, complaints, close } = await scene.visit(`/dashboard/runs/${id}`, { bypassCSP: true });
  await page.getByRole('tab', { name: 'Code' }).click();
  const diff = page.locator('.line-diff');
  await diff.locator('tr.added', { hasText: 'return x + x' }).waitFor();
  expect(await diff.locator('tr.removed code').allTextContents()).toEqual(['    return x']);
  expect(await diff.locator('tr.same code').allTextContents()).toEqual(['def double(x):', '    # twice']);
  const checks = page.locator('.version-checks > section');
  expect(await checks.count()).toBe(2);
  await checks.nth(0).getByText('2 of 3 checks passed').waitFor();
  await checks.nth(1).getByText('3 of 3 checks passed').waitFor();
  await page.locator('.versions .note', { hasText: /is the answer: 3 of 3 checks passed\./ }).waitFor();
  expect(await page.getByRole('combobox', { name: 'To' }).textContent()).toContain('(chosen)');
  expect(await seriousFaults(page)).toEqual([]);
  // the tab itself was reached by keyboard: arrows move between tabs
  await page.getByRole('tab', { name: 'Code' }).focus();
  await page.keyboard.press('ArrowLeft');
  await page.locator('.timeline-row .span.check').first().waitFor();
  expect(complaints).toEqual([]);
  await close();
});
