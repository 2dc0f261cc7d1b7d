/** Invalid amounts never reach the ledger or the window of a limit, and data corrupted by an earlier version works again. */
import { randomUUID } from 'node:crypto';
import type { RedisConnection } from '../../src/redis/connect';
import { ledgerKeys, modelKeys } from '../../src/redis/keys';
import { createLedger, type Hold, type Ledger } from '../../src/redis/ledger';
import { createLimiter } from '../../src/redis/limiter';
import { newHold, newPayer } from '../support/ledger';
import { createTestRedis, type TestRedis } from '../support/redis';

let server: TestRedis;
let redis: RedisConnection;
let ledger: Ledger;
beforeAll(async () => {
  server = await createTestRedis();
  redis = server.connect();
  ledger = createLedger(redis, 'total');
});
afterAll(() => server.stop());

const BUDGETS = { run: { tokens: 1000, usd: 1 }, session: {}, account: {} };
const readHold = (more: Partial<Hold> = {}) => newHold({ budgets: BUDGETS, ...more });

const NO_AMOUNTS = [NaN, -1, Infinity, -Infinity, '1e999', 'nan', '-nan', 'inf', 'ten', '0x', '10,5'] as number[];

describe('the ledger rejects', () => {
  it.each(NO_AMOUNTS)('settling %p tokens, and keeps the hold and the amount spent', async (tokens) => {
    const payer = newPayer();
    const hold = readHold();
    await ledger.hold(payer, hold);
    await expect(ledger.settle(payer, hold, { usd: 0.1, tokens, estimated: false })).rejects.toThrow(/AMOUNT/);
    await expect(ledger.settle(payer, hold, { usd: tokens, tokens: 10, estimated: false })).rejects.toThrow(/AMOUNT/);
    await expect(ledger.settle(payer, hold, { receivedTokens: tokens })).rejects.toThrow(/AMOUNT/);
    expect((await ledger.spentBy(payer)).run).toEqual({ usd: 0, tokens: 0, estimated: 0, unpriced: 0 });
    await ledger.settle(payer, hold, { usd: 0.1, tokens: 10, estimated: false });
    expect((await ledger.spentBy(payer)).run).toMatchObject({ usd: 0.1, tokens: 10 });
  });

  it.each(NO_AMOUNTS)('holding %p tokens', async (promptTokens) => {
    const payer = newPayer();
    await expect(ledger.hold(payer, readHold({ promptTokens }))).rejects.toThrow(/AMOUNT/);
    expect(await redis.exists(...ledgerKeys(payer.account, payer.runId, payer.sessionId, 'total'))).toBe(0);
  });

  it('a negative price', async () => {
    await expect(ledger.hold(newPayer(), readHold({ price: { input: -1, output: 0 } }))).rejects.toThrow(/AMOUNT/);
  });
});

test('a ledger of an earlier version with an invalid number enforces budgets again', async () => {
  const payer = newPayer();
  const [run] = ledgerKeys(payer.account, payer.runId, payer.sessionId, 'total');
  await redis.hset(run, { tokens: '-nan', usd: 'nan', held_tokens: 'inf', held_usd: '-inf' });
  expect((await ledger.spentBy(payer)).run).toMatchObject({ usd: 0, tokens: 0 });
  const hold = readHold();
  expect(await ledger.hold(payer, hold)).toEqual({ grant: 'ok', answerTokens: 100 });
  await ledger.settle(payer, hold, { usd: 0.2, tokens: 950, estimated: false });
  expect(await ledger.hold(payer, readHold())).toMatchObject({ grant: 'exhausted' });
});

describe('tokens per minute', () => {
  const limits = { tokens: 1000 };
  const readLimiter = () => createLimiter(redis, { windowMs: 60_000, patienceMs: 60_000 });

  function newAsk(model: string, tokens: number) {
    const turn = `turn-${randomUUID()}`;
    return { model, turn, call: `${turn}|1`, tenant: 'anyone', session: 's', tokens, limits };
  }

  it.each([NaN, -5, Infinity, '1e999' as never])('keep the estimate if a call reports %p', async (used) => {
    const limiter = readLimiter();
    const model = `gateway/${randomUUID()}`;
    const first = newAsk(model, 600);
    expect(await limiter.admit(first)).toEqual({ verdict: 'ok' });
    await limiter.report(first, { outcome: 'ok', firstTokenMs: 1 }, 1, used);
    expect(await limiter.admit(newAsk(model, 600))).toMatchObject({ verdict: 'wait', why: 'tokens' });
  });

  it('are limited again if an earlier version stored an invalid number', async () => {
    const limiter = readLimiter();
    const model = `gateway/${randomUUID()}`;
    await redis.hset(modelKeys(model)[0], { used: '-nan' });
    expect(await limiter.admit(newAsk(model, 600))).toEqual({ verdict: 'ok' });
    expect(await limiter.admit(newAsk(model, 600))).toMatchObject({ verdict: 'wait', why: 'tokens' });
  });
});
