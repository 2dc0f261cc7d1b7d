/** What turns without an answer have used is part of what the run has used, once, however the run goes on. */
import { ApplicationFailure } from '@temporalio/common';
import { totalsOf } from '../../src/contract/totals';
import type { SwarmResult } from '../../src/contract';
import { createTheatre, multiInput, swarmInput, type Theatre } from '../support/workflows';

let theatre: Theatre;
beforeAll(async () => (theatre = await createTheatre()), 60_000);
afterAll(() => theatre.stop());
beforeEach(() => void (theatre.asked.length = theatre.closed.length = 0));

const EXPENSE = { usage: { prompt_tokens: 100, completion_tokens: 20, estimated: true }, cost_usd: 0.5 };
const SAID = 'POSITION: for, CONFIDENCE: 80\nYes.';

/** Turns of this name end without an answer, after they have used something. */
function failing(name: string): void {
  theatre.script = ({ turn }) => {
    if (turn.includes(name)) throw ApplicationFailure.nonRetryable('is gone', 'MODEL_NOT_FOUND', EXPENSE);
    return SAID;
  };
}
const closed = () => totalsOf(theatre.closed[0]?.result ?? { turns: [] });

test('a debate that goes on without a voice has paid for it', async () => {
  failing('optimistic');
  const result = await theatre.run(swarmInput('debate-swarm'));
  expect(result.unfinished).toEqual([{ turn: 'optimistic', ...EXPENSE }]);
  expect(totalsOf(result).cost_usd).toBeCloseTo(0.5 + 0.001 * result.turns.length, 9);
  expect(closed()).toEqual(totalsOf(result));
});

test('a run that ends with the turn has it in its totals', async () => {
  failing('plan');
  const failure = await theatre.run(swarmInput('strategic-swarm')).catch((error: unknown) => error);
  const [result] = (failure as { cause: { details: [SwarmResult] } }).cause.details;
  expect(result.unfinished).toEqual([{ turn: 'plan', ...EXPENSE }]);
  expect(closed()).toMatchObject({ turns: 2, usage: { prompt_tokens: 120, completion_tokens: 30 } });
});

test('a stage that failed is paid for by the run that goes on without it', async () => {
  failing('strategic-swarm/plan');
  const result = await theatre.run(multiInput(['strategic-swarm', 'coding-swarm'], 'sequential'));
  expect(result.unfinished).toEqual([{ turn: 'strategic-swarm/plan', ...EXPENSE }]);
  expect(closed()).toEqual(totalsOf(result));
});

test('it counts for the next approval of cost', async () => {
  failing('optimistic');
  const input = { ...swarmInput('debate-swarm'), gates: { approve_above_usd: 0.1 } };
  const handle = await theatre.start(input);
  await handle
    .executeUpdate('approve', { args: [{ gate: undefined, reason: '' }], updateId: 'none' })
    .catch(() => undefined);
  await handle.cancel();
  await handle.result().catch(() => undefined);
  expect(theatre.announced.some(({ news }) => news.type === 'gate.opened' && news.gate === 'cost-1')).toBe(true);
});
