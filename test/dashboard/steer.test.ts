/** Steering runs in a real browser: decisions with reasons, guidance, pause and resume; sessions and comparison. */
import { until } from '../support/stack';
import { get, post } from '../support/readers';
import { setScene } from './browser';

const scene = setScene();

const readState = async (runId: string) => (await get(`${scene.stack.url}/runs/${runId}`)).body;

test('a plan is rejected with a reason, revised, approved, and the pipeline continues', async () => {
  const { page, close } = await scene.visit('/dashboard');
  await page.getByRole('radio', { name: 'Plan, build, review' }).check();
  await page.fill('#task', 'Build a bridge');
  await page.getByLabel('Require plan approval').check();
  await page.click('button[type="submit"]');
  const gate = page.locator('.gate', { hasText: 'Approve this plan?' });
  await gate.waitFor();
  await gate.getByRole('button', { name: 'Reject' }).click();
  await gate.getByText('Say what is wrong: the next draft is written from your reason.').waitFor();
  await gate.getByLabel('Reason').fill('It forgets the river.');
  await gate.getByRole('button', { name: 'Reject' }).click();
  await page.locator('.interventions li', { hasText: 'It forgets the river.' }).waitFor();
  await page.locator('.stage', { hasText: 'Plan, round 2' }).waitFor();
  const asked = await until(() =>
    scene.stack.gateway.calls().find(({ body }) => JSON.stringify(body).includes('forgets the')),
  );
  expect(JSON.stringify(asked.body)).toContain('It forgets the river.');
  await gate.waitFor();
  await gate.getByRole('button', { name: 'Approve' }).click();
  await page.locator('.run-kind .status-completed').waitFor();
  await page.locator('.stage.status-completed', { hasText: 'Implement' }).first().waitFor();
  const { gates } = await readState(decodeURIComponent(page.url().split('/').pop() ?? ''));
  expect(gates.map(({ status }: { status: string }) => status)).toEqual(['rejected', 'approved']);
  await close();
});

test('pause delays the next turn, guidance is included in it, resume starts it', async () => {
  scene.stack.gateway.script('strategic-model', [{ tokens: { count: 500 }, intervalMs: 20 }]);
  const { body } = await post(`${scene.stack.url}/swarm/execute`, {
    swarm_id: 'strategic-swarm',
    message: 'Plan',
    wait: false,
  });
  const { page, close } = await scene.visit(`/dashboard/runs/${body.run_id}`);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.locator('.run-kind .status-paused').waitFor();
  await page.getByRole('button', { name: 'Send guidance' }).click();
  await page.getByRole('textbox', { name: 'Guidance' }).fill('Mind the otters.');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.locator('.interventions li', { hasText: 'Mind the otters.' }).waitFor();
  await page.locator('.node.status-completed').first().waitFor();
  expect(await page.locator('.node.status-ahead').count()).toBe(2);
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.locator('.run-kind .status-completed').waitFor();
  const reported = scene.stack.gateway
    .calls()
    .filter(({ body: sent }) => JSON.stringify(sent).includes('Mind the otters.'));
  expect(reported.length).toBeGreaterThanOrEqual(2);
  await close();
});

test('a session shows its memory, and its next run sees it', async () => {
  const session_id = 'otters';
  scene.stack.gateway.script('balanced-model', [
    { tokens: ['Otters', ' hold', ' hands.'] },
    { tokens: ['As', ' I', ' said.'] },
  ]);
  await post(`${scene.stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'What do otters do?', session_id });
  const { page, close } = await scene.visit(`/dashboard/sessions/${session_id}`);
  const remarks = page.locator('.remark');
  await remarks.nth(1).waitFor();
  expect(await remarks.first().textContent()).toContain('What do otters do?');
  expect(await remarks.nth(1).textContent()).toContain('Otters hold hands.');
  await page.getByRole('radio', { name: 'One voice' }).check();
  await page.fill('#task', 'Really?');
  await page.click('button[type="submit"]');
  await page.locator('.run-kind .status-completed').waitFor();
  const last = scene.stack.gateway.calls('balanced-model').at(-1);
  expect(JSON.stringify(last?.body)).toContain('Otters hold hands.');
  await page.goBack();
  await remarks.nth(3).waitFor();
  await close();
});

test('two runs are compared turn by turn, and the list finds runs by words of their tasks', async () => {
  scene.stack.gateway.script('balanced-model', [
    { tokens: ['Otters swim fast.'] },
    { tokens: ['Otters swim slowly.'] },
  ]);
  for (const message of ['First zebra', 'Second zebra'])
    await post(`${scene.stack.url}/swarm/execute`, { swarm_id: 'one-voice', message });
  const { page, complaints, close } = await scene.visit(`/dashboard/runs?swarm=one-voice`);
  await page.getByLabel('Search in tasks, ids and tags').fill('zebra');
  await until(async () => (await page.locator('.run-row:not(.head)').count()) === 2);
  await page.locator('.run-row a', { hasText: 'Second zebra' }).click();
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.locator('.choices a', { hasText: 'First zebra' }).click();
  await page.locator('.difference del', { hasText: 'fast' }).waitFor();
  await page.locator('.difference ins', { hasText: 'slowly' }).waitFor();
  expect(complaints).toEqual([]);
  await close();
});
