import type { TurnRequest } from '../../src/contract';
import { planText } from '../support/plan';
import { coordinateInput, createHarness, report, type Harness } from '../support/workflows';

let harness: Harness;
beforeAll(async () => (harness = await createHarness()), 60_000);
afterAll(() => harness.stop());
beforeEach(() => {
  harness.asked.length = harness.closed.length = 0;
});

/** Reviews find faults in this many rounds, then pass. */
function withFaults(rounds: number) {
  let reviews = 0;
  harness.script = ({ turn }: TurnRequest) => {
    if (turn.endsWith('/review')) return 'VERDICT: PASS';
    if (turn.endsWith('/summary')) return ++reviews <= rounds ? 'Mend it. VERDICT: REVISE' : 'VERDICT: PASS';
    return planText(`text of ${turn}`);
  };
}

const listStages = () => [...new Set(harness.asked.map(({ turn }) => turn.split('/')[0]))];

test('plans, implements that plan, and reviews that code', async () => {
  withFaults(0);
  const result = await harness.run(coordinateInput());
  expect(result.stages?.map(({ stage, verdict }) => [stage, verdict])).toEqual([
    ['plan', undefined],
    ['implement', undefined],
    ['review', 'pass'],
  ]);
  expect(result.answers).toEqual(['plan/plan', 'implement/draft', 'review/summary']);
  const draft = harness.asked.find(({ turn }) => turn === 'implement/draft');
  expect(draft?.messages[0]?.parts).toContainEqual({ turn: 'plan/plan' });
  const voice = harness.asked.find(({ turn }) => turn === 'review/cautious');
  expect(voice?.messages[0]?.parts).toContainEqual({ turn: 'implement/draft' });
});

test('sends code with faults back to the coder, who sees the code and its review', async () => {
  withFaults(1);
  const result = await harness.run(coordinateInput());
  expect(listStages()).toEqual(['plan', 'implement', 'review', 'implement-2', 'review-2']);
  expect(result.stages?.[4]).toMatchObject({ stage: 'review-2', verdict: 'pass', round: 1 });
  const again = harness.asked.find(({ turn }) => turn === 'implement-2/draft');
  expect(again?.messages[0]?.parts).toEqual(
    expect.arrayContaining([{ turn: 'implement/draft' }, { turn: 'review/summary' }]),
  );
});

test('stops after the allowed rounds with the last verdict', async () => {
  withFaults(99);
  const result = await harness.run(coordinateInput(2));
  expect(listStages()).toHaveLength(7);
  expect(result.stages?.[6]?.verdict).toBe('revise');
});

test('all turns publish to the stream of the run that was started', async () => {
  withFaults(0);
  const input = coordinateInput();
  await harness.run(input);
  expect(new Set(harness.asked.map(({ run_id }) => run_id))).toEqual(new Set([input.run_id]));
  expect(new Set(harness.asked.map(({ team_id }) => team_id))).toEqual(
    new Set(['strategic-swarm', 'coding-swarm', 'debate-swarm']),
  );
});

test('code that fails its execution is sent back whatever the review says, and reviewers are told the result', async () => {
  withFaults(0);
  const { execution } = harness;
  harness.execution = () => report([{ name: 'fibonacci(10)', passed: false, error: 'got 54' }]);
  const result = await harness.run(coordinateInput(1));
  harness.execution = execution;
  const verdicts = result.stages?.flatMap(({ stage, verdict }) => (stage.startsWith('review') ? [verdict] : []));
  expect(verdicts).toEqual(['revise', 'revise']);
  const voice = harness.asked.find(({ turn }) => turn === 'review/cautious');
  expect(voice?.messages[0]?.parts.join('')).toContain('0 of 1 checks passed.\n- fibonacci(10): got 54');
});

test('findings of a review are not required checks of code; examples in the message are, in every stage', async () => {
  withFaults(1);
  harness.verified.length = 0;
  const message = `${'Background. '.repeat(1000)}\nf(1) gives 2`;
  await harness.run({ ...coordinateInput(), message });
  await harness.run({ ...coordinateInput(0), message: `${'x'.repeat(900_000)}\nf(1) gives 2` });
  const long = harness.verified.pop()!.request;
  expect(long.length).toBeLessThan(300_000);
  expect(long.endsWith('\nf(1) gives 2')).toBe(true);
  expect(harness.verified.map(({ turn, request }) => [turn, request])).toEqual([
    ['implement/draft', message],
    ['implement-2/draft', message],
  ]);
});
