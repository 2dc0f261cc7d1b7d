/** The usage of a run is the sum of its turns; its cost is unknown if that of any turn is unknown. */
import type { TurnResult } from '../../src/contract';
import { spentBy, sumTotals } from '../../src/events/totals';
import { PLACE } from '../support/events';

function turnWith(more: Partial<TurnResult>): TurnResult {
  return {
    turn: 'draft',
    role: 'coder',
    label: 'Coder',
    place: PLACE,
    model: 'one',
    gateway: 'openrouter',
    text: 'Hi',
    finish_reason: 'stop',
    truncated: false,
    usage: { prompt_tokens: 10, completion_tokens: 5 },
    cost_usd: 0.25,
    duration_ms: 10,
    first_token_ms: 1,
    attempts: 1,
    ...more,
  };
}

it('is zero without turns', () => {
  expect(sumTotals({ turns: [] })).toEqual({
    turns: 0,
    usage: { prompt_tokens: 0, completion_tokens: 0 },
    cost_usd: 0,
  });
});

it('sums tokens and cost', () => {
  const turns = [turnWith({}), turnWith({ usage: { prompt_tokens: 1, completion_tokens: 2 }, cost_usd: 0.5 })];
  expect(sumTotals({ turns })).toEqual({
    turns: 2,
    usage: { prompt_tokens: 11, completion_tokens: 7 },
    cost_usd: 0.75,
  });
});

it.each([0, 1, 2])('has no cost if that of turn %i is unknown, and still sums the tokens', (unknown) => {
  const turns = [0, 1, 2].map((i) => turnWith(i === unknown ? { cost_usd: null } : {}));
  expect(sumTotals({ turns })).toMatchObject({ turns: 3, usage: { prompt_tokens: 30 }, cost_usd: null });
});

it('distinguishes zero cost from an unknown one', () => {
  expect(sumTotals({ turns: [turnWith({ cost_usd: 0 })] }).cost_usd).toBe(0);
});

it('is an estimate as soon as one turn is', () => {
  const estimated = turnWith({ usage: { prompt_tokens: 1, completion_tokens: 1, estimated: true } });
  expect(sumTotals({ turns: [turnWith({}), estimated, turnWith({})] }).usage.estimated).toBe(true);
  expect(sumTotals({ turns: [turnWith({})] }).usage).not.toHaveProperty('estimated');
});

it('does not modify the turns', () => {
  const turn = Object.freeze(turnWith({ usage: Object.freeze({ prompt_tokens: 10, completion_tokens: 5 }) }));
  expect(() => sumTotals({ turns: [turn, turn] })).not.toThrow();
});

it('includes the usage of turns without an answer, but does not count those turns', () => {
  const unfinished = [
    { turn: 'lost', usage: { prompt_tokens: 3, completion_tokens: 1, estimated: true }, cost_usd: 0.5 },
  ];
  expect(sumTotals({ turns: [turnWith({})], unfinished })).toEqual({
    turns: 1,
    usage: { prompt_tokens: 13, completion_tokens: 6, estimated: true },
    cost_usd: 0.75,
  });
  const unknown = [{ turn: 'lost', usage: { prompt_tokens: 3, completion_tokens: 1 }, cost_usd: null }];
  expect(sumTotals({ turns: [turnWith({})], unfinished: unknown }).cost_usd).toBeNull();
});

describe('the usage of a run for budgets', () => {
  it('is what was booked for its calls, including those of turns without an answer', () => {
    const turns = [turnWith({ booked_tokens: 40 }), turnWith({ booked_tokens: 0, cost_usd: 0 })];
    const unfinished = [
      { turn: 'plan', usage: { prompt_tokens: 3, completion_tokens: 4, estimated: true }, cost_usd: 0.1 },
    ];
    expect(spentBy({ turns, unfinished })).toEqual({ usd: 0.35, tokens: 47, calls: 2 });
  });

  it('for turns of earlier versions is the known usage, without estimates of a whole text', () => {
    const usage = { prompt_tokens: 10, completion_tokens: 5 };
    const turns = [turnWith({ usage, cost_usd: null }), turnWith({ usage: { ...usage, estimated: true } })];
    expect(spentBy({ turns })).toEqual({ usd: 0.25, tokens: 15, calls: 1 });
  });
});
