import type { TurnRequest } from '../../src/contract';
import { planText } from '../support/plan';
import { coordinateInput, createTheatre, report, type Theatre } from '../support/workflows';

let theatre: Theatre;
beforeAll(async () => (theatre = await createTheatre()), 60_000);
afterAll(() => theatre.stop());
beforeEach(() => {
  theatre.asked.length = theatre.closed.length = 0;
});

/** Reviews find faults so many times, then pass. */
function withFaults(rounds: number) {
  let reviews = 0;
  theatre.script = ({ turn }: TurnRequest) => {
    if (turn.endsWith('/review')) return 'VERDICT: PASS';
    if (turn.endsWith('/summary')) return ++reviews <= rounds ? 'Mend it. VERDICT: REVISE' : 'VERDICT: PASS';
    return planText(`text of ${turn}`);
  };
}

const stagesOf = () => [...new Set(theatre.asked.map(({ turn }) => turn.split('/')[0]))];

test('plans, implements that plan, and reviews that code', async () => {
  withFaults(0);
  const result = await theatre.run(coordinateInput());
  expect(result.stages?.map(({ stage, verdict }) => [stage, verdict])).toEqual([
    ['plan', undefined],
    ['implement', undefined],
    ['review', 'pass'],
  ]);
  expect(result.answers).toEqual(['plan/plan', 'implement/draft', 'review/summary']);
  const draft = theatre.asked.find(({ turn }) => turn === 'implement/draft');
  expect(draft?.messages[0]?.parts).toContainEqual({ turn: 'plan/plan' });
  const voice = theatre.asked.find(({ turn }) => turn === 'review/cautious');
  expect(voice?.messages[0]?.parts).toContainEqual({ turn: 'implement/draft' });
});

test('sends code with faults back to the coder, who sees the code and its review', async () => {
  withFaults(1);
  const result = await theatre.run(coordinateInput());
  expect(stagesOf()).toEqual(['plan', 'implement', 'review', 'implement-2', 'review-2']);
  expect(result.stages?.[4]).toMatchObject({ stage: 'review-2', verdict: 'pass', round: 1 });
  const again = theatre.asked.find(({ turn }) => turn === 'implement-2/draft');
  expect(again?.messages[0]?.parts).toEqual(
    expect.arrayContaining([{ turn: 'implement/draft' }, { turn: 'review/summary' }]),
  );
});

test('stops after the rounds that were allowed, with the last verdict as it is', async () => {
  withFaults(99);
  const result = await theatre.run(coordinateInput(2));
  expect(stagesOf()).toHaveLength(7);
  expect(result.stages?.[6]?.verdict).toBe('revise');
});

test('all turns speak into the stream of the run that was started', async () => {
  withFaults(0);
  const input = coordinateInput();
  await theatre.run(input);
  expect(new Set(theatre.asked.map(({ run_id }) => run_id))).toEqual(new Set([input.run_id]));
  expect(new Set(theatre.asked.map(({ team_id }) => team_id))).toEqual(
    new Set(['strategic-swarm', 'coding-swarm', 'debate-swarm']),
  );
});

test('code that fails when it is executed is sent back, whatever its reviewers say, and they are told what happened', async () => {
  withFaults(0);
  const { execution } = theatre;
  theatre.execution = () => report([{ name: 'fibonacci(10)', passed: false, error: 'got 54' }]);
  const result = await theatre.run(coordinateInput(1));
  theatre.execution = execution;
  const verdicts = result.stages?.flatMap(({ stage, verdict }) => (stage.startsWith('review') ? [verdict] : []));
  expect(verdicts).toEqual(['revise', 'revise']);
  const voice = theatre.asked.find(({ turn }) => turn === 'review/cautious');
  expect(voice?.messages[0]?.parts.join('')).toContain('0 of 1 checks passed.\n- fibonacci(10): got 54');
}, 30_000);

test('what a review has found is no demand on code, and what the message says stays one in every stage', async () => {
  withFaults(1);
  theatre.verified.length = 0;
  const message = `${'Background. '.repeat(1000)}\nf(1) gives 2`;
  await theatre.run({ ...coordinateInput(), message });
  await theatre.run({ ...coordinateInput(0), message: `${'x'.repeat(900_000)}\nf(1) gives 2` });
  const long = theatre.verified.pop()!.request;
  expect(long.length).toBeLessThan(300_000);
  expect(long.endsWith('\nf(1) gives 2')).toBe(true);
  expect(theatre.verified.map(({ turn, request }) => [turn, request])).toEqual([
    ['implement/draft', message],
    ['implement-2/draft', message],
  ]);
});
