/** The order in which a turn tries its models, and model prices. */
import { restoreOrder, orderByWeight, orderByFirstToken, nameCandidate } from '../../src/gateway/model-order';
import { computeCost, createPrices } from '../../src/gateway/prices';
import type { Candidate } from '../../src/gateway/model-fallback';
import { connectLocal } from '../../src/gateway/adapters/local';
import { endpointAt } from '../support/endpoints';

const endpoint = endpointAt('http://gateway.test/v1');
const candidate = (model: string, more: Partial<Candidate> = {}): Candidate => ({ endpoint, model, ...more });
const [a, b, c] = [candidate('a'), candidate('b'), candidate('c')];
const cheap = candidate('cheap', { isBudgetModel: true });
const listModels = (candidates: Candidate[]) => candidates.map(({ model }) => model);

describe('by weight', () => {
  const draw = (candidates: Candidate[], times = 4000) =>
    Array.from({ length: times }, (_, i) => orderByWeight(candidates, `run-${i}`)[0]?.model);
  const share = (drawn: (string | undefined)[], model: string) =>
    drawn.filter((one) => one === model).length / drawn.length;

  it('each model comes first as often as its weight says', () => {
    const drawn = draw([candidate('a', { weight: 7 }), candidate('b', { weight: 2 }), candidate('c', { weight: 1 })]);
    expect(share(drawn, 'a')).toBeCloseTo(0.7, 1);
    expect(share(drawn, 'b')).toBeCloseTo(0.2, 1);
    expect(share(drawn, 'c')).toBeCloseTo(0.1, 1);
  });

  it('all attempts of a turn draw the same order, with all models', () => {
    const order = listModels(orderByWeight([a, b, c], 'run-1'));
    expect(listModels(orderByWeight([a, b, c], 'run-1'))).toEqual(order);
    expect([...order].sort()).toEqual(['a', 'b', 'c']);
  });

  it('the budget model stays last', () => {
    expect(new Set(draw([a, b, cheap], 50))).not.toContain('cheap');
  });
});

describe('by speed', () => {
  it('unmeasured models come first, then the fastest', () => {
    expect(listModels(orderByFirstToken([a, b, c], [300, 20, 100]))).toEqual(['b', 'c', 'a']);
    expect(listModels(orderByFirstToken([a, b, c, cheap], [300, 20, null, 1]))).toEqual(['c', 'b', 'a', 'cheap']);
  });

  it('equal models stay in configured order', () => {
    expect(listModels(orderByFirstToken([a, b, c], [null, null, null]))).toEqual(['a', 'b', 'c']);
  });
});

it('a stored order is kept although configuration has changed', () => {
  expect(listModels(restoreOrder([a, b, c], [nameCandidate(c), 'openrouter/gone', nameCandidate(a)]))).toEqual([
    'c',
    'a',
    'b',
  ]);
});

describe('prices', () => {
  it('are configured per million tokens, for a model or for a model at one gateway', () => {
    const prices = createPrices({ a: { input: 1, output: 2 }, [nameCandidate(b)]: { input: 3, output: 4 } });
    expect(computeCost(prices.of(a)!, 10, 5)).toBeCloseTo(0.00002, 12);
    expect(prices.of(b)).toEqual({ input: 3e-6, output: 4e-6 });
  });

  it('are learnt from the gateway if none is configured', () => {
    const prices = createPrices({ a: { input: 1, output: 2 } });
    for (const model of ['a', 'b']) prices.learn('openrouter', model, { input: 9, output: 9 });
    expect([prices.of(a)?.input, prices.of(b)?.input]).toEqual([1e-6, 9]);
    expect(prices.of(c)).toBeUndefined();
  });

  it('are zero if the model runs locally', () => {
    const here = { endpoint: connectLocal({ baseUrl: 'http://127.0.0.1:1/v1' }), model: 'a' };
    expect(createPrices({}).of(here)).toEqual({ input: 0, output: 0 });
  });
});
