/** A reviewer's findings are requested as structured data only if the caller needs them. */
import { ApplicationFailure } from '@temporalio/client';
import type { SwarmRunInput } from '../../src/contract';
import { PLAN_CRITIC_REQUEST, STRUCTURE_REQUESTS } from '../../src/contract/prompts';
import { planText } from '../support/plan';
import { createHarness, swarmInput, type Harness } from '../support/workflows';

let harness: Harness;
beforeAll(async () => (harness = await createHarness()), 60_000);
afterAll(() => harness.stop());
beforeEach(() => {
  harness.asked.length = 0;
  harness.script = ({ turn }) => text[turn] ?? planText(turn);
});

const NOTHING = { security: [], data_integrity: [], logic_correctness: [], performance: [], usability: [] };
const FOUND = {
  ...{ verdict: 'revise', findings: { ...NOTHING, maintainability: ['No names.'] } },
  ...{ must_fix: ['Name it.'], nice_to_have: [], confidence_score: 0.8 },
};
const text: Record<string, string> = { critic: JSON.stringify(FOUND), review: 'VERDICT: REVISE' };
const turns = () => harness.asked.map(({ turn }) => turn);
const asData = (input: SwarmRunInput): SwarmRunInput => ({ ...input, reviews_as_data: true });
const oldCoding = () => {
  const given = swarmInput('coding-swarm');
  return { ...given, swarm: { ...given.swarm, pattern: 'coding' as const } };
};

test.each([
  ['build', () => swarmInput('coding-swarm'), ['draft', 'review'], 'review', STRUCTURE_REQUESTS.critic],
  ['coding', oldCoding, ['draft', 'review', 'revision'], 'review', STRUCTURE_REQUESTS.critic],
  ['strategic', () => swarmInput('strategic-swarm'), ['draft', 'critique', 'plan'], 'critique', PLAN_CRITIC_REQUEST],
])(
  '%s: the findings are requested as data after the answer, with enough tokens',
  async (_what, of, before, review, words) => {
    const { structures, answers } = await harness.run(asData(of()));
    expect(turns()).toEqual([...before, 'critic']);
    expect(structures?.critic).toEqual(FOUND);
    expect(answers).not.toContain('critic');
    const reviewer = harness.asked.find(({ turn }) => turn === review)!.role;
    const { role, messages, definition } = harness.asked.at(-1)!;
    expect(role).toBe(reviewer);
    expect(messages[0]?.parts).toEqual([expect.any(String), { turn: review }, `\n\n${words}`]);
    expect(definition.max_tokens).toBe(800);
  },
);

test.each([swarmInput('coding-swarm'), oldCoding(), swarmInput('strategic-swarm')])(
  'no call is made for findings that were not requested: $swarm.pattern',
  async (input) => {
    const { structures } = await harness.run(input);
    expect(turns()).not.toContain('critic');
    expect(structures?.critic).toBeUndefined();
  },
);

test('findings that cannot be read are requested once more, and then recorded as unread', async () => {
  harness.script = ({ turn }) => (turn.startsWith('critic') ? 'It is fine.' : planText(turn));
  const { structures, answers } = await harness.run(asData(swarmInput('coding-swarm')));
  expect(turns()).toEqual(['draft', 'review', 'critic', 'critic-repair']);
  expect(structures?.unread).toMatchObject([{ name: 'critic', turn: 'critic-repair' }]);
  expect(answers).toEqual(['draft']);
});

test('no findings are requested without a review', async () => {
  harness.script = ({ turn }) => {
    if (turn === 'review') throw ApplicationFailure.nonRetryable('gone', 'MODEL_NOT_FOUND');
    return planText(turn);
  };
  const { structures } = await harness.run(asData(swarmInput('coding-swarm')));
  expect(turns()).toEqual(['draft', 'review']);
  expect(structures?.critic).toBeUndefined();
});
