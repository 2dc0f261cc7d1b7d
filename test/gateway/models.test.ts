/** What gateways report besides answers: models and prices, the credit of a key, and the cost of a broken call. */
import { fetchGenerationCost } from '../../src/gateway/generation-cost';
import { checkModels } from '../../src/gateway/models';
import { createPrices } from '../../src/gateway/prices';
import { probe } from '../../src/gateway/probe';
import type { Candidate, Routes } from '../../src/gateway/model-fallback';
import { ALIASES } from '../../src/contract/names';
import { endpointAt, hear } from '../support/endpoints';
import { createScriptedGateway, type ScriptedGateway } from '../support/scripted-gateway';

let gateway: ScriptedGateway;
beforeAll(async () => {
  gateway = await createScriptedGateway({
    models: { m: { prompt: 0.000001, completion: 0.000002 } },
    generationDelayMs: 300,
  });
});
afterEach(() => gateway.reset());
afterAll(() => gateway.stop());

const routesTo = (candidates: Candidate[]) =>
  Object.fromEntries(ALIASES.map((alias) => [alias, alias === 'fast' ? candidates : []])) as unknown as Routes;

async function check(models: string[]) {
  const endpoint = endpointAt(gateway.url);
  const prices = createPrices({});
  const candidates = models.map((model) => ({ endpoint, model }));
  return { prices, candidates, warnings: await checkModels([endpoint], routesTo(candidates), prices) };
}

describe('the models of a gateway', () => {
  it('that are configured and listed cause no warning, and have their prices learnt', async () => {
    const { warnings, prices, candidates } = await check(['m']);
    expect(warnings).toEqual([]);
    expect(prices.of(candidates[0]!)).toEqual({ input: 0.000001, output: 0.000002 });
  });

  it('that are configured and not listed are reported, with the variable', async () => {
    const { warnings } = await check(['m', 'retired']);
    expect(warnings).toEqual([expect.stringMatching(/"retired" \(MODEL_FAST\)/)]);
  });

  it('that will be removed are reported with the day', async () => {
    gateway.scriptPath('/v1/models', { body: { data: [{ id: 'm', expiration_date: '2027-01-05' }] } });
    expect((await check(['m'])).warnings).toEqual([expect.stringContaining('2027-01-05')]);
  });

  it.each<[string, Parameters<ScriptedGateway['scriptPath']>[1]]>([
    ['an empty list', { body: { data: [] } }],
    ['an error', { status: 500 }],
    ['a page', { body: '<html></html>' }],
  ])('cannot be compared with %s', async (_, reply) => {
    gateway.scriptPath('/v1/models', reply);
    expect((await check(['m', 'retired'])).warnings).toEqual([]);
  });
});

describe('the probe of a key', () => {
  it('reports used up credit', async () => {
    gateway.scriptPath('/v1/key', { body: { data: { limit: 5, limit_remaining: 0 } } });
    const { ok, problem } = await probe(endpointAt(gateway.url));
    expect([ok, problem]).toEqual([false, expect.stringContaining('OPENROUTER_API_KEY')]);
  });

  it('accepts a key without a limit', async () => {
    expect(await probe(endpointAt(gateway.url))).toMatchObject({ ok: true });
  });
});

describe('the cost of a broken call', () => {
  it('is read by its generation id, once the gateway has it', async () => {
    gateway.script('m', [{ tokens: ['a ', 'b ', 'c '], fault: { kind: 'cut', at: 2 } }]);
    let id = '';
    const endpoint = endpointAt(gateway.url);
    await hear(endpoint, { onGeneration: (known) => (id = known) });
    const [call] = gateway.calls('m');
    expect(id).toBe(call?.id);
    const cost = await fetchGenerationCost(endpoint, id);
    expect(cost?.usd).toBeCloseTo(call?.costUsd ?? NaN, 12);
    expect(cost?.tokens).toBe((call?.usage?.promptTokens ?? 0) + 2);
  });

  it('is not requested if the gateway does not report it', async () => {
    expect(await fetchGenerationCost(endpointAt(gateway.url, { generationPath: null }), 'x')).toBeUndefined();
    expect(gateway.requests).toEqual([]);
  });
});
