/** A bug of ours in an activity, for example on unexpected data, fails the run at once, because a retry would fail the same way. */
import { ApplicationFailure } from '@temporalio/client';
import { createHarness, swarmInput, type Harness } from '../support/workflows';

let harness: Harness;
beforeAll(async () => (harness = await createHarness()), 60_000);
afterAll(() => harness.stop());
beforeEach(() => (harness.asked.length = 0));

test.each([TypeError, RangeError, SyntaxError, ReferenceError])('%p in a turn is not retried', async (Mistake) => {
  harness.script = () => {
    throw new Mistake('unexpected data');
  };
  const failure = await harness.run(swarmInput('strategic-swarm')).catch((error: { cause?: unknown }) => error.cause);
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure).toMatchObject({ type: 'INTERNAL', message: expect.stringContaining('unexpected data') as string });
  expect(harness.asked).toHaveLength(1);
  expect(harness.closed.at(-1)).toMatchObject({ status: 'failed', failure: { code: 'INTERNAL' } });
});

test('another error in a turn is retried', async () => {
  harness.script = ({ turn }) => {
    if (harness.asked.length < 3) throw new Error('Redis is away');
    return turn;
  };
  await harness.run(swarmInput('strategic-swarm'));
  expect(harness.asked.slice(0, 3).map(({ turn }) => turn)).toEqual(['draft', 'draft', 'draft']);
});
