import { createStack, until, type Stack } from '../support/stack';
import { get, post, Watcher } from '../support/readers';

const PLANTED = 'PLANTED-7f3a';
const ANSWERED = 'ANSWERED-91bc';

let stack: Stack;
let lines = '';
beforeAll(async () => {
  stack = await createStack({ LOG_LEVEL: 'trace' });
  for (const { child } of [stack.api, stack.worker]) child.stdout?.on('data', (chunk) => (lines += String(chunk)));
});
afterAll(() => stack.stop());

const start = (message: string) => post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message });

test('logs name runs, turns and models, and contain no text of prompts or answers', async () => {
  stack.gateway.script('balanced-model', [
    { tokens: { text: `${ANSWERED} in full` } },
    { status: 400, body: { error: { code: 400, message: `cannot read "${PLANTED}"` } } },
    { tokens: { text: `${ANSWERED} half` }, fault: { kind: 'cut', at: 2 } },
  ]);
  const { body } = await start(`${PLANTED} well`);
  expect(body.responses[0]).toContain(ANSWERED);
  expect((await start(`${PLANTED} refused`)).status).toBeGreaterThanOrEqual(400);
  await start(`${PLANTED} cut`);
  await post(`${stack.url}/swarm/execute`, `{"message": "${PLANTED}" broken`).catch(() => undefined);
  await get(`${stack.url}/runs?swarm=${PLANTED}%20`);
  const watcher = await Watcher.connect(stack.url);
  watcher.send(`${PLANTED} is no JSON`);
  await watcher.frame(({ event }) => (event as string) === 'error');
  watcher.close();
  await until(() => lines.split('turn.completed').length > 2);
  const entries = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(entries).toContainEqual(expect.objectContaining({ msg: 'run started', run_id: body.run_id }));
  expect(entries).toContainEqual(
    expect.objectContaining({ msg: 'turn.completed', run_id: body.run_id, model: 'balanced-model' }),
  );
  expect(lines).not.toContain(PLANTED);
  expect(lines).not.toContain(ANSWERED);
});
