/** Near the budget of a key: calls wait for money that other calls hold, and no answer is shortened because of it. */
import { collectSse } from '../support/readers';
import { createStack, type Stack } from '../support/stack';

/** An account that no other suite uses in the shared Redis. */
const ACCOUNT = `held-${Date.now()}`;
const ALICE = { authorization: 'Bearer alice-has-a-key' };
const WANTED = 2500;

let stack: Stack;
beforeAll(async () => {
  stack = await createStack({ API_KEYS: `${ACCOUNT}:alice-has-a-key`, BUDGET_KEY_TOKENS: '6000' });
});
afterAll(() => stack.stop());

test('a third parallel run waits until another has ended, and gets its whole answer', async () => {
  stack.gateway.always('balanced-model', { tokens: { count: 300 }, intervalMs: 10, honoursMaxTokens: true });
  const body = JSON.stringify({ swarm_id: 'one-voice', message: 'Go', max_tokens: WANTED, stream: true });
  const runs = await Promise.all(
    [1, 2, 3].map(() => collectSse(`${stack.url}/swarm/execute`, { method: 'POST', body, headers: ALICE })),
  );
  const frames = runs.flat();
  expect(frames.filter(({ event }) => event === 'turn.completed')).toMatchObject(
    [1, 2, 3].map(() => ({ truncated: false, finish_reason: 'stop' })),
  );
  const waits = frames.filter(({ event }) => event === 'turn.waiting');
  expect(waits.length).toBeGreaterThan(0);
  expect(waits[0]).toMatchObject({ reason: 'BUDGET_EXHAUSTED' });
  const asked = stack.gateway.calls('balanced-model').map((call) => (call.body as { max_tokens: number }).max_tokens);
  expect(asked).toEqual([WANTED, WANTED, WANTED]);
});

test('money that is spent shortens the answer, which names the budget', async () => {
  stack.gateway.always('balanced-model', { tokens: { count: 6000 }, honoursMaxTokens: true });
  const body = JSON.stringify({ swarm_id: 'one-voice', message: 'Go', max_tokens: 50_000, stream: true });
  const frames = await collectSse(`${stack.url}/swarm/execute`, { method: 'POST', body, headers: ALICE });
  expect(frames.filter(({ event }) => event === 'turn.completed')).toMatchObject([
    { truncated: true, finish_reason: 'length', shortened_by: 'BUDGET_KEY_TOKENS' },
  ]);
});
