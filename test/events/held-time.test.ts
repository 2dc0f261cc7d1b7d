/** How long people have held a run. */
import { emptySnapshot } from '../../src/events/fold';
import { measureHeldMs } from '../../src/events/held-time';

const gate = (opened_at: number, resolved_at?: number) => ({
  gate: 'plan',
  question: 'Approve this plan?',
  about: 'plan',
  opened_at,
  status: resolved_at === undefined ? ('open' as const) : ('approved' as const),
  ...(resolved_at === undefined ? {} : { resolved_at }),
});

test('gates and pauses count once where they overlap, and until now or the end of the run where they last', () => {
  const run = {
    ...emptySnapshot(),
    gates: [gate(100, 200), gate(500)],
    holds: [
      { from: 150, to: 250 },
      { from: 600, to: 700 },
    ],
  };
  expect(measureHeldMs(run, 1000)).toBe(150 + 500);
  expect(measureHeldMs({ ...run, ended_at: 800 }, 1000)).toBe(150 + 300);
  expect(measureHeldMs(emptySnapshot(), 1000)).toBe(0);
});
