/** Concurrent runs of one session: one is active at a time; a further run waits, is refused, or cancels the other. */
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { get, post, Watcher } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

let stack: Stack;
beforeAll(async () => (stack = await createStack()), 60_000);
beforeEach(() => stack.gateway.reset());
afterAll(() => stack.stop());

const says = (prefix: string, count = 40) => ({ tokens: { count, prefix }, intervalMs: 25 });

interface Started {
  runId: string;
  watcher: Watcher;
}

/** Starts a run, and resolves once it streams or waits. */
async function begin(session_id: string, message: string, more: object = {}): Promise<Started> {
  const order = { swarm_id: 'one-voice', message, session_id, wait: false, ...more };
  const { body } = await post(`${stack.url}/swarm/execute`, order);
  const runId = (body as { run_id: string }).run_id;
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ run_id: runId });
  return { runId, watcher };
}

test('a second run waits until the first has ended, names the run it waits for, and sees its answer', async () => {
  const session = `session-${randomUUID()}`;
  stack.gateway.scriptWhen({ lastMessageIncludes: 'first?' }, says('a'));
  stack.gateway.scriptWhen({ lastMessageIncludes: 'second?' }, says('b'));
  const first = await begin(session, 'first?');
  await first.watcher.frame(({ event }) => event === 'turn.delta');
  const second = await begin(session, 'second?');
  expect(await second.watcher.frame(({ event }) => event === ('run.queued' as string))).toMatchObject({
    behind: [first.runId],
  });
  expect(stack.gateway.calls()).toHaveLength(1);
  await second.watcher.done();
  const [call, later] = stack.gateway.calls();
  expect(later?.at).toBeGreaterThan(call?.endedAt ?? Infinity);
  expect(JSON.stringify(later?.body)).toContain('a39');
  const { body } = await get(`${stack.url}/sessions/${session}`);
  expect((body.messages as { content: string }[]).map(({ content }) => content.slice(0, 6))).toEqual([
    ...['first?', 'a0 a1 '],
    ...['second', 'b0 b1 '],
  ]);
});

test('ten concurrent runs all execute, one after another, and the session loses no message', async () => {
  const session = `session-${randomUUID()}`;
  stack.gateway.always('balanced-model', says('x', 3));
  const runs = await Promise.all(Array.from({ length: 10 }, (_, i) => begin(session, `question ${i}`)));
  await Promise.all(runs.map(({ watcher }) => watcher.done()));
  const calls = stack.gateway.calls();
  expect(calls).toHaveLength(10);
  calls.slice(1).forEach(({ at }, i) => expect(at).toBeGreaterThan(calls[i]?.endedAt ?? Infinity));
  const { body } = await get(`${stack.url}/sessions/${session}`);
  expect(body.messages).toHaveLength(20);
});

test('reject: a further run ends with 409 and SESSION_BUSY, and calls no model', async () => {
  const session = `session-${randomUUID()}`;
  stack.gateway.always('balanced-model', says('a'));
  const first = await begin(session, 'first?');
  await first.watcher.frame(({ event }) => event === 'turn.delta');
  const order = { swarm_id: 'one-voice', message: 'second?', session_id: session, session_policy: 'reject' };
  const refused = await post(`${stack.url}/swarm/execute`, order);
  expect([refused.status, refused.body.error.code]).toEqual([409, 'SESSION_BUSY']);
  await first.watcher.done();
  expect(stack.gateway.calls()).toHaveLength(1);
  expect((await post(`${stack.url}/swarm/execute`, order)).status).toBe(200);
});

test('interrupt: the active run is cancelled, its upstream call closes, and the new run executes', async () => {
  const session = `session-${randomUUID()}`;
  stack.gateway.scriptWhen({ lastMessageIncludes: 'first?' }, says('a', 2000));
  stack.gateway.scriptWhen({ lastMessageIncludes: 'second?' }, says('b', 5));
  const first = await begin(session, 'first?');
  await first.watcher.frame(({ event }) => event === 'turn.delta');
  const second = await begin(session, 'second?', { session_policy: 'interrupt' });
  expect((await first.watcher.done()).event).toBe('run.cancelled');
  expect((await second.watcher.done()).event).toBe('run.completed');
  expect(stack.gateway.calls()[0]?.endedBy).toBe('client-closed');
});

test('a waiting run can be cancelled, and the next one does not wait for it', async () => {
  const session = `session-${randomUUID()}`;
  stack.gateway.always('balanced-model', says('a'));
  const first = await begin(session, 'first?');
  await first.watcher.frame(({ event }) => event === 'turn.delta');
  const second = await begin(session, 'second?');
  await second.watcher.frame(({ event }) => event === ('run.queued' as string));
  const third = await begin(session, 'third?');
  await third.watcher.frame(({ event }) => event === ('run.queued' as string));
  await post(`${stack.url}/runs/${second.runId}/cancel`, {});
  expect((await second.watcher.done()).event).toBe('run.cancelled');
  expect((await third.watcher.done()).event).toBe('run.completed');
  expect(stack.gateway.calls()).toHaveLength(2);
});

test('a run that was terminated by hand blocks no other, and its watchers receive the end', async () => {
  const session = `session-${randomUUID()}`;
  stack.gateway.scriptWhen({ lastMessageIncludes: 'first?' }, { ...says('a'), firstTokenMs: 60_000 });
  stack.gateway.scriptWhen({ lastMessageIncludes: 'second?' }, says('b', 3));
  const first = await begin(session, 'first?');
  await until(() => stack.gateway.open() === 1);
  const second = await begin(session, 'second?');
  await second.watcher.frame(({ event }) => event === ('run.queued' as string));
  const connection = await Connection.connect({ address: process.env.TEMPORAL_TEST_ADDRESS! });
  await new Client({ connection }).workflow.getHandle(first.runId).terminate('for the test');
  await connection.close();
  expect((await second.watcher.done(undefined, 40_000)).event).toBe('run.completed');
  expect(await first.watcher.done(undefined, 40_000)).toMatchObject({ event: 'run.failed', code: 'TERMINATED' });
});
