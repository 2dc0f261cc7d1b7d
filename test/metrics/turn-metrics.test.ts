/** What is counted of turns: answers that were cut off by what did it, and each turn without an answer under one code. */
import { createTurnMetrics } from '../../src/metrics/turn-metrics';
import type { RunEvent } from '../../src/contract';
import { TURN_EVENTS } from './events';

const completed = (more: object) => ({ ...TURN_EVENTS.completed, ...more }) as RunEvent;

test('answers that were cut off are counted, those by a budget apart', async () => {
  const { count, registry } = createTurnMetrics();
  count(completed({ truncated: false }), undefined);
  count(completed({ truncated: true, finish_reason: 'length' }), undefined);
  count(completed({ truncated: true, finish_reason: 'length', shortened_by: 'BUDGET_RUN_USD' }), undefined);
  count(completed({ truncated: true, reused_from: 'run-0' }), undefined);
  const metric = await registry.getSingleMetric('murmuration_turns_truncated_total')!.get();
  expect(metric.values.map(({ labels, value }) => [labels.by, value])).toEqual([
    ['limit', 1],
    ['budget', 1],
  ]);
});

test('a late voice is counted under the code that its run gives it', async () => {
  const { count, registry } = createTurnMetrics();
  count({ ...TURN_EVENTS.failed, code: 'CUT_OFF' } as RunEvent, 'a-model');
  const metric = await registry.getSingleMetric('murmuration_turn_failures_total')!.get();
  expect(metric.values).toMatchObject([{ labels: { code: 'CUT_OFF' }, value: 1 }]);
});
