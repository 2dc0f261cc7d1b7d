/** Steering of runs over HTTP; steering survives restarts of the processes that received it. */
import { cases } from '../support/scripted-gateway';
import { createStack, until, type Stack } from '../support/stack';
import { foldFrames, get, post, Watcher } from '../support/readers';

let stack: Stack;
beforeAll(async () => (stack = await createStack()), 60_000);
afterAll(() => stack.stop());
beforeEach(() => {
  stack.gateway.reset();
  // reviews pass, so that a coordinated run has one round
  stack.gateway.scriptWhen({ bodyIncludes: 'VERDICT: PASS' }, { tokens: ['VERDICT: PASS', ' fine'] });
});

const run = (id: string, what = '') => `${stack.url}/runs/${id}${what}`;
const statusAndCode = ({ status, body }: Awaited<ReturnType<typeof post>>) => [status, body.error?.code];

async function startCoordination(more: object): Promise<string> {
  const order = { message: 'Build it', wait: false, ...more };
  const { body } = await post(`${stack.url}/swarm/coordinate`, order);
  return body.run_id as string;
}
const readGate = async (id: string) => {
  const { body } = await get(run(id));
  return body.gates?.[0] as { gate: string; status: string } | undefined;
};
const ended = (id: string, status = 'completed') =>
  until(async () => ((await get(run(id))).body.status === status ? true : undefined), 30_000);

test('a gate survives restarts of worker and API; approved twice, the run continues once', async () => {
  const id = await startCoordination({ approve_plan: true });
  await until(() => readGate(id));
  const before = stack.gateway.calls().length;
  await Promise.all([stack.worker.kill('SIGKILL'), stack.api.kill('SIGKILL')]);
  await Promise.all([stack.startWorker(), stack.startApi()]);
  expect(await readGate(id)).toMatchObject({ gate: 'plan', status: 'open' });
  const key = { 'Idempotency-Key': 'yes-1' };
  const [first, again] = await Promise.all([1, 2].map(() => post(run(id, '/approve'), { reason: 'go' }, key)));
  expect(first?.body).toEqual({ run_id: id, gate: 'plan', decision: 'approved', reason: 'go' });
  expect(again?.body).toEqual(first?.body);
  expect(statusAndCode(await post(run(id, '/approve'), {}))).toEqual([
    409,
    expect.stringMatching(/GATE_CLOSED|RUN_ENDED/),
  ]);
  await ended(id);
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ run_id: id });
  await watcher.done(id);
  const { gates, turns } = foldFrames(watcher.frames);
  expect(gates).toMatchObject([{ gate: 'plan', about: 'plan/plan', status: 'approved', reason: 'go' }]);
  expect(before).toBeLessThan(turns.length);
  expect(stack.gateway.calls()).toHaveLength(turns.length);
  watcher.close();
});

test('guidance that interrupts closes the upstream call, keeps its text marked as interrupted, and reaches the next call', async () => {
  stack.gateway.script('balanced-model', [cases.slowStream, { tokens: ['Second'] }].flat());
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'one-voice', message: 'Go' });
  const { run_id: id = '' } = await watcher.frame(({ event }) => event === 'turn.delta');
  const { body } = await post(run(id, '/message'), { content: 'Be brief.', interrupt: true });
  expect(body).toEqual({ run_id: id, interrupted: ['answer'] });
  await watcher.done(id);
  const [stopped, call] = stack.gateway.calls();
  expect(JSON.stringify(call?.body)).toContain('Be brief.');
  await until(() => stopped?.endedBy === 'client-closed');
  const reply = await get(run(id));
  expect(reply.body).toMatchObject({
    status: 'completed',
    responses: ['Second'],
    guidance: [{ content: 'Be brief.' }],
  });
  watcher.close();
});

test('a paused run makes no new call until it is resumed', async () => {
  stack.gateway.script('strategic-model', [{ tokens: { count: 100 }, intervalMs: 20 }]);
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'strategic-swarm', message: 'Go' });
  const { run_id: id = '' } = await watcher.frame(({ event }) => event === 'turn.delta');
  expect((await post(run(id, '/pause'), {})).body).toEqual({ run_id: id, paused: true, changed: true });
  await watcher.frame(({ event, turn }) => event === 'turn.completed' && turn === 'draft');
  expect((await get(run(id))).body).toMatchObject({ status: 'running', paused: true });
  expect(stack.gateway.calls()).toHaveLength(1);
  await post(run(id, '/resume'), {});
  await watcher.done(id);
  expect(stack.gateway.calls().length).toBeGreaterThan(1);
  watcher.close();
});

test('an Idempotency-Key that was used before refuses another request and repeats the reply to the same one', async () => {
  const id = await startCoordination({ approve_plan: true });
  await until(() => readGate(id));
  const key = { 'Idempotency-Key': 'once' };
  const say = (what: string, sent: object) => post(run(id, what), sent, key);
  for (const [what, sent, other] of [
    ['/message', { content: 'Be brief.' }, { content: 'Be long.' }],
    ['/message', { content: ' Be brief. ', interrupt: false }, { content: 'Be brief.', interrupt: true }],
    ['/pause', {}, undefined],
    ['/resume', {}, undefined],
    ['/reject', { reason: 'Too dear.' }, { reason: 'Too slow.' }],
  ] as const) {
    const [first, again] = [await say(what, sent), await say(what, sent)];
    expect([what, first.status, again.status]).toEqual([what, 200, 200]);
    expect(again.body).toEqual(first.body);
    if (other) expect([what, ...statusAndCode(await say(what, other))]).toEqual([what, 409, 'IDEMPOTENCY_CONFLICT']);
  }
  const { body } = await get(run(id));
  expect(body.guidance).toMatchObject([{ content: 'Be brief.' }]);
  await post(run(id, '/cancel'), {});
  await ended(id, 'cancelled');
});

test('invalid requests are refused with a code, and change nothing', async () => {
  const { body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Hi' });
  const id = body.run_id as string;
  for (const [what, sent] of [
    ['/message', { content: 'late' }],
    ['/approve', {}],
    ['/reject', { reason: 'late' }],
    ['/pause', {}],
  ] as const)
    expect([what, ...statusAndCode(await post(run(id, what), sent))]).toEqual([what, 409, 'RUN_ENDED']);
  expect(statusAndCode(await post(run('nope', '/message'), { content: 'x' }))).toEqual([404, 'UNKNOWN_RUN']);
  for (const [what, sent, field] of [
    ['/message', {}, /content/],
    ['/message', { content: ' ' }, /content/],
    ['/message', { content: 'x', interrupt: 'yes' }, /interrupt/],
    ['/reject', {}, /reason/],
    ['/approve', { gate: 7 }, /gate/],
  ] as const) {
    const reply = await post(run(id, what), sent);
    expect(statusAndCode(reply)).toEqual([400, 'INVALID_FIELD']);
    expect(reply.body.error.message).toMatch(field);
  }
  expect(stack.gateway.calls()).toHaveLength(1);
});

describe('POST /swarms/multi', () => {
  const order = { message: 'Hi', teams: ['one-voice', 'strategic-swarm'], strategy: 'parallel' };

  test('returns each team with its model and its text', async () => {
    const { status, body } = await post(`${stack.url}/swarms/multi`, order);
    expect(status).toBe(200);
    expect(body.results).toEqual({
      'one-voice': { content: 'Hello from upstream.', model: 'balanced-model', team: 'one-voice' },
      'strategic-swarm': { content: 'Hello from upstream.', model: 'strategic-model', team: 'strategic-swarm' },
    });
  });

  test('returns answers under the names that earlier clients use for teams', async () => {
    const teams = ['Strategic Team', 'research-team', 'one_voice'];
    const { status, body } = await post(`${stack.url}/swarms/multi`, { ...order, teams });
    expect(status).toBe(200);
    expect(body.results).toEqual({
      'Strategic Team': { content: 'Hello from upstream.', model: 'strategic-model', team: 'strategic-swarm' },
      'research-team': { content: 'Hello from upstream.', model: 'strategic-model', team: 'strategic-swarm' },
      one_voice: { content: 'Hello from upstream.', model: 'balanced-model', team: 'one-voice' },
    });
  });

  test('names a failed team, and contains the answers of the others', async () => {
    stack.gateway.always('balanced-model', { status: 404, body: { error: { code: 404, message: 'No such model' } } });
    const { status, body } = await post(`${stack.url}/swarms/multi`, order);
    expect(status).toBe(200);
    expect(body.results['one-voice']).toEqual({ error: { code: 'MODEL_NOT_FOUND', message: expect.any(String) } });
    expect(body.results['strategic-swarm'].content).toBe('Hello from upstream.');
  });

  test.each([
    [{ ...order, strategy: 'vote' }, 400, 'INVALID_FIELD', /strategy/],
    [{ ...order, teams: [] }, 400, 'INVALID_FIELD', /teams/],
    [{ ...order, teams: ['one-voice', 'one-voice'] }, 400, 'INVALID_FIELD', /teams/],
    [{ ...order, teams: ['nope'] }, 404, 'UNKNOWN_SWARM', /teams.*nope/],
  ])('case %#: refuses an invalid request', async (body, status, code, message) => {
    const reply = await post(`${stack.url}/swarms/multi`, body);
    expect(statusAndCode(reply)).toEqual([status, code]);
    expect(reply.body.error.message).toMatch(message);
    expect(stack.gateway.calls()).toHaveLength(0);
  });
});
