import { createStack, until, type Stack } from '../support/stack';
import { foldFrames, get, listTexts, Watcher } from '../support/readers';

let stack: Stack;
afterEach(() => stack.stop());

const LIMIT_MS = 60_000;
const HEARTBEAT_TIMEOUT_MS = 15_000;
/** From the kill to the end of a run that streams for two seconds: less than the heartbeat timeout alone. */
const RECOVERY_MS = 14_000;

async function killInMidStream(tokens: number): Promise<Watcher> {
  stack.gateway.always('balanced-model', { tokens: { count: tokens }, intervalMs: 20 });
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'one-voice', message: 'Count' });
  await watcher.frame(({ content }) => content?.includes('#30 ') ?? false);
  await stack.worker.kill('SIGKILL');
  const killedAt = Date.now();
  await stack.startWorker();
  await watcher.done(undefined, LIMIT_MS);
  expect(Date.now() - killedAt).toBeLessThan(RECOVERY_MS);
  return watcher;
}

test('a run whose worker is killed during an answer completes, and a connected reader has the right text', async () => {
  stack = await createStack({ CONTINUATION: '*=restart' });
  const watcher = await killInMidStream(100);
  const runId = watcher.frames[0]?.run_id ?? '';
  const { body } = await get(`${stack.url}/runs/${runId}`);
  expect(body.status).toBe('completed');
  expect(listTexts(foldFrames(watcher.frames)).answer).toBe(body.responses[0]);
  expect(watcher.frames.filter(({ event }) => event === 'turn.restarted')).toHaveLength(1);
  watcher.close();
}, 120_000);

test('a model that is told to continue repeats nothing that readers see', async () => {
  stack = await createStack();
  const watcher = await killInMidStream(100);
  const { body } = await get(`${stack.url}/runs/${watcher.frames[0]?.run_id}`);
  expect(watcher.frames.map(({ content }) => content).join('')).toBe(body.responses[0]);
  expect(watcher.frames.find(({ event }) => event === 'turn.resumed')).toMatchObject({ how: 'instruct' });
  watcher.close();
}, 120_000);

test('a model that can continue repeats nothing: it continues where the killed worker stopped', async () => {
  stack = await createStack({ GATEWAYS: 'local' });
  const watcher = await killInMidStream(100);
  const { body } = await get(`${stack.url}/runs/${watcher.frames[0]?.run_id}`);
  const text = watcher.frames.map(({ content }) => content).join('');
  expect(text).toBe(body.responses[0]);
  expect(text).toBe(
    Array.from({ length: 100 }, (_, i) => `#${i} `)
      .join('')
      .trimEnd() + ' ',
  );
  expect(watcher.frames.filter(({ event }) => event === 'turn.resumed')).toHaveLength(1);
  const [, second] = stack.gateway.calls();
  expect(second?.tokensSent).toBeLessThan(75);
  watcher.close();
}, 120_000);

test('another worker on the host takes over the turn of a killed one, long before a heartbeat is missed', async () => {
  stack = await createStack();
  stack.gateway.always('balanced-model', { tokens: { count: 1500 }, intervalMs: 20 });
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'one-voice', message: 'Count' });
  await watcher.frame(({ content }) => content?.includes('#30 ') ?? false);
  const first = stack.worker;
  // on a busy machine this takes many seconds, and the turn must last longer
  await stack.startWorker();
  stack.gateway.always('balanced-model', { tokens: { count: 1500 }, intervalMs: 1 });
  await first.kill('SIGKILL');
  const killedAt = Date.now();
  await watcher.frame(({ event }) => event === 'turn.resumed');
  expect(Date.now() - killedAt).toBeLessThan(HEARTBEAT_TIMEOUT_MS / 3);
  await watcher.done(undefined, LIMIT_MS);
  const { body } = await get(`${stack.url}/runs/${watcher.frames[0]?.run_id}`);
  expect(watcher.frames.map(({ content }) => content).join('')).toBe(body.responses[0]);
  watcher.close();
}, 120_000);

test('a turn that had finished before the worker died is not paid again', async () => {
  stack = await createStack();
  stack.gateway.always('strategic-model', { tokens: { count: 20 }, intervalMs: 10 });
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'strategic-swarm', message: 'Plan' });
  await watcher.frame(({ event, turn }) => event === 'turn.completed' && turn === 'draft');
  await stack.worker.kill('SIGKILL');
  await stack.startWorker();
  await watcher.done(undefined, LIMIT_MS);
  const completed = stack.gateway.calls().filter(({ endedBy }) => endedBy === 'completed');
  // draft, critique, plan, and the plan again, because its text has no parts
  expect(completed).toHaveLength(4);
  await until(() => stack.gateway.open() === 0);
  watcher.close();
}, 120_000);
