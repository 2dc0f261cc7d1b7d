/** Budgets: what is held before a call and booked after it, by run, session and account. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { RedisConnection } from '../../src/redis/connect';
import { ledgerKeys } from '../../src/redis/keys';
import {
  createLedger,
  type BudgetName,
  type Budgets,
  type Hold,
  type Ledger,
  type Payer,
} from '../../src/redis/ledger';
import { newHold, newPayer } from '../support/ledger';
import { createTestRedis, type TestRedis } from '../support/redis';

let server: TestRedis;
let redis: RedisConnection;
let ledger: Ledger;
beforeAll(async () => {
  server = await createTestRedis();
  redis = server.connect();
  ledger = createLedger(redis, 'month');
});
afterAll(() => server.stop());

const PRICE = { input: 0.001, output: 0.002 };
const budgets = (more: Partial<Budgets> = {}): Budgets => ({ run: {}, session: {}, account: {}, ...more });

/** Returns the amount held for calls in progress. */
async function heldBy({ account, runId, sessionId }: Payer): Promise<number> {
  const month = new Date().toISOString().slice(0, 7);
  const [run, session] = ledgerKeys(account, runId, sessionId, month);
  const [ofRun, ofSession] = await Promise.all([redis.hget(run, 'held_usd'), redis.hget(session, 'held_usd')]);
  expect(ofRun).toBe(ofSession);
  return Number(ofRun);
}

const exact = (usd: number, tokens: number) => ({ usd, tokens, estimated: false });

describe('a budget', () => {
  it('that pays for everything lets a call go out unchanged, and holds its possible cost', async () => {
    const payer = newPayer();
    const hold = newHold({ budgets: budgets({ run: { usd: 1 } }) });
    expect(await ledger.hold(payer, hold)).toEqual({ grant: 'ok', answerTokens: 100 });
    expect(await heldBy(payer)).toBeCloseTo(0.3, 12);
    await ledger.settle(payer, hold, exact(0.15, 125));
    expect(await heldBy(payer)).toBeCloseTo(0, 12);
    expect((await ledger.spentBy(payer)).run).toEqual({ usd: 0.15, tokens: 125, estimated: 0, unpriced: 0 });
  });

  it.each<[string, Partial<Budgets>, BudgetName]>([
    ['of dollars of the run', { run: { usd: 0.2 } }, { scope: 'run', unit: 'usd' }],
    ['of tokens of the run', { run: { tokens: 150 } }, { scope: 'run', unit: 'tokens' }],
    ['of dollars of the session', { session: { usd: 0.2 } }, { scope: 'session', unit: 'usd' }],
    ['of tokens of the account', { account: { tokens: 150 } }, { scope: 'key', unit: 'tokens' }],
    [
      'of the least of several',
      { run: { usd: 9 }, session: { tokens: 150 }, account: { usd: 5 } },
      { scope: 'session', unit: 'tokens' },
    ],
  ])('%s that pays for a part shortens the answer, and says which', async (_, limits, shortenedBy) => {
    expect(await ledger.hold(newPayer(), newHold({ budgets: budgets(limits) }))).toEqual({
      grant: 'ok',
      answerTokens: 50,
      shortenedBy,
    });
  });

  it.each<[string, Partial<Budgets>, object]>([
    ['dollars of the run', { run: { usd: 0.11 } }, { scope: 'run', unit: 'usd' }],
    ['dollars for the prompt', { run: { usd: 0.01 } }, { scope: 'run', unit: 'usd' }],
    ['tokens of the session', { session: { tokens: 105 } }, { scope: 'session', unit: 'tokens' }],
    ['dollars of the key', { account: { usd: 0.11 } }, { scope: 'key', unit: 'usd' }],
  ])('that has too few %s refuses, and says which', async (_, limits, which) => {
    const payer = newPayer();
    expect(await ledger.hold(payer, newHold({ budgets: budgets(limits) }))).toEqual({ grant: 'exhausted', ...which });
    expect(await heldBy(payer)).toBe(0);
  });

  it('in dollars refuses a model without a known price; one in tokens does not', async () => {
    const unknown = { price: undefined };
    expect(await ledger.hold(newPayer(), newHold({ ...unknown, budgets: budgets({ run: { usd: 5 } }) }))).toEqual({
      grant: 'unpriced',
    });
    const inTokens = newHold({ ...unknown, budgets: budgets({ run: { tokens: 500 } }) });
    expect(await ledger.hold(newPayer(), inTokens)).toMatchObject({ grant: 'ok' });
  });

  it('of a session is shared by all its runs, and that of an account by all its sessions', async () => {
    const payer = newPayer();
    const limits = budgets({ session: { usd: 0.35 }, account: { usd: 0.65 } });
    await ledger.hold(payer, newHold({ budgets: limits }));
    const sibling = { ...payer, runId: `run-${randomUUID()}` };
    expect(await ledger.hold(sibling, newHold({ budgets: limits }))).toMatchObject({ grant: 'busy', scope: 'session' });
    const stranger = { ...sibling, sessionId: `session-${randomUUID()}` };
    expect(await ledger.hold(stranger, newHold({ budgets: limits }))).toMatchObject({ grant: 'ok' });
    const another = { ...stranger, sessionId: `session-${randomUUID()}` };
    expect(await ledger.hold(another, newHold({ budgets: limits }))).toMatchObject({ grant: 'busy', scope: 'key' });
  });
});

describe('a budget that other calls hold', () => {
  it('is waited for: unused amounts are released', async () => {
    const payer = newPayer();
    const limits = budgets({ run: { usd: 0.35 } });
    const first = newHold({ budgets: limits });
    await ledger.hold(payer, first);
    const second = newHold({ budgets: limits });
    expect(await ledger.hold(payer, second)).toMatchObject({ grant: 'busy', scope: 'run' });
    await ledger.settle(payer, first, exact(0.1, 100));
    expect(await ledger.hold(payer, second)).toMatchObject({ grant: 'ok' });
  });

  it('is not waited for if it would not pay in either case', async () => {
    const payer = newPayer();
    const limits = budgets({ run: { tokens: 250 } });
    await ledger.hold(payer, newHold({ budgets: limits }));
    const large = newHold({ budgets: limits, promptTokens: 245 });
    expect(await ledger.hold(payer, large)).toMatchObject({ grant: 'exhausted', unit: 'tokens' });
  });
});

describe('a call', () => {
  it('is booked once, however often its end is reported', async () => {
    const payer = newPayer();
    const hold = newHold();
    await ledger.hold(payer, hold);
    for (let i = 0; i < 3; i++) {
      expect(await ledger.settle(payer, hold, exact(0.15, 125))).toMatchObject({ usd: 0.15, tokens: 125 });
    }
    expect((await ledger.spentBy(payer)).account).toMatchObject({ usd: 0.15, tokens: 125 });
  });

  it('without known usage is booked by its prompt and the received text, as an estimate', async () => {
    const payer = newPayer();
    const hold = newHold({ receivedTokens: 7 });
    await ledger.hold(payer, hold);
    const spent = await ledger.settle(payer, hold, { receivedTokens: 27 });
    expect(spent).toMatchObject({ tokens: 120, estimated: 1 });
    expect(spent.usd).toBeCloseTo(0.1 + 0.04, 12);
  });

  it('that continues after we disconnect is booked in full', async () => {
    const payer = newPayer();
    const hold = newHold({ runsOn: true });
    await ledger.hold(payer, hold);
    const spent = await ledger.settle(payer, hold, { receivedTokens: 5 });
    expect(spent).toMatchObject({ tokens: 200, estimated: 1 });
    expect(spent.usd).toBeCloseTo(0.3, 12);
  });

  it('that was booked by estimate is corrected once its cost becomes known', async () => {
    const payer = newPayer();
    const hold = newHold();
    await ledger.hold(payer, hold);
    await ledger.settle(payer, hold, { receivedTokens: 20 });
    for (let i = 0; i < 2; i++) await ledger.settle(payer, hold, exact(0.111, 105));
    expect((await ledger.spentBy(payer)).run).toEqual({ usd: 0.111, tokens: 105, estimated: 0, unpriced: 0 });
  });

  it('that was booked as known does not become an estimate again', async () => {
    const payer = newPayer();
    const hold = newHold();
    await ledger.hold(payer, hold);
    await ledger.settle(payer, hold, exact(0.15, 125));
    expect(await ledger.settle(payer, hold, { receivedTokens: 90 })).toMatchObject({ usd: 0.15, estimated: 0 });
  });

  it('that was never made releases its hold', async () => {
    const payer = newPayer();
    const hold = newHold();
    await ledger.hold(payer, hold);
    await ledger.release(payer, hold);
    await ledger.release(payer, hold);
    expect(await heldBy(payer)).toBeCloseTo(0, 12);
    expect((await ledger.spentBy(payer)).run).toMatchObject({ usd: 0, tokens: 0 });
  });

  it('without a price counts its tokens, and reports that its dollars are unknown', async () => {
    const payer = newPayer();
    const hold = newHold({ price: undefined });
    await ledger.hold(payer, hold);
    expect(await ledger.settle(payer, hold, { usd: undefined, tokens: 130, estimated: false })).toEqual({
      usd: 0,
      tokens: 130,
      estimated: 0,
      unpriced: 1,
    });
  });
});

describe('a worker that dies during a call', () => {
  it('leaves its hold to the next attempt, which books it by the received text', async () => {
    const payer = newPayer();
    const dead = newHold();
    await ledger.hold(payer, dead);
    const next = newHold({ turn: dead.turn, call: `${dead.turn}|2|0`, foundTokens: 30 });
    await ledger.hold(payer, next);
    const spent = await ledger.settle(payer, next, exact(0.2, 150));
    expect(spent).toMatchObject({ tokens: 130 + 150, estimated: 1 });
    expect(spent.usd).toBeCloseTo(0.1 + 0.06 + 0.2, 12);
    expect(await heldBy(payer)).toBeCloseTo(0, 12);
  });
});

describe('a call that died with its worker, of a turn that is not continued', () => {
  it('is returned, and booked once by the received text, however often that is requested', async () => {
    const payer = newPayer();
    const dead = newHold({ receivedTokens: 5 });
    await ledger.hold(payer, dead);
    expect(await ledger.heldTurns(payer)).toEqual([dead.turn]);
    for (let i = 0; i < 3; i++) {
      expect(await ledger.abandon(payer, dead.turn, 35)).toEqual({ call: dead.call, model: 'gateway/model' });
    }
    expect(await heldBy(payer)).toBeCloseTo(0, 12);
    expect(await ledger.heldTurns(payer)).toEqual([]);
    expect((await ledger.spentBy(payer)).run).toMatchObject({ tokens: 130, estimated: 1 });
  });

  it('is corrected by its own report if it is alive after all', async () => {
    const payer = newPayer();
    const hold = newHold();
    await ledger.hold(payer, hold);
    await ledger.abandon(payer, hold.turn, 30);
    await ledger.settle(payer, hold, exact(0.15, 125));
    expect(await ledger.abandon(payer, hold.turn, 30)).toBeUndefined();
    expect((await ledger.spentBy(payer)).run).toEqual({ usd: 0.15, tokens: 125, estimated: 0, unpriced: 0 });
  });

  it('is not searched for if the calls have ended', async () => {
    const payer = newPayer();
    const [ended, withdrawn] = [newHold(), newHold()];
    for (const hold of [ended, withdrawn]) await ledger.hold(payer, hold);
    await ledger.settle(payer, ended, exact(0.15, 125));
    await ledger.release(payer, withdrawn);
    expect(await ledger.heldTurns(payer)).toEqual([]);
    expect(await ledger.abandon(payer, withdrawn.turn, 30)).toBeUndefined();
    expect((await ledger.spentBy(payer)).run).toMatchObject({ usd: 0.15, tokens: 125 });
  });
});

describe('a call that is no longer renewed', () => {
  const leaseMs = 200;
  const someoneCalls = (payer: Payer) => ledger.hold({ ...payer, runId: `run-${randomUUID()}` }, newHold());
  const bookedFor = async (payer: Payer) => (await ledger.spentBy(payer)).run;
  let strict: Ledger;
  beforeAll(() => void (strict = createLedger(redis, 'month', leaseMs)));

  /** A call whose worker died long enough ago. */
  async function lapse(payer: Payer, more: Partial<Hold> = {}): Promise<Hold> {
    const hold = newHold(more);
    await strict.hold(payer, hold);
    await sleep(leaseMs + 50);
    await someoneCalls(payer);
    return hold;
  }

  it('is booked in full, and holds nothing back', async () => {
    const payer = newPayer();
    await lapse(payer);
    const { usd, ...rest } = await bookedFor(payer);
    expect(usd).toBeCloseTo(0.3, 12);
    expect(rest).toEqual({ tokens: 200, estimated: 1, unpriced: 0 });
    expect(Number(await redis.hget(ledgerKeys(payer.account, payer.runId, payer.sessionId, '')[0], 'held_usd'))).toBe(
      0,
    );
  });

  it('keeps its hold while its worker renews it', async () => {
    const payer = newPayer();
    const hold = newHold();
    await strict.hold(payer, hold);
    for (let i = 0; i < 4; i++) {
      await sleep(leaseMs / 2);
      await strict.renew(payer, hold);
    }
    await someoneCalls(payer);
    expect(await bookedFor(payer)).toMatchObject({ tokens: 0 });
    expect(await ledger.heldTurns(payer)).toEqual([hold.turn]);
  });

  it.each<[string, (payer: Payer, hold: Hold) => Promise<unknown>, object]>([
    ['its own report', (payer, hold) => ledger.settle(payer, hold, exact(0.15, 125)), { tokens: 125, estimated: 0 }],
    ['the next attempt', nextAttempt, { tokens: 130, estimated: 1 }],
    ['the end of its run', (payer, hold) => ledger.abandon(payer, hold.turn, 30), { tokens: 130, estimated: 1 }],
  ])('is corrected by %s', async (_whose, correct, expected) => {
    for (const price of [PRICE, undefined]) {
      const payer = newPayer();
      const hold = await lapse(payer, { price });
      expect(await ledger.heldTurns(payer)).toEqual([hold.turn]);
      await correct(payer, hold);
      const { usd, unpriced, ...rest } = await bookedFor(payer);
      expect(rest).toEqual(expected);
      expect(usd).toBeLessThan(0.2);
      expect(unpriced).toBe(price || !('estimated' in expected && expected.estimated) ? 0 : 1);
      expect(await ledger.heldTurns(payer)).toEqual([]);
    }
  });

  async function nextAttempt(payer: Payer, hold: Hold): Promise<void> {
    const next = { ...hold, call: `${hold.turn}|2|0`, foundTokens: 30 };
    await ledger.hold(payer, next);
    await ledger.release(payer, next);
  }

  it('is not forgotten before the sums that include it', async () => {
    const payer = newPayer();
    await ledger.hold(payer, newHold());
    const [run, session, account, ...records] = ledgerKeys(payer.account, payer.runId, payer.sessionId, 'x');
    const month = account.replace(/x$/, new Date().toISOString().slice(0, 7));
    const livesFor = (keys: string[]) => Promise.all(keys.map((key) => redis.ttl(key)));
    const sums = await livesFor([run, session, month]);
    expect(Math.min(...(await livesFor(records)))).toBeGreaterThanOrEqual(Math.max(...sums));
  });
});

describe('a key that a gateway has rejected', () => {
  it('is not tried again by the other turns of the run, but by other runs', async () => {
    const payer = newPayer();
    await ledger.refuseGateway(payer, 'gateway', 'The key is wrong.');
    expect(await ledger.hold(payer, newHold())).toEqual({ grant: 'refused', words: 'The key is wrong.' });
    expect(await ledger.hold(payer, newHold({ gateway: 'another' }))).toMatchObject({ grant: 'ok' });
    expect(await ledger.hold({ ...payer, runId: 'another' }, newHold())).toMatchObject({ grant: 'ok' });
  });
});

describe('any events in any order', () => {
  const amount = fc.integer({ min: 0, max: 100 });
  const call = fc.record({
    prompt: fc.integer({ min: 1, max: 100 }),
    wanted: fc.integer({ min: 1, max: 200 }),
    /** Percentage of the granted tokens that the answer uses. */
    used: amount,
    end: fc.constantFrom('settled', 'twice', 'unknown', 'corrected', 'crashed', 'abandoned', 'withdrawn'),
  });
  const priced = fc.record({
    input: fc.double({ min: 1e-9, max: 0.01, noNaN: true }),
    output: fc.double({ min: 0, max: 0.03, noNaN: true }),
  });

  it('twenty concurrent calls never exceed a budget, and the ledger is exact to the last digit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(call, { minLength: 20, maxLength: 20 }),
        fc.array(priced, { minLength: 1, maxLength: 4 }),
        fc.double({ min: 0.05, max: 5, noNaN: true }),
        fc.scheduler(),
        async (calls, prices, usd, scheduler) => {
          const payer = newPayer();
          const limits = budgets({ run: { usd } });
          let booked = 0;
          const spentAndHeld = async () => (await ledger.spentBy(payer)).run.usd + (await heldBy(payer));
          const make = async ({ prompt, wanted, used, end }: (typeof calls)[number], i: number) => {
            const price = prices[i % prices.length]!;
            const hold = newHold({
              turn: `turn-${i}`,
              call: `turn-${i}|1`,
              price,
              promptTokens: prompt,
              answerTokens: wanted,
              leastTokens: 1,
              budgets: limits,
            });
            const grant = await ledger.hold(payer, hold);
            if (grant.grant !== 'ok') return;
            expect(await spentAndHeld()).toBeLessThanOrEqual(usd + 1e-9);
            const out = Math.floor((grant.answerTokens * used) / 100);
            const cost = prompt * price.input + out * price.output;
            const charge = exact(cost, prompt + out);
            await scheduler.schedule(Promise.resolve());
            if (end === 'withdrawn') return ledger.release(payer, hold);
            booked += cost;
            if (end === 'crashed') {
              const next = { ...hold, call: `turn-${i}|2`, foundTokens: out };
              const again = await ledger.hold(payer, next);
              if (again.grant === 'ok') await ledger.release(payer, next);
              return;
            }
            if (end === 'abandoned') return ledger.abandon(payer, hold.turn, out);
            if (end === 'unknown' || end === 'corrected') await ledger.settle(payer, hold, { receivedTokens: out });
            if (end !== 'unknown') await ledger.settle(payer, hold, charge);
            if (end === 'twice') await ledger.settle(payer, hold, charge);
          };
          const all = Promise.all(calls.map(make));
          await scheduler.waitFor(all);
          const { run, session, account } = await ledger.spentBy(payer);
          expect(run.usd).toBeCloseTo(booked, 9);
          expect([session.usd, account.usd]).toEqual([run.usd, run.usd]);
          expect(await heldBy(payer)).toBeCloseTo(0, 9);
          expect(run.usd).toBeLessThanOrEqual(usd + 1e-9);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('the calls of a run', () => {
  const within = (calls: number, more: Partial<Hold> = {}) =>
    newHold({ budgets: budgets({ run: { calls } }), ...more });
  const EXHAUSTED = { grant: 'exhausted', scope: 'run', unit: 'calls' };

  it('end at the limit, whichever turns make them; another run has its own', async () => {
    const payer = newPayer();
    for (const _ of [1, 2, 3]) expect((await ledger.hold(payer, within(3))).grant).toBe('ok');
    expect(await ledger.hold(payer, within(3))).toEqual(EXHAUSTED);
    expect((await ledger.hold({ ...payer, runId: `run-${randomUUID()}` }, within(3))).grant).toBe('ok');
  });

  it('include a broken call, and that of a dead attempt', async () => {
    const payer = newPayer();
    const turn = `turn-${randomUUID()}`;
    await ledger.hold(payer, within(2, { turn }));
    const next = within(2, { turn, call: `${turn}|2|0` });
    expect((await ledger.hold(payer, next)).grant).toBe('ok');
    await ledger.settle(payer, next, { receivedTokens: 0 });
    expect(await ledger.hold(payer, within(2))).toEqual(EXHAUSTED);
  });

  it('exclude one that was not made, or that the gateway rejected, or that is held again', async () => {
    const payer = newPayer();
    const [released, refused, made] = [within(1), within(1), within(1)];
    await ledger.hold(payer, released);
    await ledger.release(payer, released);
    await ledger.release(payer, released);
    await ledger.hold(payer, refused);
    await ledger.settle(payer, refused, exact(0, 0));
    await ledger.settle(payer, refused, exact(0, 0));
    expect((await ledger.hold(payer, made)).grant).toBe('ok');
    expect((await ledger.hold(payer, made)).grant).toBe('ok');
    expect(await ledger.hold(payer, within(1))).toEqual(EXHAUSTED);
  });
});
