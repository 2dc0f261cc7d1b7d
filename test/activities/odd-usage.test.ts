/** A gateway that reports invalid counts cannot disable budgets: missing counts are estimated, and marked as estimates. */
import { createAdmission } from '../../src/model-call/admission';
import { createChat } from '../../src/gateway/chat';
import { connectCompatible } from '../../src/gateway/adapters/compatible';
import { createPrices } from '../../src/gateway/prices';
import { createLedger } from '../../src/redis/ledger';
import { createLimiter } from '../../src/redis/limiter';
import { createTestRedis, type TestRedis } from '../support/redis';
import { createScriptedGateway, type ScriptedGateway } from '../support/scripted-gateway';
import { newRequest } from './request';

let server: TestRedis;
let gateway: ScriptedGateway;
beforeAll(async () => {
  server = await createTestRedis();
  gateway = await createScriptedGateway();
});
afterEach(() => gateway.reset());
afterAll(async () => {
  await gateway.stop();
  await server.stop();
});

const ANSWER = 'A starling watches its seven neighbours. ';
const PROMPT = 'What do starlings do? '.repeat(20);

/** Calls a model that reports this usage until the run's budget is spent, up to a maximum number of calls. */
async function spend(budget: { tokens?: number; usd?: number }, usage: string, most: number) {
  const redis = server.connect();
  const ledger = createLedger(redis, 'total');
  const limiter = createLimiter(redis, { windowMs: 60_000, patienceMs: 60_000 });
  const prices = createPrices({ m: { input: 1000, output: 1000 } });
  const reuse = { find: () => Promise.resolve(undefined), keep: () => Promise.resolve() };
  const budgets = { run: budget, session: {}, account: {} };
  const admission = createAdmission(createChat(), reuse, { limiter, ledger, prices, limits: {}, budgets });
  const candidate = { model: 'm', endpoint: connectCompatible({ baseUrl: gateway.url, apiKey: 'k' }) };
  gateway.always('m', {
    tokens: [ANSWER, ANSWER],
    usage: 'none',
    reportsCost: false,
    raw: [{ after: 1, text: `data: {"choices":[],"usage":${usage}}\n\n` }],
  });
  const request = newRequest();
  const costs = [];
  for (let number = 0; number < most; number++) {
    let text = '';
    const call = admission.execute({
      ...{ request, candidate, candidates: [candidate], epoch: 1, number, temperature: 0, maxTokens: 100 },
      messages: [{ role: 'user', content: PROMPT }],
      ...{ signal: new AbortController().signal, found: '', shown: '', answerText: () => text },
      onText: (piece) => void (text += piece),
    });
    const carried = await call.catch((error: unknown) => error);
    if (carried instanceof Error) return { calls: number, error: carried, costs };
    costs.push((carried as Awaited<typeof call>).cost);
  }
  return { calls: most, error: undefined, costs };
}

const ODD = [
  '{"prompt_tokens":10,"total_tokens":10}',
  '{"prompt_tokens":null,"completion_tokens":null}',
  '{"prompt_tokens_details":{"cached_tokens":1}}',
  '{"prompt_tokens":"20","completion_tokens":"10"}',
  '{"prompt_tokens":-100000,"completion_tokens":-5}',
  '{"prompt_tokens":1e999,"completion_tokens":1}',
  '{"prompt_tokens":0,"completion_tokens":0}',
];

it.each(ODD)('%s: the budget in tokens holds, and the cost is an estimate', async (usage) => {
  const { calls, error, costs } = await spend({ tokens: 1000 }, usage, 20);
  expect(error).toMatchObject({ code: 'BUDGET_EXHAUSTED' });
  expect(calls).toBeGreaterThan(1);
  expect(costs.every(({ estimated, tokens }) => estimated && Number.isFinite(tokens))).toBe(true);
  expect(costs.at(-1)?.tokens).toBeLessThanOrEqual(1000);
});

it.each(ODD)('%s: the budget in dollars holds', async (usage) => {
  const { calls, error, costs } = await spend({ usd: 1 }, usage, 20);
  expect(error).toMatchObject({ code: 'BUDGET_EXHAUSTED' });
  expect(calls).toBeGreaterThan(1);
  expect(costs.at(-1)?.usd).toBeGreaterThan(0.2);
  expect(costs.at(-1)?.usd).toBeLessThanOrEqual(1);
});

it('a cost reported without counts is booked as reported', async () => {
  const { costs } = await spend({}, '{"prompt_tokens":10,"cost":0.25}', 2);
  expect(costs.map(({ usd, estimated }) => [usd, estimated])).toEqual([
    [0.25, true],
    [0.5, true],
  ]);
});
