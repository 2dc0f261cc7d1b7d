/** What a run has used is the sum of its turns, and is unknown where a part of it is. */
import type { TurnResult } from '../../src/contract';
import { totalsOf } from '../../src/contract/totals';

function turnWith(more: Partial<TurnResult>): TurnResult {
  return {
    turn: 'draft',
    role: 'coder',
    label: 'Coder',
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

it('is nothing, and costs nothing, without turns', () => {
  expect(totalsOf({ turns: [] })).toEqual({ turns: 0, usage: { prompt_tokens: 0, completion_tokens: 0 }, cost_usd: 0 });
});

it('adds up tokens and cost', () => {
  const turns = [turnWith({}), turnWith({ usage: { prompt_tokens: 1, completion_tokens: 2 }, cost_usd: 0.5 })];
  expect(totalsOf({ turns })).toEqual({ turns: 2, usage: { prompt_tokens: 11, completion_tokens: 7 }, cost_usd: 0.75 });
});

it.each([0, 1, 2])('has no cost when that of turn %i is unknown, and still adds up the tokens', (unknown) => {
  const turns = [0, 1, 2].map((i) => turnWith(i === unknown ? { cost_usd: null } : {}));
  expect(totalsOf({ turns })).toMatchObject({ turns: 3, usage: { prompt_tokens: 30 }, cost_usd: null });
});

it('knows a cost of nothing from an unknown one', () => {
  expect(totalsOf({ turns: [turnWith({ cost_usd: 0 })] }).cost_usd).toBe(0);
});

it('is an estimate as soon as one turn is', () => {
  const estimated = turnWith({ usage: { prompt_tokens: 1, completion_tokens: 1, estimated: true } });
  expect(totalsOf({ turns: [turnWith({}), estimated, turnWith({})] }).usage.estimated).toBe(true);
  expect(totalsOf({ turns: [turnWith({})] }).usage).not.toHaveProperty('estimated');
});

it('leaves the turns as they are', () => {
  const turn = Object.freeze(turnWith({ usage: Object.freeze({ prompt_tokens: 10, completion_tokens: 5 }) }));
  expect(() => totalsOf({ turns: [turn, turn] })).not.toThrow();
});

it('counts what turns without an answer have used, but not those turns', () => {
  const unfinished = [
    { turn: 'lost', usage: { prompt_tokens: 3, completion_tokens: 1, estimated: true }, cost_usd: 0.5 },
  ];
  expect(totalsOf({ turns: [turnWith({})], unfinished })).toEqual({
    turns: 1,
    usage: { prompt_tokens: 13, completion_tokens: 6, estimated: true },
    cost_usd: 0.75,
  });
  const unknown = [{ turn: 'lost', usage: { prompt_tokens: 3, completion_tokens: 1 }, cost_usd: null }];
  expect(totalsOf({ turns: [turnWith({})], unfinished: unknown }).cost_usd).toBeNull();
});
