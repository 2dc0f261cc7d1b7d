/** Answers and results larger than a Temporal payload: readers and the record receive the full texts, with and without Redis. */
import type { RedisConnection } from '../../src/redis/connect';
import { createTestRedis, type TestRedis } from '../support/redis';
import { collectSse, foldFrames, get, post, listTexts, Watcher, type AnyFrame } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

let stack: Stack;
let server: TestRedis;
let redis: RedisConnection;
beforeAll(async () => {
  [stack, server] = await Promise.all([createStack(), createTestRedis()]);
  redis = server.connect();
});
beforeEach(() => stack.gateway.reset());
afterAll(() => Promise.all([stack.stop(), server.stop()]));

/** Distinct pieces of `size` characters in total, each of which contains `unit`. */
function pieces(seed: string, size: number, unit = 'é"\\\n'): string[] {
  const piece = (n: number) =>
    `${unit}${seed}-${n} ${Array.from({ length: 5000 }, (_, i) => (i * 7919 + n).toString(36)).join(' ')} `;
  const all: string[] = [];
  for (let length = 0; length < size; length += all.at(-1)!.length) all.push(piece(all.length));
  return all;
}

const HEADINGS = ['High-level architecture', 'Implementation steps', 'Potential challenges', 'Resource requirements'];
const words = (n: number) => Array.from({ length: 30 }, (_, i) => `word${n}${i}`).join(' ');
const plan = (rest: string[]) => [...HEADINGS.map((heading, i) => `## ${i + 1}. ${heading}\n${words(i)}\n\n`), ...rest];

async function forget(runId: string): Promise<void> {
  const keys = await redis.keys(`murmuration:{${runId}}:*`);
  expect(keys.length).toBeGreaterThan(0);
  await redis.del(keys);
}

const read = async (runId: string) => (await get(`${stack.url}/runs/${runId}`)).body;
const reported = async (runId: string) => listTexts(foldFrames(await collectSse(`${stack.url}/runs/${runId}/events`)));
const textsIn = (turns: { turn: string; text: string }[]) =>
  Object.fromEntries(turns.map(({ turn, text }) => [turn, text]));

async function watch(order: object): Promise<{ runId: string; frames: AnyFrame[]; end: AnyFrame }> {
  const watcher = await Watcher.connect(stack.url);
  watcher.send(order);
  const end = await watcher.done(undefined, 100_000);
  watcher.close();
  return { runId: String(end.run_id), frames: watcher.frames, end };
}

test.each([
  ['of 2.6 million characters', pieces('one', 2_600_000)],
  ['whose characters take six bytes each', pieces('two', 400_000, '\u0001'.repeat(5000))],
  ['of characters of two units', pieces('three', 1_300_000, '😀'.repeat(5000))],
])(
  'one answer %s: stream, reply and record agree, even after Redis was emptied',
  async (_name, tokens) => {
    stack.gateway.always('balanced-model', { tokens });
    const whole = tokens.join('');
    const { runId, frames, end } = await watch({ swarm_id: 'one-voice', message: 'Write', max_tokens: 200_000 });
    expect(end.event).toBe('run.completed');
    expect(listTexts(foldFrames(frames)).answer === whole).toBe(true);
    expect((await read(runId)).status).toBe('completed');
    expect((await read(runId)).responses[0] === whole).toBe(true);
    await forget(runId);
    expect((await read(runId)).responses[0] === whole).toBe(true);
    expect((await reported(runId)).answer === whole).toBe(true);
    expect(stack.gateway.calls()).toHaveLength(1);
  },
  120_000,
);

test('turns that together exceed a payload: reply, record, plan and fork have their texts', async () => {
  const texts = {
    draft: pieces('draft', 900_000),
    critique: pieces('critique', 900_000),
    plan: plan(pieces('p', 1e6)),
  };
  stack.gateway.script('strategic-model', [
    { tokens: texts.draft },
    { tokens: texts.critique },
    { tokens: texts.plan },
  ]);
  const order = { swarm_id: 'strategic-swarm', message: 'Plan it', max_tokens: 200_000 };
  const { status, body } = await post(`${stack.url}/swarm/execute`, order);
  const expected = Object.fromEntries(Object.entries(texts).map(([turn, parts]) => [turn, parts.join('')]));
  expect([status, body.status]).toEqual([200, 'complete']);
  expect(JSON.stringify(textsIn(body.turns)) === JSON.stringify(expected)).toBe(true);
  expect(body.responses[0] === expected.plan).toBe(true);
  const resources = expected.plan!.split('Resource requirements')[1]!.trim();
  expect(body.plan.resources === resources).toBe(true);
  expect(Object.keys(body)).not.toContain('plan_from');
  expect(JSON.stringify(body)).not.toContain('text_in_history');
  const { run_id: runId } = body;

  stack.gateway.reset();
  stack.gateway.script('strategic-model', [{ tokens: plan(['another']) }]);
  const edit = { from: 'plan', edit: { instruction: 'Use SQLite.' } };
  const fork = await post(`${stack.url}/runs/${runId}/fork`, edit);
  expect(fork.status).toBe(202);
  await until(async () => (await read(fork.body.run_id)).status !== 'running', 60_000);
  const forked = await read(fork.body.run_id);
  expect(forked.status).toBe('completed');
  expect(stack.gateway.calls()).toHaveLength(1);
  const inFork = textsIn(forked.turns);
  expect(inFork.draft === expected.draft && inFork.critique === expected.critique).toBe(true);

  await forget(runId);
  const record = await read(runId);
  expect(JSON.stringify(textsIn(record.turns)) === JSON.stringify(expected)).toBe(true);
  expect(record.plan.resources === resources).toBe(true);
}, 180_000);

test('a run that fails late keeps its long texts', async () => {
  const texts = [pieces('first', 1_100_000), pieces('second', 1_100_000)];
  stack.gateway.script('strategic-model', [...texts.map((tokens) => ({ tokens })), { status: 401, body: {} }]);
  const order = { swarm_id: 'strategic-swarm', message: 'Plan it', max_tokens: 200_000 };
  const { status, body } = await post(`${stack.url}/swarm/execute`, order);
  expect([status, body.error.code]).toEqual([502, 'GATEWAY_KEY_REFUSED']);
  const expected = texts.map((tokens) => tokens.join(''));
  expect(body.turns.map(({ text }: { text: string }, i: number) => text === expected[i])).toEqual([true, true]);
  await forget(body.run_id);
  const record = await read(body.run_id);
  expect(record.status).toBe('failed');
  expect(record.turns.map(({ text }: { text: string }, i: number) => text === expected[i])).toEqual([true, true]);
}, 120_000);

test('a long text that Redis loses during a run is restored for the turns that read it', async () => {
  const draft = pieces('kept', 2_600_000);
  stack.gateway.script('strategic-model', [
    { tokens: draft },
    { tokens: ['CRITIQUE'], headersMs: 3000 },
    { tokens: ['CRITIQUE'] },
    { tokens: plan(['end']) },
  ]);
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'strategic-swarm', message: 'Plan it', max_tokens: 200_000 });
  const { run_id: runId } = await watcher.frame(
    ({ event, turn }) => event === 'turn.started' && turn === 'critique',
    60_000,
  );
  await forget(String(runId));
  await until(async () => (await read(String(runId))).status === 'completed', 60_000);
  watcher.close();
  const asked = stack.gateway.calls().at(-1)!.body as { messages: { content: string }[] };
  expect(asked.messages.some(({ content }) => content.includes(draft.join('')))).toBe(true);
  expect((await reported(String(runId))).draft === draft.join('')).toBe(true);
}, 120_000);
