/** Limits, budgets, prices and the cache, through the whole product: requests, frames, and the gateway's own accounts. */
import { randomUUID } from 'node:crypto';
import { connectRedis } from '../../src/redis/connect';
import { createLedger } from '../../src/redis/ledger';
import { cases, CASE_TEXT } from '../support/scripted-gateway';
import { createStack, until, type Stack } from '../support/stack';
import { collectSse, post, type AnyFrame } from '../support/readers';

const KEYS = 'alice:alice-has-a-key,bob:bob-has-a-key';
const ALICE = { authorization: 'Bearer alice-has-a-key' };
const BOB = { authorization: 'Bearer bob-has-a-key' };

let stack: Stack;
beforeAll(async () => {
  stack = await createStack({
    API_KEYS: KEYS,
    GATEWAYS: 'openrouter',
    OPENROUTER_API_KEY: 'planted-secret-key',
    OPENROUTER_FALLBACK: 'off',
    MODEL_FAST: 'dear',
    MODEL_DEBATE_2: 'limited',
    BUDGET_MODEL: 'cheap',
    PRICES: JSON.stringify({
      dear: { input: 1, output: 2 },
      limited: { input: 1, output: 2 },
      cheap: { input: 0.01, output: 0.02 },
    }),
    LIMITS: JSON.stringify({ 'openrouter/limited': { concurrency: 1 } }),
  });
});
afterAll(() => stack.stop());
beforeEach(() => stack.gateway.reset());

const calls = (model?: string) => stack.gateway.calls(model);
const has = (frames: AnyFrame[], event: string) => frames.filter((frame) => frame.event === event);

function execute(more: object = {}, headers: Record<string, string> = ALICE) {
  return post(
    `${stack.url}/swarm/execute`,
    { swarm_id: 'one-voice', message: 'Go', max_tokens: 200, ...more },
    headers,
  );
}

async function watch(more: object = {}): Promise<AnyFrame[]> {
  const body = JSON.stringify({ swarm_id: 'one-voice', message: 'Go', max_tokens: 200, stream: true, ...more });
  return collectSse(`${stack.url}/swarm/execute`, { method: 'POST', body, headers: ALICE });
}

/** The ledger's entry of a run that Alice paid. */
async function spentBy(runId: string, sessionId: string) {
  const redis = connectRedis({ url: stack.env.REDIS_URL ?? '', patient: true });
  const spent = await createLedger(redis, 'month').spentBy({ account: 'alice', runId, sessionId });
  redis.disconnect();
  return spent.run;
}

/** Resolves to the account that paid for a run, once it has been booked. */
async function readPayer(runId: string): Promise<string | undefined> {
  const redis = connectRedis({ url: stack.env.REDIS_URL ?? '', patient: true });
  const ledger = createLedger(redis, 'month');
  const spent = await Promise.all(
    ['alice', 'bob'].map(async (account) => {
      const { run } = await ledger.spentBy({ account, runId, sessionId: '' });
      return run.usd > 0 ? account : undefined;
    }),
  );
  redis.disconnect();
  return spent.find(Boolean);
}

/** The gateway's charges, once all its calls have ended. */
async function charged(): Promise<number> {
  await stack.gateway.waitFor(() => calls().every(({ endedBy }) => endedBy) && calls().length > 0);
  return calls().reduce((sum, { costUsd = 0 }) => sum + costUsd, 0);
}

describe('the cost of a run equals the accounts of the gateway to the ninth digit', () => {
  test('without failures, streamed or not', async () => {
    const { body } = await execute();
    expect(body.turns[0].cost_usd).toBeCloseTo(await charged(), 9);
    const frames = await watch();
    expect(body.cost_usd + Number(frames[frames.length - 1]?.cost_usd)).toBeCloseTo(await charged(), 9);
  });

  test('if a stream is cut and the turn is retried: both calls are paid, once each', async () => {
    stack.gateway.script('dear', cases.cutAfterThreeTokens);
    const { body } = await execute();
    expect(body.responses).toEqual([CASE_TEXT]);
    const total = await charged();
    expect(calls('dear')).toHaveLength(2);
    await until(async () => Math.abs((await spentBy(body.run_id, body.session_id)).usd - total) < 1e-9);
    expect(await spentBy(body.run_id, body.session_id)).toMatchObject({ estimated: 0, unpriced: 0 });
  });

  test('if it is cancelled during a stream', async () => {
    stack.gateway.script('dear', cases.slowStream);
    const { body } = await execute({ wait: false });
    await stack.gateway.waitFor(() => (calls('dear')[0]?.tokensSent ?? 0) > 5, 15_000);
    await post(`${stack.url}/runs/${body.run_id}/cancel`, {}, ALICE);
    const total = await charged();
    expect(total).toBeGreaterThan(0);
    await until(async () => Math.abs((await spentBy(body.run_id, body.session_id)).usd - total) < 1e-9);
    expect((await spentBy(body.run_id, body.session_id)).estimated).toBe(0);
  });
});

describe('failed calls are paid once too, and are in the totals of the run', () => {
  /** Late enough for the ledger to have the gateway's cost of the previous call. */
  const LATE_REFUSAL = { ...cases.moderated[0]!, headersMs: 1500 };

  test('a turn that is cut off and then refused: event, reply, list and ledger agree with the gateway', async () => {
    stack.gateway.script('dear', [cases.cutAfterThreeTokens[0]!, LATE_REFUSAL]);
    const { status, body } = await execute();
    const total = await charged();
    expect([status, body.status]).toEqual([422, 'failed']);
    expect(total).toBeGreaterThan(0);
    expect(calls('dear')).toHaveLength(2);
    expect(body.turns).toEqual([]);
    expect(body.cost_usd).toBeCloseTo(total, 9);
    const frames = await collectSse(`${stack.url}/runs/${body.run_id}/events`, { headers: ALICE });
    expect(has(frames, 'turn.failed')).toMatchObject([{ code: 'CONTENT_REFUSED', cost_usd: body.cost_usd as number }]);
    expect(has(frames, 'run.failed')).toMatchObject([
      { cost_usd: body.cost_usd as number, usage: body.usage as object },
    ]);
    expect((await spentBy(body.run_id, body.session_id)).usd).toBeCloseTo(total, 9);
  });

  test('a voice that fails in a debate that continues without it', async () => {
    stack.gateway.script('limited', [cases.cutAfterThreeTokens[0]!, LATE_REFUSAL]);
    const { body } = await execute({ swarm_id: 'debate-swarm' });
    expect(body.failures).toMatchObject([{ role: 'cautious', code: 'CONTENT_REFUSED' }]);
    expect(body.cost_usd).toBeCloseTo(await charged(), 9);
  });
});

describe('a budget', () => {
  test('that is small shortens the answer, and the run completes', async () => {
    stack.gateway.script('dear', [{ tokens: { count: 500 }, honoursMaxTokens: true }]);
    const frames = await watch({ budget_tokens: 120 });
    const asked = calls('dear')[0]?.body as { max_tokens: number };
    expect(asked.max_tokens).toBeLessThan(120);
    expect(has(frames, 'turn.completed')).toMatchObject([{ truncated: true }]);
  });

  test('that does not pay for the model leads to the cheaper one, and the run reports it', async () => {
    const frames = await watch({ budget_usd: 0.00003 });
    expect(has(frames, 'turn.rerouted')).toMatchObject([{ from: 'dear', to: 'cheap', reason: 'BUDGET_EXHAUSTED' }]);
    expect(has(frames, 'turn.completed')).toMatchObject([{ model: 'cheap' }]);
    expect(calls('dear')).toEqual([]);
  });

  test('that is too small for any call ends the run with 402 before a call is made', async () => {
    const { status, body } = await execute({ budget_tokens: 30 });
    expect([status, body.error.code, body.status]).toEqual([402, 'BUDGET_EXHAUSTED', 'failed']);
    expect(calls()).toEqual([]);
  });
});

describe('the cache', () => {
  test('returns the answer to a repeated question without a call, reports it, and is separate for each caller', async () => {
    const message = `Go ${randomUUID()}`;
    const [first, second] = [await execute({ message, cache: 'ok' }), await execute({ message, cache: 'ok' })];
    expect(calls()).toHaveLength(1);
    expect(second.body.responses).toEqual(first.body.responses);
    expect(first.body.turns[0].cached).toBeUndefined();
    expect(second.body.turns[0]).toMatchObject({ cached: true, cost_usd: 0, model: 'dear' });
    expect((await execute({ message, cache: 'ok' }, BOB)).body.turns[0].cached).toBeUndefined();
    expect((await execute({ message })).body.turns[0].cached).toBeUndefined();
    expect(calls()).toHaveLength(3);
  });
});

test('an Idempotency-Key belongs to its caller: two callers with the same key have two runs', async () => {
  const key = { 'Idempotency-Key': 'order-1' };
  const [alice, bob, again] = [
    await execute({}, { ...ALICE, ...key }),
    await execute({}, { ...BOB, ...key }),
    await execute({}, { ...ALICE, ...key }),
  ];
  expect(bob.body.run_id).not.toBe(alice.body.run_id);
  expect(again.body.run_id).toBe(alice.body.run_id);
  expect(calls('dear')).toHaveLength(2);
});

test('a fork is paid by the caller that requests it', async () => {
  const { body } = await execute();
  const edit = { instruction: 'Once more.' };
  const reply = await post(`${stack.url}/runs/${body.run_id}/fork`, { from: 'answer', edit }, BOB);
  const forked = reply.body.run_id as string;
  await until(async () => (await readPayer(forked)) !== undefined);
  expect([await readPayer(body.run_id), await readPayer(forked)]).toEqual(['alice', 'bob']);
});

test('turns that wait for a limit occupy no worker, show that they wait, and all complete', async () => {
  stack.gateway.always('limited', { firstTokenMs: 300 });
  const body = JSON.stringify({ swarm_id: 'debate-swarm', message: 'Go', stream: true });
  const debates = await Promise.all(
    [1, 2, 3].map(() => collectSse(`${stack.url}/swarm/execute`, { method: 'POST', body, headers: ALICE })),
  );
  expect(debates.map((frames) => frames[frames.length - 1]?.event)).toEqual(Array(3).fill('run.completed'));
  const waits = debates.flatMap((frames) => has(frames, 'turn.waiting'));
  expect(waits.map(({ reason }) => reason)).toContain('RATE_LIMITED');
  const limited = calls('limited').sort((a, b) => a.at - b.at);
  limited.slice(1).forEach((call, i) => expect(call.at).toBeGreaterThanOrEqual(limited[i]?.endedAt ?? Infinity));
});

test('a storm: eight voices at a gateway that accepts two calls per second all answer, within 40 calls', async () => {
  const taken: number[] = [];
  const isTooMany = () => {
    const now = Date.now();
    const tooMany = taken.filter((at) => at > now - 1000).length >= 2;
    if (!tooMany) taken.push(now);
    return tooMany;
  };
  stack.gateway.scriptWhen(isTooMany, { status: 429, wait: { ms: 1000, as: 'retry-after' } });
  const runs = await Promise.all(Array.from({ length: 8 }, () => execute()));
  expect(runs.map(({ body }) => body.status)).toEqual(Array(8).fill('complete'));
  expect(calls().length).toBeLessThanOrEqual(40);
  expect(calls().every(({ headers }) => headers['x-stainless-retry-count'] === '0')).toBe(true);
});
