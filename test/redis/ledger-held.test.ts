/** Amounts held by other calls are not spent: a call waits for them, and its answer is shortened only for amounts spent. */
import fc from 'fast-check';
import type { RedisConnection } from '../../src/redis/connect';
import { createLedger, type Budgets, type Hold, type Ledger } from '../../src/redis/ledger';
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

const PRICE = { input: 0.001, output: 0.001 };

/** Prompt and answer have equal prices here, so that each token costs the same. */
function readHold(limits: Partial<Budgets>, more: Partial<Hold> = {}): Hold {
  const budgets = { run: {}, session: {}, account: {}, ...limits };
  return newHold({ price: PRICE, answerTokens: 200, budgets, ...more });
}

const used = (tokens: number) => ({ usd: tokens * PRICE.input, tokens, estimated: false });

/** Limits of 850 tokens or 0.85 dollars, by scope. */
const CAPS: [string, Partial<Budgets>, 'run' | 'session' | 'key'][] = [
  ['tokens of the run', { run: { tokens: 850 } }, 'run'],
  ['dollars of the run', { run: { usd: 0.8500001 } }, 'run'],
  ['tokens of the session', { session: { tokens: 850 } }, 'session'],
  ['dollars of the session', { session: { usd: 0.8500001 } }, 'session'],
  ['tokens of the key', { account: { tokens: 850 } }, 'key'],
  ['dollars of the key', { account: { usd: 0.8500001 } }, 'key'],
];

describe.each(CAPS)('a third voice near the cap of %s', (_, limits, scope) => {
  const threeVoices = () => [1, 2, 3].map(() => readHold(limits));

  it('waits while the others hold what it wants, and receives all of it when they release it', async () => {
    const payer = newPayer();
    const [first, second, third] = threeVoices() as [Hold, Hold, Hold];
    for (const one of [first, second]) {
      expect(await ledger.hold(payer, one)).toEqual({ grant: 'ok', answerTokens: 200 });
    }
    expect(await ledger.hold(payer, third)).toMatchObject({ grant: 'busy', scope });
    await ledger.settle(payer, first, used(150));
    expect(await ledger.hold(payer, third)).toEqual({ grant: 'ok', answerTokens: 200 });
  });

  it('is shortened once they have spent it', async () => {
    const payer = newPayer();
    const [first, second, third] = threeVoices() as [Hold, Hold, Hold];
    for (const one of [first, second]) await ledger.hold(payer, one);
    await ledger.settle(payer, first, used(300));
    expect(await ledger.hold(payer, third)).toMatchObject({ grant: 'busy', scope });
    await ledger.settle(payer, second, used(300));
    expect(await ledger.hold(payer, third)).toMatchObject({ grant: 'ok', answerTokens: 150, shortenedBy: { scope } });
  });

  it('is refused at once if no released hold would pay for it', async () => {
    const payer = newPayer();
    await ledger.hold(payer, readHold(limits));
    expect(await ledger.hold(payer, readHold(limits, { promptTokens: 845 }))).toMatchObject({
      grant: 'exhausted',
      scope,
    });
  });
});

it('a rounding remainder of dollar sums is not a hold', async () => {
  const payer = newPayer();
  const limits = { run: { usd: 1 } };
  const odd = [0.1, 0.2, 0.3, 0.7].map((output) =>
    readHold({}, { price: { input: output / 7, output }, answerTokens: 3 }),
  );
  for (const one of odd) await ledger.hold(payer, one);
  for (const one of odd) await ledger.release(payer, one);
  const exactly = readHold(limits, { price: { input: 0, output: 0.01 }, answerTokens: 100 });
  expect(await ledger.hold(payer, exactly)).toEqual({ grant: 'ok', answerTokens: 100 });
});

const voice = fc.record({
  prompt: fc.integer({ min: 1, max: 100 }),
  wanted: fc.integer({ min: 1, max: 300 }),
  /** Percentage of the granted tokens that the answer uses. */
  used: fc.integer({ min: 0, max: 100 }),
});

it('with any voices and limits, none waits forever, and none is shortened for amounts only held', async () => {
  const cap = fc.option(fc.integer({ min: 50, max: 2000 }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(
      fc.array(voice, { minLength: 2, maxLength: 8 }),
      fc.record({ run: cap, session: cap, account: cap }),
      async (voices, caps) => {
        const payer = newPayer();
        const limits: Budgets = {
          run: { tokens: caps.run },
          session: { tokens: caps.session },
          account: { tokens: caps.account },
        };
        const least = Math.min(...Object.values(caps).map((tokens) => tokens ?? Infinity));
        let waiting = voices.map(({ prompt, wanted, used: share }) => ({
          hold: readHold(limits, { promptTokens: prompt, answerTokens: wanted }),
          share,
        }));
        let speaking: { hold: Hold; tokens: number }[] = [];
        let spent = 0;
        while (waiting.length > 0 || speaking.length > 0) {
          const still: typeof waiting = [];
          for (const one of waiting) {
            const { promptTokens, answerTokens } = one.hold;
            const grant = await ledger.hold(payer, one.hold);
            const payable = Math.min(answerTokens, least - spent - promptTokens);
            if (grant.grant === 'ok') {
              expect(grant.answerTokens).toBe(payable);
              const tokens = promptTokens + Math.floor((grant.answerTokens * one.share) / 100);
              speaking.push({ hold: one.hold, tokens });
            } else if (grant.grant === 'busy') still.push(one);
            else expect(payable).toBeLessThan(Math.min(10, answerTokens));
          }
          // every waiter waits for a running call
          if (still.length > 0) expect(speaking.length).toBeGreaterThan(0);
          waiting = still;
          const [ended, ...others] = speaking;
          if (ended) {
            await ledger.settle(payer, ended.hold, used(ended.tokens));
            spent += ended.tokens;
          }
          speaking = others;
          expect(spent).toBeLessThanOrEqual(least);
        }
      },
    ),
    { numRuns: 60 },
  );
});
