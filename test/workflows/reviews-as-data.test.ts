/** What a reviewer found, asked for as data by those who read it so, and by nobody else. */
import { ApplicationFailure } from '@temporalio/client';
import type { SwarmRunInput } from '../../src/contract';
import { PLAN_CRITIC_REQUEST, STRUCTURE_REQUESTS } from '../../src/contract/prompts';
import { planText } from '../support/plan';
import { createTheatre, swarmInput, type Theatre } from '../support/workflows';

let theatre: Theatre;
beforeAll(async () => (theatre = await createTheatre()), 60_000);
afterAll(() => theatre.stop());
beforeEach(() => {
  theatre.asked.length = 0;
  theatre.script = ({ turn }) => said[turn] ?? planText(turn);
});

const NOTHING = { security: [], data_integrity: [], logic_correctness: [], performance: [], usability: [] };
const FOUND = {
  ...{ verdict: 'revise', findings: { ...NOTHING, maintainability: ['No names.'] } },
  ...{ must_fix: ['Name it.'], nice_to_have: [], confidence_score: 0.8 },
};
const said: Record<string, string> = { critic: JSON.stringify(FOUND), review: 'VERDICT: REVISE' };
const turns = () => theatre.asked.map(({ turn }) => turn);
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
  '%s: the review is asked for as data after the answer, with room for it',
  async (_what, of, before, review, words) => {
    const { structures, answers } = await theatre.run(asData(of()));
    expect(turns()).toEqual([...before, 'critic']);
    expect(structures?.critic).toEqual(FOUND);
    expect(answers).not.toContain('critic');
    const reviewer = theatre.asked.find(({ turn }) => turn === review)!.role;
    const { role, messages, definition } = theatre.asked.at(-1)!;
    expect(role).toBe(reviewer);
    expect(messages[0]?.parts).toEqual([expect.any(String), { turn: review }, `\n\n${words}`]);
    expect(definition.max_tokens).toBe(800);
  },
);

test.each([swarmInput('coding-swarm'), oldCoding(), swarmInput('strategic-swarm')])(
  'nobody else pays for it: $swarm.pattern',
  async (input) => {
    const { structures } = await theatre.run(input);
    expect(turns()).not.toContain('critic');
    expect(structures?.critic).toBeUndefined();
  },
);

test('one that cannot be read is asked for once more, and then named', async () => {
  theatre.script = ({ turn }) => (turn.startsWith('critic') ? 'It is fine.' : planText(turn));
  const { structures, answers } = await theatre.run(asData(swarmInput('coding-swarm')));
  expect(turns()).toEqual(['draft', 'review', 'critic', 'critic-repair']);
  expect(structures?.unread).toMatchObject([{ name: 'critic', turn: 'critic-repair' }]);
  expect(answers).toEqual(['draft']);
});

test('a review that was not held is not asked for', async () => {
  theatre.script = ({ turn }) => {
    if (turn === 'review') throw ApplicationFailure.nonRetryable('gone', 'MODEL_NOT_FOUND');
    return planText(turn);
  };
  const { structures } = await theatre.run(asData(swarmInput('coding-swarm')));
  expect(turns()).toEqual(['draft', 'review']);
  expect(structures?.critic).toBeUndefined();
});
