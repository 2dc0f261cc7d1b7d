import type { Usage } from '../../src/contract';
import { cases } from '../support/scripted-gateway';
import { createStack, until, type Stack } from '../support/stack';
import { get, post, Watcher } from '../support/readers';

let stack: Stack;
beforeAll(async () => (stack = await createStack()), 60_000);
afterAll(() => stack.stop());
beforeEach(() => stack.gateway.reset());

const VOICES = ['optimistic-model', 'cautious-model', 'balanced-model'];

async function startDebate(): Promise<{ watcher: Watcher; runId: string }> {
  for (const voice of VOICES) stack.gateway.script(voice, cases.slowStream);
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'debate-swarm', message: 'Go' });
  await Promise.all(
    VOICES.map((model) =>
      watcher.frame(({ event, turn }) => event === 'turn.delta' && model.startsWith(turn as string)),
    ),
  );
  return { watcher, runId: watcher.frames[0]?.run_id ?? '' };
}

test('a cancel closes every upstream call of the run within a second, and no new one is made', async () => {
  const { watcher, runId } = await startDebate();
  expect(stack.gateway.open()).toBe(3);
  const cancelledAt = Date.now();
  const reply = await post(`${stack.url}/runs/${runId}/cancel`, {});
  expect([reply.status, reply.body.accepted]).toEqual([202, true]);
  await until(() => stack.gateway.open() === 0);
  for (const call of stack.gateway.calls()) {
    expect(call.endedBy).toBe('client-closed');
    expect((call.endedAt ?? Infinity) - cancelledAt).toBeLessThan(1000);
  }
  const last = await watcher.done(runId);
  expect(last).toMatchObject({ event: 'run.cancelled', code: 'CANCELLED' });
  expect(stack.gateway.calls()).toHaveLength(3);
  watcher.close();
});

test('a cancelled run is reported as such everywhere, and keeps its published text', async () => {
  const { watcher, runId } = await startDebate();
  watcher.send({ cancel: runId });
  const { session_id } = await watcher.done(runId);
  expect(watcher.frames.find(({ event }) => (event as string) === 'cancel.accepted')).toMatchObject({
    ...{ run_id: runId, session_id, team_id: 'debate-swarm' },
    ...{ content: '', done: false, accepted: true },
  });
  const { body } = await until(async () => {
    const reply = await get(`${stack.url}/runs/${runId}`);
    return reply.body.status === 'running' ? undefined : reply;
  });
  expect(body.status).toBe('cancelled');
  expect(body.turns).toHaveLength(3);
  for (const turn of body.turns) {
    expect(turn).toMatchObject({ status: 'failed', failure: { code: 'CANCELLED' }, usage: { estimated: true } });
    expect(turn.text).toMatch(/^#/);
  }
  const used = (body.turns as { usage: Usage }[]).reduce((sum, { usage }) => sum + usage.completion_tokens, 0);
  expect(used).toBeGreaterThan(0);
  expect(body.usage).toMatchObject({ completion_tokens: used, estimated: true });
  const again = await post(`${stack.url}/runs/${runId}/cancel`, {});
  expect([again.status, again.body.accepted, again.body.status]).toEqual([200, false, 'cancelled']);
  watcher.close();
});

test('a caller that waits for the reply of a cancelled run gets 409', async () => {
  stack.gateway.script('balanced-model', cases.slowStream);
  const session_id = `cancel-${Date.now()}`;
  const waiting = post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Go', session_id });
  const runId = await until(async () => {
    const { body } = await get(`${stack.url}/runs?session=${session_id}`);
    return (body.runs[0]?.run_id as string | undefined) ?? undefined;
  });
  await until(() => stack.gateway.open() === 1);
  await post(`${stack.url}/runs/${runId}/cancel`, {});
  const { status, body } = await waiting;
  expect([status, body.error.code, body.status]).toEqual([409, 'CANCELLED', 'cancelled']);
});

test('a run that waits for a rate limit stops at once', async () => {
  stack.gateway.script('balanced-model', [
    { status: 429, body: { error: { code: 429, message: 'slow down' } }, wait: { ms: 30_000, as: 'retry-after' } },
  ]);
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ swarm_id: 'one-voice', message: 'Go' });
  const waiting = await watcher.frame(({ event }) => event === 'turn.waiting');
  const cancelledAt = Date.now();
  watcher.send({ cancel: waiting.run_id });
  await watcher.done(waiting.run_id);
  expect(Date.now() - cancelledAt).toBeLessThan(2000);
  expect(stack.gateway.calls()).toHaveLength(1);
  watcher.close();
});
