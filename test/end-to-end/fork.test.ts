/** A fork takes over turns with unchanged input, and calls a model only for changed ones. */
import { cases } from '../support/scripted-gateway';
import { createStack, until, type Stack } from '../support/stack';
import { planText } from '../support/plan';
import { collectSse, foldFrames, get, post, listTexts, Watcher } from '../support/readers';

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

test('a fork at the last turn makes one call, and publishes the other turns again at no cost', async () => {
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
  expect(listTexts(foldFrames(frames))).toEqual({
    draft: planText('draft'),
    critique: 'CRITIQUE',
    plan: planText('forked'),
  });
  expect(run.cost_usd).toBeCloseTo(calls[0]?.costUsd ?? 0, 9);
});

test('turns that depend on a changed turn are repeated, once each', async () => {
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

test('a fork at the review of a coordination calls models only for the review, and a fork of the fork continues from there', async () => {
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
  // the summary only: its text is unchanged, so turns that read it are taken over
  expect(stack.gateway.calls().length - before).toBe(review.length + 1);
  expect(JSON.stringify(stack.gateway.calls().at(-1)?.body)).toContain('Be strict.');
});

test('guidance that interrupted a turn applies in the fork to the turns that had received it, and to no other', async () => {
  stack.gateway.script('strategic-model', [
    { tokens: [planText('draft')] },
    ...[cases.slowStream].flat(),
    { tokens: ['CRITIQUE'] },
    { tokens: [planText('plan')] },
  ]);
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'strategic-swarm', message: 'Plan it' });
  const { run_id: source = '' } = await watcher.frame(
    ({ event, turn }) => event === 'turn.delta' && turn === 'critique',
  );
  await post(`${stack.url}/runs/${source}/message`, { content: 'Use SQLite.', interrupt: true });
  await watcher.done(source);
  watcher.close();
  const forkedFrom = async (from: string, edit: object) => {
    stack.gateway.reset();
    stack.gateway.always('strategic-model', { tokens: [planText('forked')] });
    await result((await fork(source, { from, edit })).body.run_id);
    return stack.gateway.calls().map(({ body }) => JSON.stringify(body));
  };
  expect(await forkedFrom('plan', { temperature: 0 })).toEqual([expect.stringMatching(/CRITIQUE.*Use SQLite/)]);
  const changed = await forkedFrom('critique~2', { system: 'Be harsh.' });
  expect(changed).toEqual([expect.stringMatching(/Be harsh.*Use SQLite/), expect.stringMatching(/Use SQLite/)]);
  const [draft] = await forkedFrom('draft', { temperature: 0 });
  expect(draft).not.toContain('SQLite');
});

test('the decision about a plan applies in a fork that takes it over: no one is asked again', async () => {
  stack.gateway.scriptWhen({ bodyIncludes: 'VERDICT: PASS' }, { tokens: ['VERDICT: PASS', ' fine'] });
  stack.gateway.scriptWhen({ bodyIncludes: 'No cloud.' }, { tokens: [planText('second')] });
  stack.gateway.scriptWhen({ model: 'strategic-model' }, { tokens: [planText('first')] });
  const order = { message: 'Build it', wait: false, approve_plan: true };
  const source = (await post(`${stack.url}/swarm/coordinate`, order)).body.run_id as string;
  const open = (gate: string) =>
    until(async () => {
      const { gates = [] } = (await get(`${stack.url}/runs/${source}`)).body;
      return gates.some((one: { gate: string; status: string }) => one.gate === gate && one.status === 'open');
    });
  await open('plan');
  await post(`${stack.url}/runs/${source}/reject`, { reason: 'No cloud.' });
  await open('plan-2');
  await post(`${stack.url}/runs/${source}/approve`, {});
  const { turns } = await result(source);
  const before = stack.gateway.calls().length;
  const { body } = await fork(source, { from: 'review', edit: { instruction: 'Be strict.' } });
  const run = await result(body.run_id);
  expect(run.gates).toMatchObject([
    { gate: 'plan', status: 'rejected', reason: 'No cloud.' },
    { gate: 'plan-2', status: 'approved' },
  ]);
  const reviewed = turns.filter(({ turn }: { turn: string }) => turn.startsWith('review/'));
  expect(stack.gateway.calls().length - before).toBe(reviewed.length);
});

test('a cancelled run can be forked as soon as its last event is published, at a finished turn and at the one that was stopped', async () => {
  stack.gateway.script('strategic-model', [
    { tokens: [planText('draft')] },
    { tokens: ['CRITIQUE'] },
    ...[cases.slowStream].flat(),
  ]);
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'strategic-swarm', message: 'Plan it' });
  const { run_id: source = '' } = await watcher.frame(({ event, turn }) => event === 'turn.delta' && turn === 'plan');
  await post(`${stack.url}/runs/${source}/cancel`, {});
  await watcher.done(source);
  watcher.close();
  const { turns } = (await get(`${stack.url}/runs/${source}/prompts`)).body;
  expect(turns.map(({ turn }: { turn: string }) => turn)).toEqual(['draft', 'critique', 'plan']);
  stack.gateway.reset();
  stack.gateway.always('strategic-model', { tokens: [planText('forked')] });
  const { status, body } = await fork(source, { from: 'plan', edit: { instruction: 'Be short.' } });
  expect(status).toBe(202);
  expect((await result(body.run_id)).responses).toEqual([planText('forked')]);
  expect(stack.gateway.calls()).toHaveLength(1);
});

test('the same key returns the same fork; another request with it is refused', async () => {
  const source = await plan();
  const key = { 'Idempotency-Key': 'fork-1' };
  const order = { from: 'plan', edit: { instruction: 'Once.' } };
  const [first, again] = await Promise.all([fork(source, order, key), fork(source, order, key)]);
  expect(first?.body.run_id).toBe(again?.body.run_id);
  const other = await fork(source, { ...order, edit: { instruction: 'Twice.' } }, key);
  expect([other.status, other.body.error.code]).toEqual([409, 'IDEMPOTENCY_CONFLICT']);
});

test('invalid requests are refused, and nothing is started', async () => {
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
