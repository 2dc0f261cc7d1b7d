/** What turns without an answer have used is part of what the run has used, once, however the run goes on. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { totalsOf } from '../../src/contract/totals';
import type { SwarmResult } from '../../src/contract';
import { until } from '../support/stack';
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

/** Turns that speak until they are stopped; then they tell what they have used, or `end` as they like. */
function endless(end: () => string): void {
  theatre.script = async () => {
    const beating = setInterval(() => Context.current().heartbeat(), 100);
    await Context.current().cancelled.catch(() => clearInterval(beating));
    return end();
  };
}
const speaking = (count: number) => until(() => theatre.asked.length === count);

test('what the voices of a cancelled run had used is in its totals: they are heard out', async () => {
  endless(() => {
    throw new CancelledFailure('stopped', [EXPENSE]);
  });
  const handle = await theatre.start(swarmInput('debate-swarm'));
  await speaking(3);
  await handle.cancel();
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  expect(theatre.closed[0]?.status).toBe('cancelled');
  expect(closed()).toMatchObject({ turns: 0, usage: { prompt_tokens: 300, completion_tokens: 60 }, cost_usd: 1.5 });
});

test('a turn that comes to its end while its run is cancelled counts, and nothing follows from it', async () => {
  endless(() => SAID);
  const handle = await theatre.start(swarmInput('strategic-swarm'));
  await speaking(1);
  await handle.cancel();
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  expect(theatre.closed[0]).toMatchObject({ status: 'cancelled', result: { turns: [{ text: SAID }], failures: [] } });
  expect(theatre.asked).toHaveLength(1);
});

test('a turn that does not hear of its end is not waited for longer than some seconds', async () => {
  let letGo = () => {};
  const deaf = new Promise<string>((resolve) => (letGo = () => resolve(SAID)));
  theatre.script = () => deaf;
  const handle = await theatre.start(swarmInput('strategic-swarm'));
  await speaking(1);
  const at = Date.now();
  await handle.cancel();
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  expect(Date.now() - at).toBeLessThan(9000);
  expect(theatre.closed[0]).toMatchObject({ status: 'cancelled', result: { turns: [] } });
  letGo();
});

test('a turn that was stopped for new guidance is paid for by the run that begins it again', async () => {
  endless(() => {
    theatre.script = () => SAID;
    throw new CancelledFailure('stopped', [EXPENSE]);
  });
  const handle = await theatre.start(swarmInput('strategic-swarm'));
  await speaking(1);
  await handle.executeUpdate('message', { args: [{ content: 'Mind the otters.', interrupt: true }] });
  const result = (await handle.result()) as SwarmResult;
  expect(result.unfinished).toEqual([{ turn: 'draft', ...EXPENSE }]);
  expect(result.failures).toMatchObject([{ turn: 'draft', code: 'INTERRUPTED' }]);
});

test('it counts for the next approval of cost', async () => {
  failing('optimistic');
  const input = { ...swarmInput('debate-swarm'), gates: { approve_above_usd: 0.1 } };
  const handle = await theatre.start(input);
  await until(() => theatre.announced.some(({ news }) => news.type === 'gate.opened' && news.gate === 'cost-1'));
  await handle.cancel();
  await handle.result().catch(() => undefined);
});
