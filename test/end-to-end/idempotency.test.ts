/** One `Idempotency-Key` starts one run: with several API processes, and after the process that received the request is gone. */
import { randomUUID } from 'node:crypto';
import { collectSse, get, post } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

const PARALLEL = 50;

let stack: Stack;
beforeAll(async () => (stack = await createStack()), 60_000);
afterAll(() => stack.stop());
beforeEach(() => stack.gateway.reset());

const ORDER = { swarm_id: 'one-voice', message: 'Once' };
const newKey = () => ({ 'Idempotency-Key': randomUUID() });
const calls = () => stack.gateway.calls('balanced-model');

test('fifty concurrent equal requests to two API processes start one run and call the model once', async () => {
  const urls = [stack.url, await stack.addApi()];
  const key = newKey();
  stack.gateway.always('balanced-model', { tokens: { count: 20 }, intervalMs: 20 });
  const replies = await Promise.all(
    Array.from({ length: PARALLEL }, (_, i) => post(`${urls[i % 2]}/swarm/execute`, ORDER, key)),
  );
  expect(replies.map(({ status }) => status)).toEqual(Array(PARALLEL).fill(200));
  const [first] = replies;
  for (const { body } of replies) expect(body).toEqual(first?.body);
  expect(replies.filter(({ headers }) => headers.get('idempotency-replayed') === 'true')).toHaveLength(PARALLEL - 1);
  expect(calls()).toHaveLength(1);
});

test('after the API is killed while a caller waits, the repeated request gets the same run, and is not paid twice', async () => {
  const key = newKey();
  stack.gateway.always('balanced-model', { tokens: { count: 100 }, intervalMs: 30 });
  const waiting = post(`${stack.url}/swarm/execute`, ORDER, key).catch(() => 'cut off');
  await stack.gateway.waitFor(() => (calls()[0]?.tokensSent ?? 0) > 10, 15_000);
  await stack.api.kill('SIGKILL');
  expect(await waiting).toBe('cut off');
  await stack.startApi();
  const again = await post(`${stack.url}/swarm/execute`, ORDER, key);
  expect(again.status).toBe(200);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(again.body.responses).toEqual([calls()[0]?.textSent]);
  expect(calls()).toHaveLength(1);
  const runs = await until(async () => {
    const { body } = await get(`${stack.url}/runs?session=${again.body.session_id}`);
    return body.runs.length > 0 ? body.runs : undefined;
  });
  expect(runs.map(({ run_id }: { run_id: string }) => run_id)).toEqual([again.body.run_id]);
});

test('a stream requested again with its key replays the run from its beginning', async () => {
  const init = { method: 'POST', headers: newKey(), body: JSON.stringify({ ...ORDER, stream: true }) };
  const [first, again] = [
    await collectSse(`${stack.url}/swarm/execute`, init),
    await collectSse(`${stack.url}/swarm/execute`, init),
  ];
  const reported = (frames: typeof first) => frames.map(({ cursor, event, content }) => [cursor, event, content]);
  expect(first[first.length - 1]?.event).toBe('run.completed');
  expect(reported(again)).toEqual(reported(first));
  expect(calls()).toHaveLength(1);
});

test('clients of the earlier addresses are told that their request is a repetition', async () => {
  const key = newKey();
  const order = { team_id: 'one-voice', message: 'Once', stream: false };
  const [first, again] = [
    await post(`${stack.url}/teams/run`, order, key),
    await post(`${stack.url}/teams/run`, order, key),
  ];
  expect([first, again].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true']);
  expect(again.body).toEqual(first.body);
});

describe('a key that was used before', () => {
  const init = (key: Record<string, string>, order: object) => ({
    method: 'POST',
    headers: { 'content-type': 'application/json', ...key },
    body: JSON.stringify(order),
  });

  test.each([
    ['another message', '/swarm/execute', { ...ORDER, message: 'Twice' }],
    ['another message, streamed', '/swarm/execute', { ...ORDER, message: 'Twice', stream: true }],
    ['another swarm', '/swarm/execute', { ...ORDER, swarm_id: 'debate-swarm' }],
    ['another policy', '/swarm/execute', { ...ORDER, session_id: 's', session_policy: 'reject' }],
    ['another message, streamed as earlier clients do', '/teams/run', { team_id: 'one-voice', message: 'Twice' }],
  ])('refuses %s, and reveals nothing of the first run', async (_what, path, other) => {
    const key = newKey();
    await post(`${stack.url}/swarm/execute`, ORDER, key);
    const refused = await fetch(`${stack.url}${path}`, init(key, other));
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ error: { code: 'IDEMPOTENCY_CONFLICT' } });
    expect(stack.gateway.calls()).toHaveLength(1);
  });

  test.each(['/swarm/execute', '/teams/run'])('is reported in the headers of a stream of %s', async (path) => {
    const key = newKey();
    const order = { ...ORDER, team_id: 'one-voice', stream: true };
    const reported = [];
    for (let i = 0; i < 2; i++) {
      const reply = await fetch(`${stack.url}${path}`, init(key, order));
      await reply.text();
      reported.push(reply.headers.get('idempotency-replayed'));
    }
    expect(reported).toEqual([null, 'true']);
  });
});
