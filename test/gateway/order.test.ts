/** In which order a turn tries its models, and what they cost. */
import { asNoted, byLot, byPace, nameOf } from '../../src/gateway/order';
import { costOf, createPrices } from '../../src/gateway/prices';
import type { Candidate } from '../../src/gateway/route';
import { local } from '../../src/gateway/endpoints/local';
import { endpointAt } from '../support/endpoints';

const endpoint = endpointAt('http://gateway.test/v1');
const candidate = (model: string, more: Partial<Candidate> = {}): Candidate => ({ endpoint, model, ...more });
const [a, b, c] = [candidate('a'), candidate('b'), candidate('c')];
const cheap = candidate('cheap', { economy: true });
const modelsOf = (candidates: Candidate[]) => candidates.map(({ model }) => model);

describe('by lot', () => {
  const draw = (candidates: Candidate[], times = 4000) =>
    Array.from({ length: times }, (_, i) => byLot(candidates, `run-${i}`)[0]?.model);
  const share = (drawn: (string | undefined)[], model: string) =>
    drawn.filter((one) => one === model).length / drawn.length;

  it('each model comes first as often as its weight says', () => {
    const drawn = draw([candidate('a', { weight: 7 }), candidate('b', { weight: 2 }), candidate('c', { weight: 1 })]);
    expect(share(drawn, 'a')).toBeCloseTo(0.7, 1);
    expect(share(drawn, 'b')).toBeCloseTo(0.2, 1);
    expect(share(drawn, 'c')).toBeCloseTo(0.1, 1);
  });

  it('all attempts of a turn draw the same, and none is left out', () => {
    const order = modelsOf(byLot([a, b, c], 'run-1'));
    expect(modelsOf(byLot([a, b, c], 'run-1'))).toEqual(order);
    expect([...order].sort()).toEqual(['a', 'b', 'c']);
  });

  it('the economy model stays last', () => {
    expect(new Set(draw([a, b, cheap], 50))).not.toContain('cheap');
  });
});

describe('by pace', () => {
  it('the fastest comes first, and one that nobody has measured before it', () => {
    expect(modelsOf(byPace([a, b, c], [300, 20, 100]))).toEqual(['b', 'c', 'a']);
    expect(modelsOf(byPace([a, b, c, cheap], [300, 20, null, 1]))).toEqual(['c', 'b', 'a', 'cheap']);
  });

  it('equals stay in the configured order', () => {
    expect(modelsOf(byPace([a, b, c], [null, null, null]))).toEqual(['a', 'b', 'c']);
  });
});

it('a noted order holds though configuration has changed', () => {
  expect(modelsOf(asNoted([a, b, c], [nameOf(c), 'openrouter/gone', nameOf(a)]))).toEqual(['c', 'a', 'b']);
});

describe('prices', () => {
  it('are configured per million tokens, for a model or for a model at one gateway', () => {
    const prices = createPrices({ a: { input: 1, output: 2 }, [nameOf(b)]: { input: 3, output: 4 } });
    expect(costOf(prices.of(a)!, 10, 5)).toBeCloseTo(0.00002, 12);
    expect(prices.of(b)).toEqual({ input: 3e-6, output: 4e-6 });
  });

  it('are learnt from the gateway where none is configured', () => {
    const prices = createPrices({ a: { input: 1, output: 2 } });
    for (const model of ['a', 'b']) prices.learn('openrouter', model, { input: 9, output: 9 });
    expect([prices.of(a)?.input, prices.of(b)?.input]).toEqual([1e-6, 9]);
    expect(prices.of(c)).toBeUndefined();
  });

  it('are nothing where the model runs here', () => {
    const here = { endpoint: local({ baseUrl: 'http://127.0.0.1:1/v1' }), model: 'a' };
    expect(createPrices({}).of(here)).toEqual({ input: 0, output: 0 });
  });
});
