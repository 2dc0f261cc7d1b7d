/** A debate is shown as a verdict: decision, confidence, agreement, and where each voice stood, instead of protocol lines. */
import { readFile } from 'node:fs/promises';
import { post } from '../support/readers';
import { seriousFaults, setScene } from './browser';

const scene = setScene();
beforeEach(() => scene.stack.gateway.reset());

const SLOW_MS = 60_000;
const says = (position: string, text: string) => ({
  tokens: ['POSI', `TION: ${position}, CONFI`, 'DENCE: 80\n\n', text],
});
const JUDGE = {
  decision: 'merge',
  rationale: ['The cost is known.'],
  runner_instructions: ['Start with one cluster.'],
  confidence_score: 0.7,
  quality_score: 0.9,
};

async function debate(): Promise<string> {
  scene.stack.gateway.always('optimistic-model', says('for', 'It scales well.'));
  scene.stack.gateway.script('cautious-model', [
    says('against', 'It is dear.'),
    says('depends', 'The team is small, so it depends on hiring.'),
  ]);
  scene.stack.gateway.always('balanced-model', says('for', 'On balance, yes.'));
  scene.stack.gateway.scriptWhen({ bodyIncludes: 'quality_score' }, { tokens: [JSON.stringify(JUDGE)] });
  const order = { swarm_id: 'debate-swarm', message: 'Should we use Kubernetes?', wait: false };
  const { body } = await post(`${scene.stack.url}/swarm/execute`, order);
  return body.run_id as string;
}

test('the result starts with the verdict; position lines are chips, and the decision as JSON is folded', async () => {
  const runId = await debate();
  const { page, complaints, close } = await scene.visit(`/dashboard/runs/${runId}`, { bypassCSP: true });
  await page.locator('.run-kind .status-completed').waitFor({ timeout: SLOW_MS });
  const lane = page.locator('.lane', { hasText: 'Cautious voice' });
  await lane.locator('.stance.against', { hasText: 'Against 80%' }).waitFor();
  await lane.locator('.stance.depends', { hasText: 'Depends 80%' }).waitFor();
  await lane.getByText('It is dear.').waitFor();
  expect(await page.locator('.lanes').innerText()).not.toMatch(/POSITION|quality_score/);
  await page.click('#tab-result');
  const card = page.getByRole('region', { name: 'Verdict' });
  await card.getByRole('heading', { name: 'Accept with the objections' }).waitFor();
  await card.getByText('70% confident').waitFor();
  expect(await card.locator('.agreement progress').count()).toBe(2);
  const cautious = card.locator('tr', { hasText: 'Cautious voice' });
  await cautious.locator('.stance.against').waitFor();
  await cautious.locator('q', { hasText: 'so it depends on hiring' }).waitFor();
  await card.getByText('Dissent: Cautious voice').waitFor();
  expect(await page.locator('.answers').innerText()).not.toMatch(/POSITION|quality_score/);
  expect(await page.locator('.answers > *').first().getAttribute('class')).toBe('verdict-card');
  expect(await page.locator('.earlier details').count()).toBe(3);
  expect(await seriousFaults(page)).toEqual([]);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download the answer of Moderator' }).click();
  const file = await (await download).path();
  expect(await readFile(file, 'utf8')).not.toBe('');
  await cautious.locator('button').first().click();
  await page.locator('#panel-lanes').waitFor();
  expect(complaints).toEqual([]);
  await close();
}, 180_000);

test('text in place of a position is shown as it is, and a position in other words keeps its sentence', async () => {
  scene.stack.gateway.always('optimistic-model', { tokens: ['POSITION', ': Yes, we should.\n', 'It scales.'] });
  scene.stack.gateway.always('cautious-model', { tokens: ['Position papers ', 'are long.\nAnd so on.'] });
  scene.stack.gateway.always('balanced-model', { tokens: ['| a | b |\n|---|---|\n| 1 | 2 |\n'] });
  const order = { swarm_id: 'debate-swarm', message: 'Should we?', wait: false };
  const { body } = await post(`${scene.stack.url}/swarm/execute`, order);
  const { page, close } = await scene.visit(`/dashboard/runs/${body.run_id}`);
  await page.locator('.run-kind .status-completed').waitFor({ timeout: SLOW_MS });
  const text = (turn: string) => page.locator(`[data-turn="${turn}"]`).first().innerText();
  expect(await text('optimistic')).toMatch(/^Yes, we should\.\s+It scales\.$/);
  expect(await text('cautious')).toMatch(/^Position papers are long\./);
  // an answer that is only a table
  expect(await page.locator('[data-turn="balanced"] table').count()).toBe(1);
  await close();
}, 120_000);
