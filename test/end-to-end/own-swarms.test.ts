/** A swarms file through the whole product: it is edited during a run, made invalid, and corrected. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort, start } from '../support/processes';
import { createStack, until, type Stack } from '../support/stack';
import { get, post, Watcher } from '../support/readers';

const PAGE = readFileSync(path.join(__dirname, '../../docs/use/own-swarms.md'), 'utf8');
const EXAMPLE = /```yaml\n(# yaml-language-server: .*?)```/s.exec(PAGE)?.[1] ?? '';

let folder: string;
let file: string;
let stack: Stack;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'murmuration-own-'));
  file = path.join(folder, 'swarms.yaml');
  writeFileSync(file, EXAMPLE);
  stack = await createStack({ SWARMS_FILE: file });
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  stack.gateway.reset();
  writeFileSync(file, EXAMPLE);
});

const order = { swarm_id: 'design-review', message: 'A form for bug reports' };
const listWarnings = async () => ((await get(`${stack.url}/readyz`)).body.warnings ?? []) as string[];
/** The prompts of the letter's writer in all runs since the reset. */
const letters = () =>
  stack.gateway.calls('balanced-model').filter(({ body }) => /short letters|verse/.test(JSON.stringify(body)));

test("the documentation's pipeline is listed with its roles, and works like any other swarm", async () => {
  const { body } = await get(`${stack.url}/swarms`);
  const listed = (body as unknown as { id: string; roles: { role: string }[] }[]).find(
    ({ id }) => id === 'design-review',
  );
  expect(listed?.roles.map(({ role }) => role)).toEqual([
    ...['design/strategist', 'design/critic', 'read/attacker', 'read/accountant', 'read/newcomer', 'read/chair'],
    'answer/writer',
  ]);
  expect(JSON.stringify(listed)).not.toContain('Tell the person');
  const watcher = await Watcher.connect(stack.url);
  watcher.send(order);
  const { run_id } = await watcher.done(undefined, 30_000);
  const run = (await get(`${stack.url}/runs/${run_id}`)).body;
  expect(run).toMatchObject({ status: 'completed', team_id: 'design-review' });
  expect(run.responses).toHaveLength(3);
  expect(JSON.stringify(letters()[0]?.body)).toContain('Tell the person who asked \\"A form for bug reports\\"');
  watcher.close();
});

test('the schema is published', async () => {
  const { status, body } = await get(`${stack.url}/swarms/schema.json`);
  expect([status, body.title]).toEqual([200, 'Swarms of your own']);
});

test('a run keeps the swarms that it began with; the next one uses the new file', async () => {
  stack.gateway.script('strategic-model', [{ firstTokenMs: 1500 }]);
  const { body } = await post(`${stack.url}/swarm/execute`, { ...order, wait: false });
  await until(() => stack.gateway.calls('strategic-model').length > 0);
  writeFileSync(file, EXAMPLE.replace('You write short letters in plain words.', 'You answer in verse.'));
  const later = await post(`${stack.url}/swarm/execute`, { swarm_id: 'letter', message: 'Hello' });
  expect(later.status).toBe(200);
  expect(JSON.stringify(letters()[0]?.body)).toContain('You answer in verse.');
  await until(async () => (await get(`${stack.url}/runs/${body.run_id}`)).body.status === 'completed', 30_000);
  expect(letters()).toHaveLength(2);
  expect(JSON.stringify(letters()[1]?.body)).toContain('You write short letters in plain words.');
});

const ended = (runId: string) =>
  until(async () => {
    const { body } = await get(`${stack.url}/runs/${runId}`);
    return body.status === 'running' ? undefined : body;
  });

test('a pipeline is forked at its last stage: earlier turns are taken over, and one call is made', async () => {
  const { body } = await post(`${stack.url}/swarm/execute`, order);
  const before = stack.gateway.calls().length;
  const edit = { from: 'answer', edit: { instruction: 'Mind the otters.' } };
  const fork = await post(`${stack.url}/runs/${body.run_id}/fork`, edit);
  expect(fork.status).toBe(202);
  expect(await ended(fork.body.run_id as string)).toMatchObject({ status: 'completed' });
  const calls = stack.gateway.calls().slice(before);
  expect(calls).toHaveLength(1);
  expect(JSON.stringify(calls[0]?.body)).toContain('Mind the otters.');
});

test('guidance given in the first stage of a pipeline reaches the last', async () => {
  stack.gateway.script('strategic-model', [{ firstTokenMs: 1000 }]);
  const { body } = await post(`${stack.url}/swarm/execute`, { ...order, wait: false });
  await until(() => stack.gateway.calls('strategic-model').length > 0);
  const output = await post(`${stack.url}/runs/${body.run_id}/message`, { content: 'Mind the otters.' });
  expect(output.status).toBe(200);
  expect(await ended(body.run_id as string)).toMatchObject({ status: 'completed' });
  expect(JSON.stringify(letters()[0]?.body)).toContain('Mind the otters.');
});

test('a budget that a stage uses up ends the pipeline with its partial result', async () => {
  stack.gateway.script('strategic-model', [{ tokens: { count: 600 } }]);
  const { status, body } = await post(`${stack.url}/swarm/execute`, { ...order, budget_tokens: 1000 });
  expect([status, body.error.code]).toEqual([402, 'BUDGET_EXHAUSTED']);
  const run = await ended(body.run_id as string);
  const turns = run.turns as { status: string }[];
  expect(turns.filter((turn) => turn.status === 'completed').length).toBeGreaterThan(0);
  expect(run.usage.prompt_tokens + run.usage.completion_tokens).toBeLessThanOrEqual(1000);
  expect(letters()).toHaveLength(0);
});

test('an invalid edit is refused with its line, and the last valid version applies until it is corrected', async () => {
  expect(await listWarnings()).toEqual([]);
  writeFileSync(file, EXAMPLE.replace('swarm: readers', 'swarm: writers'));
  const line = EXAMPLE.split('\n').findIndex((text) => text.includes('swarm: readers')) + 1;
  const [warning] = await listWarnings();
  expect(warning).toContain(`swarms.yaml:${line}:7: 2.stages.1.swarm: there is no swarm "writers"`);
  await until(() => stack.api.output().includes('its last good version holds'));
  const { status } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'letter', message: 'Hello' });
  expect(status).toBe(200);
  writeFileSync(file, `${EXAMPLE}\n# mended`);
  expect(await listWarnings()).toEqual([]);
});

test('an invalid file prevents the start, with its line, column and field', async () => {
  const bad = path.join(folder, 'bad.yaml');
  writeFileSync(bad, EXAMPLE.replace('alias: coding', 'alias: cheap'));
  const port = String(await freePort());
  const api = start(process.execPath, [path.join(__dirname, '../../dist/api/main.js')], {
    ...stack.env,
    PORT: port,
    SWARMS_FILE: bad,
  });
  await until(() => api.child.exitCode !== null);
  expect(api.child.exitCode).toBe(1);
  expect(api.output()).toMatch(/^api: SWARMS_FILE: .*bad\.yaml:8:7: 0\.roles\.attacker\.alias: Invalid option/);
});

const CIRCLE = `
- id: circle
  pattern: panel
  roles:
    baker: { alias: fast, system: You bake. }
    guest: { alias: fast, system: You eat. }
`;

test('a panel without a chair has no single answer: a multi-swarm request with it is refused, and nothing is started', async () => {
  writeFileSync(file, EXAMPLE + CIRCLE);
  const several = { message: 'Hi', teams: ['circle', 'letter'], strategy: 'parallel' };
  // 404 until the file has been read
  const { body } = await until(async () => {
    const reply = await post(`${stack.url}/swarms/multi`, several);
    return reply.status === 404 ? undefined : reply;
  });
  expect(body.error).toEqual({
    code: 'INVALID_FIELD',
    message: 'teams: a stage has one answer: the panel "circle" needs a role "chair" here.',
  });
  expect(stack.gateway.calls()).toHaveLength(0);
});
