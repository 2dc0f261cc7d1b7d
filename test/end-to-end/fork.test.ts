/** A fork takes over what would be asked the same, and calls a model only for what changed. */
import { createStack, until, type Stack } from '../support/stack';
import { planText } from '../support/plan';
import { collectSse, foldFrames, get, post, textsOf } from '../support/readers';

let stack: Stack;
beforeAll(async () => (stack = await createStack()), 60_000);
afterAll(() => stack.stop());
beforeEach(() => stack.gateway.reset());

const fork = (id: string, body: object, headers = {}) => post(`${stack.url}/runs/${id}/fork`, body, headers);
const result = async (id: string) => {
  await until(async () => (await get(`${stack.url}/runs/${id}`)).body.status !== 'running', 30_000);
  return (await get(`${stack.url}/runs/${id}`)).body;
};

async function plan(): Promise<string> {
  stack.gateway.script('strategic-model', [
    { tokens: [planText('draft')] },
    { tokens: ['CRITIQUE'] },
    { tokens: [planText('plan')] },
  ]);
  const { body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'strategic-swarm', message: 'Plan it' });
  stack.gateway.reset();
  return body.run_id as string;
}

test('a fork at the last turn makes one call, and tells the others again at no cost', async () => {
  const source = await plan();
  stack.gateway.script('strategic-model', [{ tokens: [planText('forked')] }]);
  const { status, body } = await fork(source, { from: 'plan', edit: { instruction: 'Use SQLite.' } });
  expect(status).toBe(202);
  const run = await result(body.run_id);
  const calls = stack.gateway.calls();
  expect(calls).toHaveLength(1);
  expect(JSON.stringify(calls[0]?.body)).toMatch(/CRITIQUE.*Use SQLite\./);
  expect(run).toMatchObject({ status: 'completed', responses: [planText('forked')] });
  expect(run.forked_from).toEqual({ run_id: source, from: 'plan' });
  const frames = await collectSse(`${stack.url}${body.events}`);
  expect(frames[0]).toMatchObject({ event: 'run.started', forked_from: { run_id: source, from: 'plan' } });
  expect(textsOf(foldFrames(frames))).toEqual({
    draft: planText('draft'),
    critique: 'CRITIQUE',
    plan: planText('forked'),
  });
  expect(run.cost_usd).toBeCloseTo(calls[0]?.costUsd ?? 0, 9);
});

test('what depends on a changed turn is asked again, once each', async () => {
  const source = await plan();
  stack.gateway.script('strategic-model', [{ tokens: ['OTHER'] }, { tokens: [planText('from other')] }]);
  const { body } = await fork(source, { from: 'critique', edit: { system: 'Be harsh.', temperature: 0 } });
  const run = await result(body.run_id);
  expect(run.responses).toEqual([planText('from other')]);
  const bodies = stack.gateway
    .calls()
    .map((call) => call.body as { messages: { content: string }[]; temperature: number });
  expect(bodies).toHaveLength(2);
  expect(bodies[0]).toMatchObject({ temperature: 0, messages: [{ content: 'Be harsh.' }, {}] });
  expect(JSON.stringify(bodies[1])).toContain('OTHER');
});

test('a fork at the review of a coordination calls only for the review, and a fork of the fork goes on from there', async () => {
  const json = JSON.stringify({ verdict: 'pass', decision: 'accept', confidence_score: 1, quality_score: 1 });
  stack.gateway.scriptWhen({ lastMessageIncludes: 'JSON object' }, { tokens: [json] });
  stack.gateway.scriptWhen({ model: 'strategic-model' }, { tokens: [planText('x')] });
  stack.gateway.scriptWhen({ bodyIncludes: 'You review code' }, { tokens: ['VERDICT: PASS'] });
  stack.gateway.scriptWhen({ bodyIncludes: 'voice of a debate' }, { tokens: ['POSITION: for'] });
  const { body: source } = await post(`${stack.url}/swarm/coordinate`, { message: 'Build it' });
  const review = source.turns.filter(({ turn }: { turn: string }) => turn.startsWith('review/'));
  expect(review).toHaveLength(6);
  const before = stack.gateway.calls().length;
  const { body } = await fork(source.run_id, { from: 'review', edit: { instruction: 'Be strict.' } });
  const run = await result(body.run_id);
  expect(run.stages.map(({ stage }: { stage: string }) => stage)).toEqual(['plan', 'implement', 'review']);
  expect(stack.gateway.calls().length - before).toBe(review.length);
  const { body: second } = await fork(body.run_id, { from: 'review/summary', edit: { temperature: 0 } });
  expect((await result(second.run_id)).forked_from).toEqual({ run_id: body.run_id, from: 'review/summary' });
  // the summary alone: its new text is the old one, so what reads it is taken over
  expect(stack.gateway.calls().length - before).toBe(review.length + 1);
  expect(JSON.stringify(stack.gateway.calls().at(-1)?.body)).toContain('Be strict.');
});

test('the same key is the same fork; another request under it is refused', async () => {
  const source = await plan();
  const key = { 'Idempotency-Key': 'fork-1' };
  const order = { from: 'plan', edit: { instruction: 'Once.' } };
  const [first, again] = await Promise.all([fork(source, order, key), fork(source, order, key)]);
  expect(first?.body.run_id).toBe(again?.body.run_id);
  const other = await fork(source, { ...order, edit: { instruction: 'Twice.' } }, key);
  expect([other.status, other.body.error.code]).toEqual([409, 'IDEMPOTENCY_CONFLICT']);
});

test('what makes no sense is refused, and nothing is started', async () => {
  const source = await plan();
  for (const [body, field] of [
    [{ from: 'nowhere', edit: { temperature: 0 } }, /from.*draft, critique, plan/],
    [{ from: 'plan', edit: {} }, /edit.*changes nothing/],
    [{ from: 'plan', edit: { alias: 'slow' } }, /edit\.alias/],
    [{ from: 'plan' }, /edit/],
  ] as const) {
    const reply = await fork(source, body);
    expect([reply.status, reply.body.error.code]).toEqual([400, 'INVALID_FIELD']);
    expect(reply.body.error.message).toMatch(field);
  }
  expect((await fork('nope', { from: 'plan', edit: { temperature: 0 } })).status).toBe(404);
  expect(stack.gateway.calls()).toHaveLength(0);
});
