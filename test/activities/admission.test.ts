/** What a running call reserves, over a real Redis: a slot of the model, and the money that it may cost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createAdmission } from '../../src/model-call/admission';
import type { Chat, ChatResult } from '../../src/gateway/chat';
import { connectCompatible } from '../../src/gateway/adapters/compatible';
import { createPrices } from '../../src/gateway/prices';
import { CALL_RENEWAL_MS } from '../../src/redis/limiter';
import { createLedger, type Budgets } from '../../src/redis/ledger';
import { createLimiter } from '../../src/redis/limiter';
import { createTestRedis, type TestRedis } from '../support/redis';
import { newRequest } from './request';

let server: TestRedis;
beforeAll(async () => {
  server = await createTestRedis();
});
afterAll(() => server.stop());

const LEASE_MS = 500;
const REPLY: ChatResult = {
  ...{ model: 'm', finishReason: 'stop', usage: { prompt_tokens: 10, completion_tokens: 5 }, costUsd: null },
  ...{ generationId: undefined, firstTokenMs: 1, gatewayOption: undefined },
};

function createPlace(chat: Chat, budgets: Budgets = { run: {}, session: {}, account: {} }) {
  const redis = server.connect();
  const limiter = createLimiter(redis, { windowMs: 1000, patienceMs: 1000, leaseMs: LEASE_MS });
  const ledger = createLedger(redis, 'month', LEASE_MS);
  const reuse = { find: () => Promise.resolve(undefined), keep: () => Promise.resolve() };
  const limits = { '*': { concurrency: 1, inputWeight: 1, outputWeight: 1 } };
  const admission = createAdmission(chat, reuse, { limiter, ledger, prices: createPrices({}), limits, budgets });
  const model = `model-${Math.random()}`;
  const candidate = { model, endpoint: connectCompatible({ baseUrl: 'http://127.0.0.1:1', apiKey: 'k' }) };
  const call = (request = newRequest()) =>
    admission.execute({
      ...{ request, candidate, candidates: [candidate], epoch: 1, number: 0, messages: [], temperature: 0 },
      ...{ maxTokens: 100, signal: new AbortController().signal, found: '', shown: '', answerText: () => '' },
      onText: () => undefined,
    });
  return { call, ledger };
}

test('a call that takes longer than its lease keeps its slot and its hold until it ends', async () => {
  const renewals = jest.spyOn(globalThis, 'setInterval');
  let speak = () => {};
  const spoken = new Promise<void>((resolve) => (speak = resolve));
  const { call, ledger } = createPlace(() => spoken.then(() => REPLY));
  const request = newRequest();
  const payer = { account: 'anyone', runId: request.run_id, sessionId: request.session_id };
  const long = call(request);
  while (renewals.mock.calls.length === 0) await sleep(10);
  const [renew, everyMs] = renewals.mock.calls[0]!;
  renewals.mockRestore();
  expect(everyMs).toBe(CALL_RENEWAL_MS);
  for (let i = 0; i < 4; i++) {
    await sleep(LEASE_MS / 2);
    renew();
  }
  await expect(call()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  expect((await ledger.spentBy(payer)).run.tokens).toBe(0);
  speak();
  expect((await long).cost).toMatchObject({ tokens: 15, estimated: false });
});

test('the slot of a call whose worker has died becomes free for other calls, whatever happens to its turn', async () => {
  const silenced = jest.spyOn(globalThis, 'setInterval').mockReturnValue(undefined as never);
  let calls = 0;
  const { call } = createPlace(() => (calls++ === 0 ? new Promise(() => undefined) : Promise.resolve(REPLY)));
  void call();
  while (calls === 0) await sleep(10);
  silenced.mockRestore();
  const request = newRequest();
  await expect(call(request)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  await sleep(LEASE_MS + 100);
  expect((await call(request)).reply).toEqual(REPLY);
});

describe('an answer that a budget has shortened', () => {
  const budgets = { run: { tokens: 70 }, session: {}, account: {} };
  const answer = (more: Partial<ChatResult>) => createPlace(() => Promise.resolve({ ...REPLY, ...more }), budgets);

  test('names the budget if it was cut off there', async () => {
    const { shortenedBy } = await answer({ finishReason: 'length' }).call();
    expect(shortenedBy).toBe('BUDGET_RUN_TOKENS');
    const own = newRequest({ options: { budget_tokens: 68 } });
    expect((await answer({ finishReason: 'length' }).call(own)).shortenedBy).toBe('budget_tokens of the request');
  });

  test('does not name it if the answer ended before', async () => {
    expect((await answer({ finishReason: 'stop' }).call()).shortenedBy).toBeUndefined();
  });

  test('does not name a token limit of the request', async () => {
    const { call } = createPlace(() => Promise.resolve({ ...REPLY, finishReason: 'length' }));
    expect((await call()).shortenedBy).toBeUndefined();
  });
});
