/** Usage of turns without an answer is counted exactly once in the run's usage, whatever happens next. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { sumTotals } from '../../src/events/totals';
import type { SwarmResult } from '../../src/contract';
import { until } from '../support/stack';
import { createHarness, multiInput, swarmInput, type Harness } from '../support/workflows';

let harness: Harness;
beforeAll(async () => (harness = await createHarness()), 60_000);
afterAll(() => harness.stop());
beforeEach(() => void (harness.asked.length = harness.closed.length = 0));

const EXPENSE = { usage: { prompt_tokens: 100, completion_tokens: 20, estimated: true }, cost_usd: 0.5 };
const SAID = 'POSITION: for, CONFIDENCE: 80\nYes.';

/** Turns of this name fail after they have used tokens. */
function failing(name: string): void {
  harness.script = ({ turn }) => {
    if (turn.includes(name)) throw ApplicationFailure.nonRetryable('is gone', 'MODEL_NOT_FOUND', EXPENSE);
    return SAID;
  };
}
const closed = () => sumTotals(harness.closed[0]?.result ?? { turns: [] });

test('a debate that continues without a voice counts its usage', async () => {
  failing('optimistic');
  const result = await harness.run(swarmInput('debate-swarm'));
  expect(result.unfinished).toEqual([{ turn: 'optimistic', ...EXPENSE }]);
  expect(sumTotals(result).cost_usd).toBeCloseTo(0.5 + 0.001 * result.turns.length, 9);
  expect(closed()).toEqual(sumTotals(result));
});

test('a run that the turn ends has its usage in the totals', async () => {
  failing('plan');
  const failure = await harness.run(swarmInput('strategic-swarm')).catch((error: unknown) => error);
  const [result] = (failure as { cause: { details: [SwarmResult] } }).cause.details;
  expect(result.unfinished).toEqual([{ turn: 'plan', ...EXPENSE }]);
  expect(closed()).toMatchObject({ turns: 2, usage: { prompt_tokens: 120, completion_tokens: 30 } });
});

test('a run that continues without a failed stage counts its usage', async () => {
  failing('strategic-swarm/plan');
  const result = await harness.run(multiInput(['strategic-swarm', 'coding-swarm'], 'sequential'));
  expect(result.unfinished).toEqual([{ turn: 'strategic-swarm/plan', ...EXPENSE }]);
  expect(closed()).toEqual(sumTotals(result));
});

/** Turns that run until they are cancelled; then they report their usage, or do what `end` does. */
function endless(end: () => string): void {
  harness.script = async () => {
    const beating = setInterval(() => Context.current().heartbeat(), 100);
    await Context.current().cancelled.catch(() => clearInterval(beating));
    return end();
  };
}
const speaking = (count: number) => until(() => harness.asked.length === count);

test('the workflow waits for the voices of a cancelled run, and counts their usage in its totals', async () => {
  endless(() => {
    throw new CancelledFailure('stopped', [EXPENSE]);
  });
  const handle = await harness.start(swarmInput('debate-swarm'));
  await speaking(3);
  await handle.cancel();
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  expect(harness.closed[0]?.status).toBe('cancelled');
  expect(closed()).toMatchObject({ turns: 0, usage: { prompt_tokens: 300, completion_tokens: 60 }, cost_usd: 1.5 });
});

test('a turn that finishes while its run is cancelled counts, and no further turn begins', async () => {
  endless(() => SAID);
  const handle = await harness.start(swarmInput('strategic-swarm'));
  await speaking(1);
  await handle.cancel();
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  expect(harness.closed[0]).toMatchObject({ status: 'cancelled', result: { turns: [{ text: SAID }], failures: [] } });
  expect(harness.asked).toHaveLength(1);
});

test('the workflow waits only a few seconds for a turn that does not receive its cancellation', async () => {
  let letGo = () => {};
  const deaf = new Promise<string>((resolve) => (letGo = () => resolve(SAID)));
  harness.script = () => deaf;
  const handle = await harness.start(swarmInput('strategic-swarm'));
  await speaking(1);
  const at = Date.now();
  await handle.cancel();
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  expect(Date.now() - at).toBeLessThan(9000);
  expect(harness.closed[0]).toMatchObject({ status: 'cancelled', result: { turns: [] } });
  letGo();
});

test('the usage of a turn that was interrupted for guidance counts in its run', async () => {
  endless(() => {
    harness.script = () => SAID;
    throw new CancelledFailure('stopped', [EXPENSE]);
  });
  const handle = await harness.start(swarmInput('strategic-swarm'));
  await speaking(1);
  await handle.executeUpdate('message', { args: [{ content: 'Mind the otters.', interrupt: true }] });
  const result = (await handle.result()) as SwarmResult;
  expect(result.unfinished).toEqual([{ turn: 'draft', ...EXPENSE }]);
  expect(result.failures).toMatchObject([{ turn: 'draft', code: 'INTERRUPTED' }]);
});

test('it counts towards the next cost approval', async () => {
  failing('optimistic');
  const input = { ...swarmInput('debate-swarm'), gates: { approve_above_usd: 0.1 } };
  const handle = await harness.start(input);
  await until(() =>
    harness.announced.some(({ payload }) => payload.type === 'gate.opened' && payload.gate === 'cost-1'),
  );
  await handle.cancel();
  await handle.result().catch(() => undefined);
});

const spentBefore = () => harness.asked.map(({ turn, spent }) => [turn, spent?.tokens ?? 0, spent?.calls ?? 0]);

test('each turn receives the usage of the run before it, including turns without an answer', async () => {
  harness.script = ({ turn }) => {
    if (turn === 'critique') throw ApplicationFailure.nonRetryable('is gone', 'MODEL_NOT_FOUND', EXPENSE);
    return SAID;
  };
  await harness.run(swarmInput('strategic-swarm')).catch(() => undefined);
  const [first, second, third] = spentBefore();
  expect([first, second]).toEqual([
    ['draft', 0, 0],
    ['critique', 15, 1],
  ]);
  if (third) expect(third.slice(1)).toEqual([135, 2]);
});

test('the usage of a stage is passed to the next one, and is in the memo of the run', async () => {
  harness.script = () => SAID;
  const input = multiInput(['strategic-swarm', 'strategic-swarm'], 'sequential');
  const { turns } = await harness.run(input);
  expect(spentBefore().map(([, tokens]) => tokens)).toEqual(turns.map((_turn, i) => 15 * i));
  const { memo } = await harness.handle(input.run_id).describe();
  expect(memo?.spent).toMatchObject({ tokens: 15 * turns.length });
});
