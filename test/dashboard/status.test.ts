/** The page says what is true of a run: the outcome of its checks, its figures, and what it waits for. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { get, post } from '../support/readers';
import { until } from '../support/stack';
import { setScene } from './browser';

/** A swarm that writes one draft and repairs nothing. */
const ONE_DRAFT = {
  id: 'one-draft',
  name: 'One draft',
  description: 'Writes a program once.',
  pattern: 'build',
  build: { rounds: 0 },
  roles: {
    coder: { label: 'Coder', alias: 'coding', system: 'Write code.' },
    reviewer: { label: 'Reviewer', alias: 'strategic', system: 'Review it.' },
  },
};
const ONE_VOICE = {
  id: 'one-voice',
  name: 'One voice',
  description: 'Answers.',
  pattern: 'single',
  roles: { speaker: { label: 'Speaker', alias: 'fast', system: 'Answer.', max_tokens: 100_000 } },
};
const folder = mkdtempSync(path.join(tmpdir(), 'swarms-'));
const SWARMS_FILE = path.join(folder, 'swarms.json');
writeFileSync(SWARMS_FILE, JSON.stringify([ONE_DRAFT, ONE_VOICE]));
afterAll(() => rmSync(folder, { recursive: true }));

const scene = setScene({ SWARMS_FILE });
beforeEach(() => scene.stack.gateway.reset());

const SLOW_MS = 60_000;
const fence = (code: string) => `\`\`\`python\n${code}\n\`\`\``;
const DOUBLE = 'Write a function double:\n>>> double(2)\n4\n>>> double(0)\n0\n';
const start = async (body: object): Promise<string> =>
  (await post(`${scene.stack.url}/swarm/execute`, { wait: false, ...body })).body.run_id as string;

test('code that fails its checks is amber in header, lane, list and result, and can be filtered', async () => {
  scene.stack.gateway.always('coding-model', { tokens: [fence('def double(x):\n    return x')] });
  scene.stack.gateway.always('strategic-model', { tokens: ['VERDICT: PASS'] });
  const runId = await start({ swarm_id: 'one-draft', message: DOUBLE });
  const { page, close } = await scene.visit('/dashboard/live');
  await page.locator('.tile').waitFor();
  await page.goto(`${scene.stack.url}/dashboard/runs/${runId}`);
  const label = 'Completed, 1 of 3 checks failed';
  await page
    .locator('.run-kind [data-state="checks_failed"].tone-caution', { hasText: label })
    .waitFor({ timeout: 120_000 });
  await page.locator('.lane header .pill', { hasText: '1 of 3 checks failed' }).first().waitFor();
  await page.locator('.lane-body .sentence', { hasText: 'It does not work yet' }).waitFor();
  await page.click('#tab-result');
  await page.locator('.answers .sentence', { hasText: 'It does not work yet' }).waitFor();
  expect(await page.locator('.answers > article').first().locator('.verification').count()).toBe(1);
  await page.goto(`${scene.stack.url}/dashboard/runs`);
  await page.locator('.run-row', { hasText: 'double' }).locator('.tone-caution', { hasText: label }).waitFor();
  await page.getByLabel('Status').selectOption('Completed, all checks passed');
  await page.getByRole('heading', { name: 'No matching runs' }).waitFor();
  await page.getByLabel('Status').selectOption('Completed, checks failed');
  await page.locator('.run-row', { hasText: 'double' }).waitFor();
  const { body: about } = await get(`${scene.stack.url}/runs/${runId}`);
  await page.goto(`${scene.stack.url}/dashboard/sessions/${about.session_id}`);
  await page.locator('.remark .sentence', { hasText: 'It does not work yet' }).waitFor();
  await close();
}, 240_000);

test('tokens are the same in header, lanes and API; a stopped turn has its time; nothing takes 0 ms', async () => {
  scene.stack.gateway.script('balanced-model', [
    { tokens: { count: 40 } },
    { tokens: { count: 2000 }, intervalMs: 20 },
  ]);
  const runId = await start({ swarm_id: 'debate-swarm', message: 'Count' });
  const { page, close } = await scene.visit(`/dashboard/runs/${runId}`);
  await page.locator('.run-kind .status-completed').waitFor({ timeout: SLOW_MS });
  const { usage } = (await get(`${scene.stack.url}/runs/${runId}`)).body;
  const format = (n: number) => n.toLocaleString('en');
  const { prompt_tokens: read, completion_tokens: written } = usage;
  await page
    .locator('.fact-tokens', {
      hasText: `${format(read)} read + ${format(written)} written = ${format(read + written)}`,
    })
    .waitFor();
  const lanes = await page.locator('.lane .figures > div:first-child dd').allTextContents();
  const sums = lanes.map((text) => text.split(' + ').map((n) => Number(n.replace(/\D/g, ''))));
  expect(sums.reduce((all, [one = 0]) => all + one, 0)).toBe(read);
  expect(sums.reduce((all, [, one = 0]) => all + one, 0)).toBe(written);

  scene.stack.gateway.script('balanced-model', [{ tokens: { count: 2000, prefix: 'w' }, intervalMs: 20 }]);
  const stopped = await start({ swarm_id: 'one-voice', message: 'Stop me' });
  await page.goto(`${scene.stack.url}/dashboard/runs/${stopped}`);
  await page.locator('[data-turn="answer"]', { hasText: 'w10' }).waitFor({ timeout: SLOW_MS });
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.locator('.run-kind .status-cancelled').waitFor({ timeout: SLOW_MS });
  const time = await page.locator('.lane .figures > div:nth-child(3) dd').textContent();
  expect(time).toMatch(/^[1-9]/);
  expect(await page.locator('.figures').allTextContents()).not.toContain('0 ms');
  await close();
}, 180_000);

test('a pause counts the turns that it lets finish; time at a gate or in a pause is separate', async () => {
  scene.stack.gateway.script('balanced-model', [{ tokens: { count: 3000, prefix: 'w' }, intervalMs: 20 }]);
  const runId = await start({ swarm_id: 'one-voice', message: 'Pause me' });
  const { page, close } = await scene.visit(`/dashboard/runs/${runId}`);
  await page.locator('[data-turn="answer"]', { hasText: 'w5' }).waitFor({ timeout: SLOW_MS });
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.locator('.run-kind [data-state="paused"]', { hasText: 'Paused (finishing 1 turn)' }).waitFor();
  await page.locator('.fact-time', { hasText: /\+ \d.* waiting for you/ }).waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.locator('.run-kind .status-cancelled').waitFor({ timeout: SLOW_MS });
  await close();
}, 120_000);

test('the queue is counted as it is now, not as it was when the run joined it', async () => {
  scene.stack.gateway.always('balanced-model', { tokens: { count: 3000, prefix: 'w' }, intervalMs: 20 });
  const session_id = 'one-queue';
  const ids: string[] = [];
  for (const message of ['first', 'second', 'third']) {
    ids.push(await start({ swarm_id: 'one-voice', message, session_id }));
    await until(async () => (await get(`${scene.stack.url}/runs/${ids.at(-1)}`)).body.state !== 'starting', SLOW_MS);
  }
  const { page, close } = await scene.visit(`/dashboard/runs/${ids[2]}`);
  await page.locator('.run-kind', { hasText: 'Queued behind 2 runs' }).waitFor({ timeout: SLOW_MS });
  await post(`${scene.stack.url}/runs/${ids[0]}/cancel`, {});
  await page.locator('.run-kind', { hasText: 'Queued behind 1 run' }).waitFor({ timeout: SLOW_MS });
  for (const id of ids) await post(`${scene.stack.url}/runs/${id}/cancel`, {});
  await close();
}, 180_000);

test('without a worker nobody knows whether the gateway answers, and the page says that', async () => {
  const { page, close } = await scene.visit('/dashboard/system');
  await page.locator('.card', { hasText: 'Gateway' }).getByText('Answers', { exact: true }).waitFor();
  await scene.stack.worker.kill('SIGKILL');
  await page
    .locator('.card', { hasText: 'Gateway' })
    .getByText('Unknown: no worker reports it')
    .waitFor({ timeout: SLOW_MS });
  await scene.stack.startWorker();
  await close();
}, 120_000);
